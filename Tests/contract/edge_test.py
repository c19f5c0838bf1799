"""What Schemathesis does not send: unsigned, repeated, oversized and unheard-of requests. All answers keep to the document."""

import http.client
import json
import os
import socket
import urllib.parse

import pytest

HOST = urllib.parse.urlsplit(os.environ["CONTRACT_API"]).netloc
PAYMENT = os.environ["CONTRACT_PAYMENTS"].split()[0]
NO_PAYMENT = "pay_" + "0" * 26
CARD = {"amount": 1000, "currency": "BRL", "reference": "edge", "method": {"type": "card", "card": {"token": "tok_edge"}}}
LARGEST_BODY = 256 * 1024


def ask(method, target, body=None, **headers):
    """The answer and its body. Header names are written with _ for -."""
    sent = {"X-Tenant-Id": "curl"} | {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(body, (dict, list)):
        body, sent = json.dumps(body), {"Content-Type": "application/json"} | sent
    connection = http.client.HTTPConnection(HOST, timeout=10)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in sent.items():
            for each in [value] if isinstance(value, str) else value or []:
                connection.putheader(name, each)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode() if isinstance(body, str) else body)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


OPERATIONS = [
    ("POST", "/v1/payments"),
    ("GET", "/v1/payments?reference=edge"),
    ("GET", f"/v1/payments/{PAYMENT}"),
    ("POST", f"/v1/payments/{PAYMENT}/capture"),
    ("POST", f"/v1/payments/{PAYMENT}/void"),
    ("POST", f"/v1/payments/{PAYMENT}/sync"),
    ("POST", f"/v1/payments/{PAYMENT}/refunds"),
    ("POST", "/v1/accounts/validate"),
    ("GET", "/v1/gateways"),
    ("GET", "/v1/events"),
]


@pytest.mark.parametrize("tenant", ["demo", "nobody", "", "-a", "CURL", "a" * 64, "c\u00fcrl"])
@pytest.mark.parametrize(("method", "target"), OPERATIONS)
def test_nothing_is_done_for_who_does_not_prove_to_be_the_tenant(is_problem, method, target, tenant):
    is_problem(ask(method, target, X_Tenant_Id=tenant, Idempotency_Key="edge"), 401, "unauthenticated")


@pytest.mark.parametrize(("method", "target"), OPERATIONS)
def test_nothing_is_done_without_a_tenant(is_problem, method, target):
    is_problem(ask(method, target, X_Tenant_Id=None, Idempotency_Key="edge"), 401, "unauthenticated")


@pytest.mark.parametrize(("method", "target"), OPERATIONS)
def test_a_header_that_occurs_twice_is_refused(is_problem, method, target):
    is_problem(ask(method, target, X_Tenant_Id=["curl", "curl"]), 400, "malformed_request")
    is_problem(ask(method, target, X_Request_Id=["a", "b"]), 400, "malformed_request")


@pytest.mark.parametrize(("method", "target"), OPERATIONS)
def test_a_body_over_the_limit_is_refused(is_problem, method, target):
    is_problem(ask(method, target, " " * (LARGEST_BODY + 1)), 413, "payload_too_large")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("target", [*dict.fromkeys(target for _, target in OPERATIONS), "/openapi.yaml"])
def test_other_methods_are_refused_and_the_right_ones_named(is_problem, document, method, target):
    path = target.split("?")[0].replace(PAYMENT, "{id}")
    answer = is_problem(ask(method, target), 405, "method_not_allowed")
    allowed = {name.upper() for name in document["paths"][path] if name in ("get", "post")}
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("target", ["/v1/gateways", "/openapi.yaml", f"/v1/payments/{PAYMENT}"])
def test_head_is_refused_without_a_body(target):
    answer, body = ask("HEAD", target)
    assert (answer.status, answer.headers["Allow"], body) == (405, "GET", b"")


NO_PATHS = [
    "/", "//", "/v1", "/v1/", "//v1/gateways", "/v1//gateways", "/v1/gateways/", "/V1/gateways", "/v1/./gateways",
    "/v1/payments/../gateways", "/v1/payments/%2e%2e/gateways", "/v1%2Fgateways", "/v1/gateways%00", "/v1/gateways;a=b",
    "/v1/payments/", f"/v1/payments/{PAYMENT}/", f"/v1/payments/{PAYMENT.upper()}", f"/v1/payments/{PAYMENT}0",
    f"/v1/payments/{PAYMENT}%20", f"/v1/payments/{PAYMENT}/refund", f"/v1/payments/{PAYMENT}/capture/x",
    "/openapi.yaml/", "/openapi.json", "/health", "/metrics",
]  # fmt: skip


@pytest.mark.parametrize("target", NO_PATHS)
def test_a_path_that_is_none_is_not_found(is_problem, target):
    for method in ["GET", "POST"]:
        is_problem(ask(method, target, X_Tenant_Id="curl"), 404, "not_found")


@pytest.mark.parametrize("target", ["*", "v1/gateways", "?a", "example.org:443"])
def test_a_target_that_is_no_path_is_refused(is_problem, target):
    is_problem(ask("OPTIONS", target), 400, "malformed_request")


BROKEN = {
    "no request line": b"GARBAGE\r\n\r\n",
    "an unknown method": b"BREW /v1/payments HTTP/1.1\r\nHost: a\r\n\r\n",
    "bytes over 127 in the target": b"GET /v1/\xe4 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a space in a field's name": b"GET /v1/gateways HTTP/1.1\r\nHost: a\r\nX Tenant: curl\r\n\r\n",
    "a control character in a field": b"GET /v1/gateways HTTP/1.1\r\nHost: a\r\nX-Request-Id: \x01\r\n\r\n",
    "too many fields": b"GET /v1/gateways HTTP/1.1\r\nHost: a\r\n" + b"X-A: b\r\n" * 101 + b"\r\n",
    "too long a field": b"GET /v1/gateways HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 17_000 + b"\r\n\r\n",
    "two lengths": b"POST /v1/payments HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and chunks":
        b"POST /v1/payments HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": b"POST /v1/payments HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "a chunk without a size": b"POST /v1/payments HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n",
    "a length with a sign": b"POST /v1/payments HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\n{}",
    "a coding before chunked":
        b"POST /v1/payments HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
    "a folded field": b"GET /v1/gateways HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n",
    "bare line feeds": b"GET /v1/gateways HTTP/1.1\nHost: a\n\n",
    "no host": b"GET /v1/gateways HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /v1/gateways HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "an absolute target": b"GET http://a/v1/gateways HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/2 in clear text": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("request_bytes", BROKEN.values(), ids=BROKEN.keys())
def test_a_request_that_breaks_http_is_a_problem_and_ends_the_connection(is_problem, request_bytes):
    name, port = HOST.rsplit(":", 1)
    with socket.create_connection((name, int(port)), timeout=10) as connection:
        connection.sendall(request_bytes)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        is_problem((answer, answer.read()), 400, "malformed_request")
        try:
            assert connection.recv(1) == b""
        except ConnectionResetError:
            pass  # Closed as well: by a side that had bytes of ours left to read.


BODIES = {
    "nothing": ("", 400), "half a text": ('{"amount":', 400), "text after the end": ("{} {}", 400), "NaN": ("NaN", 400),
    "bytes that are not UTF-8": (b'{"reference":"\xff"}', 400), "a lone surrogate": (r'{"reference":"\ud800"}', 400),
    "a member twice": ('{"amount":1,"amount":2}', 400), "deep nesting": ("[" * 10_000, 400), "a comment": ("{}//", 400),
    "an array": ("[]", 422), "null": ("null", 422), "a number": ("1", 422), "nothing in an object": ("{}", 422),
    "a fraction": (json.dumps(CARD | {"amount": 10.5}), 422), "an amount too large": (json.dumps(CARD | {"amount": 10**12}), 422),
    "an amount as text": (json.dumps(CARD | {"amount": "1000"}), 422), "no amount": (json.dumps(CARD | {"amount": 0}), 422),
    "a member of nobody": (json.dumps(CARD | {"amout": 1}), 422), "small letters": (json.dumps(CARD | {"currency": "brl"}), 422),
}  # fmt: skip


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=BODIES.keys())
def test_a_body_that_is_no_payment_is_refused(is_problem, body, status):
    answered = ask("POST", "/v1/payments", body, Content_Type="application/json", Idempotency_Key="edge-body")
    is_problem(answered, status, "malformed_request" if status == 400 else "validation_failed")


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/xml", "application/jsonp", "json", ""])
def test_a_body_that_is_not_declared_as_json_is_refused(is_problem, media_type):
    answered = ask("POST", "/v1/payments", json.dumps(CARD), Content_Type=media_type, Idempotency_Key="edge-type")
    is_problem(answered, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency_key_missing"), ("", "idempotency_key_missing"), ("a" * 256, "malformed_request"),
        ("a b", "malformed_request"), ("\u00fc", "malformed_request"), ('""', "malformed_request"), (["a", "a"], "malformed_request"),
    ],
)  # fmt: skip
def test_a_payment_needs_one_key(is_problem, key, code):
    is_problem(ask("POST", "/v1/payments", CARD, Idempotency_Key=key), 400, code)


def test_a_repeat_is_the_first_answer_and_says_so():
    first, first_body = ask("POST", "/v1/payments", CARD, Idempotency_Key="edge-repeat")
    repeat, repeat_body = ask("POST", "/v1/payments", CARD, Idempotency_Key='"edge-repeat"')
    assert first.status == 201 and first.headers["Idempotent-Replayed"] is None
    assert (repeat.status, repeat_body, repeat.headers["Idempotent-Replayed"]) == (201, first_body, "true")
    assert repeat.headers["Location"] == first.headers["Location"] == f"/v1/payments/{json.loads(first_body)['id']}"


def test_a_key_belongs_to_one_request(is_problem):
    assert ask("POST", "/v1/payments", CARD, Idempotency_Key="edge-reuse")[0].status == 201
    answered = ask("POST", "/v1/payments", CARD | {"amount": 1001}, Idempotency_Key="edge-reuse")
    is_problem(answered, 422, "idempotency_key_reused")


def test_a_payment_that_need_not_be_waited_for_is_accepted_and_then_found():
    answer, body = ask("POST", "/v1/payments", CARD, Idempotency_Key="edge-async", Prefer="respond-async")
    assert (answer.status, json.loads(body)["status"]) == (202, "processing")
    assert answer.headers["Retry-After"].isdecimal()
    assert ask("GET", answer.headers["Location"])[0].status == 200


def test_a_whole_number_may_be_written_with_a_fraction_of_zeros():
    body = json.dumps(CARD).replace("1000", "1000.0")
    answer, shown = ask("POST", "/v1/payments", body, Content_Type="application/json", Idempotency_Key="edge-zeros")
    assert (answer.status, json.loads(shown)["amount"]) == (201, 1000)


@pytest.mark.parametrize("operation", ["capture", "void", "refunds", "sync"])
def test_no_payment_is_not_found(is_problem, operation):
    is_problem(ask("POST", f"/v1/payments/{NO_PAYMENT}/{operation}", Idempotency_Key="edge-none"), 404, "not_found")


@pytest.mark.parametrize(
    "query",
    [
        "", "reference", "reference=", "reference=" + "a" * 65, "reference=a&reference=b", "reference=%ff", "reference=a&other=1",
        "reference=a&limit=0", "reference=a&limit=101", "reference=a&limit=1.5", "reference=a&limit=", "reference=a&limit=x",
    ],
)  # fmt: skip
def test_a_query_that_breaks_the_rules_is_refused(is_problem, query):
    is_problem(ask("GET", f"/v1/payments?{query}"), 422, "validation_failed")


def test_the_callers_request_id_is_echoed():
    assert ask("GET", "/v1/gateways", X_Request_Id="edge 1")[0].headers["X-Request-Id"] == "edge 1"


@pytest.mark.parametrize("sent", [None, ""])
def test_a_request_id_is_made_where_none_is_sent(sent):
    answer, _ = ask("GET", "/v1/gateways", X_Request_Id=sent)
    assert answer.status == 200 and len(answer.headers["X-Request-Id"]) == 32


@pytest.mark.parametrize("sent", ["a" * 129, "\u00fc"])
def test_a_request_id_that_cannot_be_echoed_is_refused(is_problem, sent):
    is_problem(ask("GET", "/v1/gateways", X_Request_Id=sent), 400, "malformed_request")
