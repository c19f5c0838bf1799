"""mock-gateways driven by MockServer's own client: a client that nobody here wrote agrees about the control API."""

import http.client
import json
import os
import pathlib
import ssl
import subprocess
import time

import pytest
from mockserver import (
    Delay,
    Expectation,
    HttpError,
    HttpRequest,
    HttpResponse,
    HttpTemplate,
    MockServerClient,
    MockServerError,
    MockServerVerificationError,
    TimeToLive,
    Times,
    VerificationTimes,
)

ROOT = pathlib.Path(__file__).resolve().parents[2]
CERTIFICATES = ROOT / "config" / "certificates"
PROGRAM = pathlib.Path(os.environ["CONTRACT_BIN"]) / "mock-gateways"


class Gateway:
    """A running mock gateway and a client for each of its ports."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [PROGRAM, "bank", "--port", "0", "--control-port", "0", "--certificate", CERTIFICATES / "server.pem",
             "--key", CERTIFICATES / "server.key", "--client-ca", CERTIFICATES / "ca.pem", "--tenant", "acme", "--key-id", "k1",
             "--secret", "text:k3y-for-tests-only", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ready = json.loads(self.process.stdout.readline() or b"{}")
        self.port, self.control_port = ready.get("port"), ready.get("control_port")
        self.client = self.control_port and MockServerClient("127.0.0.1", self.control_port)

    def stop(self):
        """What it said to standard error."""
        self.process.terminate()
        return self.process.communicate(timeout=10)[1].decode()

    def ask(self, method, target, body=None, **headers):
        """The status, the headers and the body of an answer of the gateway itself."""
        context = ssl.create_default_context(cafile=CERTIFICATES / "ca.pem")
        context.load_cert_chain(CERTIFICATES / "client.pem", CERTIFICATES / "client.key")
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, target, json.dumps(body) if isinstance(body, dict) else body, sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def running():
    gateway = Gateway("--static")
    yield gateway
    gateway.stop()


@pytest.fixture
def gateway(running):
    running.client.reset()
    return running


def test_is_there(gateway):
    assert gateway.client.has_started(attempts=1)


def test_answers_as_often_as_it_was_told_to(gateway):
    [made] = gateway.client.when(HttpRequest(method="POST", path="/v1/charges"), Times.exactly(2)).respond(
        HttpResponse(status_code=402, reason_phrase="Not now", headers={"X-Reason": ["funds"]}, body={"code": "51"}))
    assert made.id and made.times.remaining_times == 2
    for left in [1, None]:
        status, headers, body = gateway.ask("POST", "/v1/charges")
        assert (status, headers["X-Reason"], json.loads(body)) == (402, "funds", {"code": "51"})
        shown = gateway.client.retrieve_active_expectations()
        assert [each.times.remaining_times for each in shown] == ([left] if left else [])
    assert gateway.ask("POST", "/v1/charges")[0] == 404


def test_answers_what_matches_and_nothing_else(gateway):
    gateway.client.upsert(Expectation(
        http_request=HttpRequest(
            method="POST", path="/v1/charges/{id}/refunds", path_parameters={"id": ["pay_.*"]},
            query_string_parameters={"dry": ["true|yes"]}, headers={"Idempotency-Key": ["ref_[0-9]+"]},
            body={"type": "JSON", "json": {"amount": 1000}, "matchType": "ONLY_MATCHING_FIELDS"}),
        http_response=HttpResponse(status_code=201)))
    asked = ("POST", "/v1/charges/pay_1/refunds?dry=yes", {"amount": 1000, "reason": "asked"})
    assert gateway.ask(*asked, Idempotency_Key="ref_1")[0] == 201
    assert gateway.ask(*asked, Idempotency_Key="pay_1")[0] == 404
    assert gateway.ask(*asked)[0] == 404
    assert gateway.ask("POST", asked[1], {"amount": 1001}, Idempotency_Key="ref_1")[0] == 404
    assert gateway.ask("POST", asked[1].replace("yes", "no"), asked[2], Idempotency_Key="ref_1")[0] == 404
    assert gateway.ask("POST", asked[1].replace("pay", "ch"), asked[2], Idempotency_Key="ref_1")[0] == 404
    assert gateway.ask("PUT", *asked[1:], Idempotency_Key="ref_1")[0] == 404


def test_prefers_a_higher_priority_and_replaces_by_id(gateway):
    anything = HttpRequest(path="/.*")
    gateway.client.upsert(
        Expectation(id="low", http_request=anything, http_response=HttpResponse(status_code=201)),
        Expectation(id="high", priority=10, http_request=anything, http_response=HttpResponse(status_code=202)))
    assert gateway.ask("GET", "/")[0] == 202
    gateway.client.upsert(Expectation(id="high", http_request=anything, http_response=HttpResponse(status_code=203), priority=-1))
    assert gateway.ask("GET", "/")[0] == 201


def test_delays_an_answer(gateway):
    gateway.client.when(HttpRequest(path="/slow")).respond(HttpResponse(status_code=200, delay=Delay("MILLISECONDS", 400)))
    began = time.monotonic()
    assert gateway.ask("GET", "/slow")[0] == 200
    assert time.monotonic() - began >= 0.4


def test_forgets_an_expectation_whose_time_has_come(gateway):
    gateway.client.when(HttpRequest(path="/brief"), time_to_live=TimeToLive.exactly(0, "SECONDS")).respond(HttpResponse())
    gateway.client.when(HttpRequest(path="/long"), time_to_live=TimeToLive.exactly(1, "HOURS")).respond(HttpResponse())
    assert gateway.ask("GET", "/brief")[0] == 404
    assert gateway.ask("GET", "/long")[0] == 200


def test_drops_a_connection(gateway):
    gateway.client.when(HttpRequest(path="/gone"), Times.exactly(1)).error(HttpError(drop_connection=True))
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError, ssl.SSLEOFError)):
        gateway.ask("GET", "/gone")
    assert gateway.ask("GET", "/gone")[0] == 404


def test_echoes_what_a_template_takes_from_the_request(gateway):
    template = """#set($charge = $json.parse($!request.body))
        {"statusCode": 201, "headers": {"X-Request-Id": ["$!request.headers['X-Request-Id'][0]"]},
         "body": {"id": "$!request.pathParameters['id'][0]", "amount": $!charge.amount, "card": "$!charge.method.card.token"}}"""
    gateway.client.upsert(Expectation(
        http_request=HttpRequest(path="/charges/{id}", path_parameters={"id": [".*"]}),
        http_response_template=HttpTemplate("VELOCITY", template)))
    status, headers, body = gateway.ask(
        "PUT", "/charges/pay_1", {"amount": 1000, "method": {"card": {"token": "tok_1"}}}, X_Request_Id="req-1")
    assert (status, headers["X-Request-Id"], headers["Content-Type"]) == (201, "req-1", "application/json")
    assert json.loads(body) == {"id": "pay_1", "amount": 1000, "card": "tok_1"}


def test_echoes_a_field_of_a_form(gateway):
    field = "$!request.body.replaceAll('^(?:(?:.*&)?amount=([^&]*))?.*$', '$1')"
    gateway.client.upsert(Expectation(
        http_request=HttpRequest(path="/v1/payment_intents", body={"type": "PARAMETERS", "parameters": {"currency": ["brl"]}}),
        http_response_template=HttpTemplate("VELOCITY", '{"body": {"amount": "%s"}}' % field)))
    assert json.loads(gateway.ask("POST", "/v1/payment_intents", "currency=brl&amount=1000")[2]) == {"amount": "1000"}
    assert gateway.ask("POST", "/v1/payment_intents", "currency=inr&amount=1000")[0] == 404


def test_verifies_how_often_requests_came(gateway):
    for _ in range(2):
        gateway.ask("GET", "/v1/charges/pay_1")
    asked = HttpRequest(path="/v1/charges/pay_1")
    for times in [None, VerificationTimes.at_least(2), VerificationTimes.at_most(2), VerificationTimes.exactly(2),
                  VerificationTimes.between(1, 3)]:
        gateway.client.verify(asked, times)
    gateway.client.verify(HttpRequest(path="/else"), VerificationTimes.exactly(0))
    for times in [VerificationTimes.at_least(3), VerificationTimes.at_most(1), VerificationTimes.once(), VerificationTimes.between(3, 4)]:
        with pytest.raises(MockServerVerificationError, match="Request not found .*, but 2 times"):
            gateway.client.verify(asked, times)
    with pytest.raises(MockServerVerificationError):
        gateway.client.verify(HttpRequest(path="/else"))
    with pytest.raises(MockServerVerificationError):
        gateway.client.verify_zero_interactions()
    gateway.client.reset()
    gateway.client.verify_zero_interactions()


def test_shows_the_requests_that_came(gateway):
    gateway.ask("POST", "/v1/charges?dry=yes", {"amount": 1000}, X_Tenant_Id="acme")
    gateway.ask("POST", "/v1/payment_intents", "amount=1000")
    first, second = gateway.client.retrieve_recorded_requests()
    assert (first.method, first.path, first.body.json) == ("POST", "/v1/charges", {"amount": 1000})
    assert [(each.name, each.values) for each in first.query_string_parameters] == [("dry", ["yes"])]
    assert ("X-Tenant-Id", ["acme"]) in [(each.name, each.values) for each in first.headers]
    assert second.body == "amount=1000"
    [only] = gateway.client.retrieve_recorded_requests(HttpRequest(path="/v1/pay.*"))
    assert only.path == "/v1/payment_intents"


def test_clears_and_resets(gateway):
    for path in ["/a", "/b"]:
        gateway.client.upsert(Expectation(id=path[1:], http_request=HttpRequest(path=path), http_response=HttpResponse()))
        assert gateway.ask("GET", path)[0] == 200
    gateway.client.clear(HttpRequest(path="/a"), "EXPECTATIONS")
    assert [each.id for each in gateway.client.retrieve_active_expectations()] == ["b"]
    assert len(gateway.client.retrieve_recorded_requests()) == 2
    gateway.client.clear(HttpRequest(path="/a"), "LOG")
    assert [each.path for each in gateway.client.retrieve_recorded_requests()] == ["/b"]
    gateway.client.clear_by_id("b")
    assert gateway.client.retrieve_active_expectations() == gateway.client.retrieve_recorded_requests() == []
    gateway.client.upsert(Expectation(http_request=HttpRequest(), http_response=HttpResponse()))
    gateway.client.reset()
    assert gateway.ask("GET", "/a")[0] == 404


def test_takes_back_what_it_showed(gateway):
    gateway.client.when(HttpRequest(method="GET", path="/x"), Times.exactly(3)).respond(HttpResponse(body="text", status_code=200))
    shown = gateway.client.retrieve_active_expectations()
    gateway.client.reset()
    assert gateway.client.upsert(*shown) == shown
    assert gateway.ask("GET", "/x")[::2] == (200, "text")


@pytest.mark.parametrize(("call", "named"), [
    (lambda client: client.upsert(Expectation.from_dict({"httpRequest": {}, "httpForward": {"host": "h"}})), "httpForward"),
    (lambda client: client.upsert(Expectation.from_dict({"httpRequest": {"cookies": {"a": "b"}}, "httpResponse": {}})), "cookies"),
    (lambda client: client.upsert(Expectation(
        http_request=HttpRequest(), http_response_template=HttpTemplate("MUSTACHE", "{}"))), "VELOCITY"),
    (lambda client: client.verify_sequence(HttpRequest(path="/a")), "verifySequence"),
    (lambda client: client.retrieve_recorded_expectations(), "RECORDED_EXPECTATIONS"),
    (lambda client: client.retrieve_log_messages(), "LOGS"),
    (lambda client: client.retrieve_expectations_as_code("python"), "PYTHON"),
    (lambda client: client.clear_by_metadata_key("a"), "metadata"),
    (lambda client: client.freeze_clock(), "clock"),
    (lambda client: client.bind(0), "bind"),
])
def test_refuses_by_name_what_it_does_not_have(gateway, call, named):
    with pytest.raises(MockServerError, match=named):
        call(gateway.client)


def test_loads_folders_and_leaves_the_rest_to_the_books(tmp_path):
    (tmp_path / "charges.json").write_text(json.dumps(
        [{"httpRequest": {"path": "/v1/charges"}, "httpResponse": {"statusCode": 503}, "times": {"remainingTimes": 1}}]))
    gateway = Gateway("--expectations", str(tmp_path))
    try:
        assert gateway.ask("POST", "/v1/charges")[0] == 503
        # What is not expected goes to the bank, which misses a signature.
        assert gateway.ask("POST", "/v1/charges")[0] == 401
        gateway.client.verify(HttpRequest(path="/v1/charges"), VerificationTimes.exactly(2))
    finally:
        gateway.stop()


@pytest.mark.parametrize(("content", "said"), [
    ([{"httpRequest": {}}, {}], "needs exactly one of"),
    ([{"httpRequest": {}, "httpResponse": {}}, {"httpRequest": {}, "httpForward": {}}], "charges.json [1].httpForward: not supported"),
    ({}, "charges.json: not an array"),
    (None, "holds 0 files"),
])
def test_does_not_start_with_expectations_it_cannot_keep(tmp_path, content, said):
    if content is not None:
        (tmp_path / "charges.json").write_text(json.dumps(content))
    gateway = Gateway("--expectations", str(tmp_path))
    complaint = gateway.process.communicate(timeout=10)[1].decode()
    assert said in complaint and gateway.process.returncode not in (0, None)
