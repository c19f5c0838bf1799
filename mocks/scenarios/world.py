"""Everything that runs: Redis, the mock gateways, the proxies in front of them, and Drawbridge behind."""

import contextlib
import json
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from caller import Caller
from gateway import GATEWAYS
from ledger import Ledgers
from program import DidNotStart, Program
from scenario import STORE
from toxiproxy_api import Refused, Toxiproxy

REPOSITORY = Path(__file__).resolve().parents[2]
POPULATION = REPOSITORY / "mocks" / "toxiproxy.json"
CERTIFICATES = REPOSITORY / "config" / "certificates"
CALLER_KEY = {"id": "caller-1", "secret": "text:c4ller-secret-for-scenarios"}
CLIENT_TLS = {"ca": "{certificates}/ca.pem", "certificate": "{certificates}/client.pem", "key": "{certificates}/client.key"}
CALLBACK_TLS = {
    "certificate": "{certificates}/server.pem", "key": "{certificates}/server.key", "client_ca": "{certificates}/ca.pem",
}  # fmt: skip
LISTENERS = ("admin", "api", "callbacks")
# 32 bytes.
RING_KEY = "c2NlbmFyaW9zLXJpbmcta2V5LW5vdC1hLXNlY3JldC4="


def free_port():
    """Below those that the system gives to connections that go out: one that is free now would often be taken when it is used."""
    for port in random.sample(range(20_000, 32_000), 64):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise DidNotStart("no free port")


class World:
    """With `toxiproxy_url` everything listens where mocks/toxiproxy.json says; otherwise ours is started, on free ports."""

    def __init__(self, programs, toxiproxy_url=None):
        self._programs, self._toxiproxy_url = Path(programs), toxiproxy_url
        self._running, self._controls = [], {}
        self._folder = Path(tempfile.mkdtemp(prefix="drawbridge-scenarios-"))

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def _start(self):
        subprocess.run([REPOSITORY / "config" / "make-certificates.sh"], check=True)
        self._proxies = {proxy["name"]: proxy for proxy in json.loads(POPULATION.read_text())}
        callback_port = free_port()
        self._direct = {STORE: self._start_redis()}
        self._make_keys("drawbridge", "facade")
        for gateway in GATEWAYS:
            self._direct[gateway.name] = self._start_gateway(gateway, callback_port)
        self.ledgers = Ledgers(self._controls)
        self._proxied = self._direct | self._start_proxies()
        # One fault at a time: what tries the gateways has a sound Redis, and the other way round. Both run side by side.
        self._urls = {
            False: self._start_drawbridge("gateways", self._proxied | {STORE: self._direct[STORE]}, callback_port),
            True: self._start_drawbridge("store", self._direct | {STORE: self._proxied[STORE]}, 0),
        }

    def stop(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            # A second one would leave programs running.
            signal.signal(number, signal.SIG_IGN)
        if self._toxiproxy_url is not None:
            # Somebody else's: it is left without toxics also where the scenarios were interrupted.
            with contextlib.suppress(OSError, Refused):
                Toxiproxy(self._toxiproxy_url).reset()
        for program in reversed(self._running):
            program.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, *arguments):
        program = Program([str(argument) for argument in arguments])
        self._running.append(program)
        return program

    def fallen(self):
        """The programs that have ended by themselves, with what they wrote."""
        return [f"{program.name}:\n{program.output}" for program in self._running if not program.is_running]

    def _port(self, name):
        """Where the population expects it; 0, any, when we populate our own proxy."""
        if self._toxiproxy_url is None or name not in self._proxies:
            return 0
        return int(self._proxies[name]["upstream"].rpartition(":")[2])

    # What runs

    def _start_redis(self):
        port = self._port(STORE) or free_port()
        redis = self._run(
            "redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", self._folder, "--save", "", "--appendonly", "yes",
            "--appendfsync", "always",
        )  # fmt: skip
        redis.await_line(lambda line: "Ready to accept connections" in line)
        return f"127.0.0.1:{port}"

    def _start_gateway(self, gateway, callback_port):
        program = self._run(
            self._programs / "mock-gateways", gateway.command, "--port", self._port(gateway.name), "--control-port", 0,
            "--certificate", CERTIFICATES / "server.pem", "--key", CERTIFICATES / "server.key",
            "--callback-url", f"https://127.0.0.1:{callback_port}/callbacks/{gateway.name}",
            "--callback-ca", CERTIFICATES / "ca.pem", "--callback-certificate", CERTIFICATES / "client.pem",
            "--callback-key", CERTIFICATES / "client.key", *self._filled(gateway.arguments),
        )  # fmt: skip
        ready = program.await_json(ready=True)
        self._controls[gateway.name] = f"http://127.0.0.1:{ready['control_port']}"
        return f"127.0.0.1:{ready['port']}"

    def _make_keys(self, *names):
        """P-256 keys, private and public, in the scratch folder."""
        for name in names:
            key, public = self._folder / f"{name}.key", self._folder / f"{name}.pub"
            make = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key]
            subprocess.run(make, check=True, capture_output=True)
            subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)

    def _filled(self, value, **places):
        """The same with the names in its texts replaced."""
        if isinstance(value, dict):
            return {name: self._filled(each, **places) for name, each in value.items()}
        if isinstance(value, list):
            return [self._filled(each, **places) for each in value]
        if isinstance(value, str):
            return value.format(certificates=CERTIFICATES, scratch=self._folder, **places)
        return value

    def _start_proxies(self):
        """Where each proxy listens."""
        proxies = [proxy for name, proxy in self._proxies.items() if name in self._direct]
        if self._toxiproxy_url is None:
            ours = self._run(self._programs / "mock-gateways", "toxiproxy", "--port", 0)
            self.toxiproxy = Toxiproxy(f"http://127.0.0.1:{ours.await_json(ready=True)['port']}")
            proxies = [proxy | {"listen": "127.0.0.1:0", "upstream": self._direct[proxy["name"]]} for proxy in proxies]
        else:
            self.toxiproxy = Toxiproxy(self._toxiproxy_url)
        try:
            listening = self.toxiproxy.populate(proxies)
            self.toxiproxy.reset()
        except OSError as error:
            raise DidNotStart(f"no Toxiproxy at {self.toxiproxy.url}: {error}") from error
        return listening

    def _start_drawbridge(self, name, addresses, callback_port):
        configuration = self._folder / f"{name}.yaml"
        # JSON is YAML.
        configuration.write_text(json.dumps(self._configuration(name, addresses, callback_port)))
        program = self._run(self._programs / "drawbridge", "serve", "--config", configuration)
        listening = [program.await_json(message="listening") for _ in LISTENERS]
        return next(f"http://{line['address']}" for line in listening if line["listener"] == "api")

    def _configuration(self, name, addresses, callback_port):
        return {
            "deployment": f"scenarios-{name}",
            "listen": {
                "api": {"address": "127.0.0.1:0"},
                "callbacks": {"address": f"127.0.0.1:{callback_port}", "tls": self._filled(CALLBACK_TLS)},
                "admin": {"address": "127.0.0.1:0"},
            },
            "state": {
                "backend": "redis",
                "redis": {"url": f"redis://{addresses[STORE]}/0", "timeout": "500ms", "key_prefix": f"{name}:"},
            },
            "encryption": {"keys": [{"id": "ring-1", "key": f"text:{RING_KEY}"}]},
            "tenants": {self._tenant(gateway.name): {"keys": [CALLER_KEY]} for gateway in GATEWAYS},
            "gateways": {gateway.name: self._section(gateway, addresses[gateway.name]) for gateway in GATEWAYS},
            "routes": [{"match": {"tenant": [self._tenant(gateway.name)]}, "gateways": gateway.route} for gateway in GATEWAYS],
            "payments": {"deadline": "3s"},
            "queue": {"retry": {"first": "300ms", "factor": 2, "max": "1s"}, "give_up_after": "1m"},
        }

    def _section(self, gateway, address):
        section = {
            "adapter": gateway.adapter,
            "base_url": gateway.base_url,
            "allow_private_addresses": True,
            "settings": gateway.settings,
            "callback": gateway.callback,
            "tls": CLIENT_TLS,
            "timeout": {"connect": "300ms", "attempt": "500ms"},
            "retry": {"max_retries": 1, "base": "100ms", "max": "200ms"},
            # Later than usual, so that a scenario tries the way and not the breaker.
            "breaker": {"consecutive_failures": 20, "open_for": "500ms"},
            "inquiry": {"first_after": "300ms", "factor": 2, "max": "1s", "give_up_after": "1m"},
        }
        return self._filled(section | gateway.section, address=address)

    @staticmethod
    def _tenant(gateway):
        """Each gateway's route is the route of a tenant of its own."""
        return f"pays-by-{gateway}"

    def caller(self, gateway, *, of_store):
        """Who pays by a gateway's route; `of_store` for the Drawbridge whose Redis is behind a proxy."""
        return Caller(self._urls[of_store], self._tenant(gateway), CALLER_KEY["id"], CALLER_KEY["secret"].removeprefix("text:"))
