"""The proxy that stands in for Toxiproxy, driven by a client of Toxiproxy's that nobody here wrote."""

import contextlib
import json
import os
import socket
import subprocess
import threading

import pytest
from toxiproxy import Toxiproxy
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists


@pytest.fixture(scope="module")
def client():
    program = subprocess.Popen(
        [os.path.join(os.environ["CONTRACT_BIN"], "mock-gateways"), "toxiproxy", "--port", "0"], stdout=subprocess.PIPE
    )
    client = Toxiproxy()
    client.update_api_consumer("127.0.0.1", json.loads(program.stdout.readline())["port"])
    yield client
    program.terminate()
    assert program.wait(timeout=10) == 0


@pytest.fixture(scope="module")
def echo():
    """The address of a server that sends back what it gets."""

    def serve(connection):
        with connection, contextlib.suppress(ConnectionResetError):
            while data := connection.recv(65536):
                connection.sendall(data)

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=[connection], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy(client, echo):
    proxy = client.create(upstream=echo, name="echo")
    yield proxy
    client.destroy_all()


def said(proxy, text=b"hello"):
    """What comes back; nothing when the connection is closed instead."""
    host, _, port = proxy.listen.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(text)
        received = b""
        while len(received) < len(text) and (part := connection.recv(65536)):
            received += part
        return received


def test_a_proxy_is_made_shown_and_destroyed(client, proxy):
    assert said(proxy) == b"hello"
    assert client.get_proxy("echo").listen == proxy.listen
    assert client.destroy(proxy)
    assert client.get_proxy("echo") is None
    with pytest.raises(ConnectionRefusedError):
        said(proxy)


def test_a_name_is_free_once(client, proxy, echo):
    with pytest.raises(ProxyExists):
        client.create(upstream=echo, name="echo")
    proxy.add_toxic(type="latency")
    with pytest.raises(ProxyExists):
        proxy.add_toxic(type="latency")


def test_populating_twice_changes_nothing(client, proxy, echo):
    other = {"name": "other", "upstream": echo, "listen": "127.0.0.1:0"}
    assert [made.name for made in client.populate([other])] == ["other"]
    listen = client.get_proxy("other").listen
    assert client.populate([other | {"listen": listen}]) == []
    assert client.get_proxy("other").listen == listen


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("latency", {"latency": 5, "jitter": 1}), ("bandwidth", {"rate": 100}), ("slow_close", {"delay": 5}),
        ("slicer", {"average_size": 2, "size_variation": 1, "delay": 10}), ("limit_data", {"bytes": 100}),
    ],
)  # fmt: skip
def test_a_gentle_toxic_is_shown_as_it_was_made_and_lets_through(proxy, kind, stream, attributes):
    proxy.add_toxic(type=kind, stream=stream, toxicity=0.5, attributes=attributes)
    toxic = proxy.get_toxic(f"{kind}_{stream}")
    assert (toxic.type, toxic.stream, toxic.toxicity, toxic.attributes) == (kind, stream, 0.5, attributes)
    assert said(proxy) == b"hello"
    assert proxy.destroy_toxic(toxic.name)
    assert proxy.toxics() == {}


@pytest.mark.parametrize(
    ("kind", "stream", "attributes", "received"),
    [
        ("timeout", "upstream", {"timeout": 20}, [b""]), ("timeout", "downstream", {"timeout": 20}, [b""]),
        # Upstream the server has the first bytes; its answer comes back or finds the connection closed.
        ("limit_data", "upstream", {"bytes": 2}, [b"", b"he"]), ("limit_data", "downstream", {"bytes": 2}, [b"he"]),
    ],
)  # fmt: skip
def test_a_harsh_toxic_ends_the_connection(proxy, kind, stream, attributes, received):
    proxy.add_toxic(type=kind, stream=stream, attributes=attributes)
    assert said(proxy) in received


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
def test_a_reset_is_one(proxy, stream):
    proxy.add_toxic(type="reset_peer", stream=stream, attributes={"timeout": 10})
    with pytest.raises(ConnectionResetError):
        said(proxy)


def test_down_is_down_and_reset_mends_everything(client, proxy):
    proxy.add_toxic(type="limit_data", attributes={"bytes": 0})
    with proxy.down(), pytest.raises(ConnectionRefusedError):
        said(proxy)
    assert said(proxy) == b""
    proxy.disable()
    assert client.reset()
    assert said(proxy) == b"hello"


@pytest.mark.parametrize(
    "toxic",
    [
        {"type": "corrupt"}, {"type": "latency", "stream": "both"}, {"type": "latency", "toxicity": 2},
        {"type": "latency", "attributes": {"rate": 1}}, {"type": "slicer", "attributes": {"average_size": 0}},
        {"type": "latency", "attributes": {"latency": "1s"}},
    ],
)  # fmt: skip
def test_what_there_is_not_is_refused(proxy, toxic):
    with pytest.raises(InvalidToxic):
        proxy.add_toxic(**toxic)
    assert proxy.toxics() == {}


def test_what_is_not_there_is_not_found(client, proxy):
    with pytest.raises(NotFound):
        proxy.destroy_toxic("latency_downstream")
    client.destroy(proxy)
    with pytest.raises(NotFound):
        proxy.enable()
    assert b'"version":"2.' in client.version()
