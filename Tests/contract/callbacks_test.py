"""Callbacks as a bank posts them, signed here after the words of protocols/bank-hmac.md and not by code of the program's."""

import base64
import hashlib
import hmac
import itertools
import json
import time

import pytest
from program import Drawbridge, script_bank

GATEWAY = "bank-a"
LARGEST_BODY = 256 * 1024
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def drawbridge(tmp_path_factory):
    program = Drawbridge(tmp_path_factory.mktemp("callbacks"), {"curl": {"auth": "none"}})
    yield program
    program.stop()


def stamp(offset=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset))


class Delivery:
    """One request of the bank. What is changed after `sign` is not covered by the signature."""

    def __init__(self, key, event, body, nonce=None, offset=0, gateway=GATEWAY, query=""):
        self.key, self.event, self.gateway, self.query = key, event, gateway, query
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.nonce, self.timestamp = nonce or f"nonce-{next(numbers):026}", stamp(offset)

    def sign(self):
        lines = [
            "POST", f"/callbacks/{self.gateway}", "&".join(sorted(self.query.split("&"))), hashlib.sha256(self.body).hexdigest(),
            self.nonce, self.event, self.timestamp,
        ]  # fmt: skip
        secret = self.key["secret"].removeprefix("text:").encode()
        return "v1=" + base64.b64encode(hmac.digest(secret, "\n".join(lines).encode(), "sha256")).decode()

    def headers(self, **changes):
        fields = {
            "X-Key-Id": self.key["id"], "X-Timestamp": self.timestamp, "X-Nonce": self.nonce, "X-Event-Id": self.event,
            "X-Signature": self.sign(), "Content-Type": "application/json",
        } | {name.replace("_", "-"): value for name, value in changes.items()}  # fmt: skip
        return [
            (name, each) for name, value in fields.items() for each in ([value] if isinstance(value, str) else value or [])
        ]


@pytest.fixture(scope="module")
def key(drawbridge):
    return drawbridge.configuration["gateways"][GATEWAY]["callback"]["keys"][0]


@pytest.fixture(scope="module")
def payment(drawbridge):
    """Makes payments that wait for the bank; their ids."""

    def make():
        script_bank("charge", "pending")
        number = next(numbers)
        card = {"amount": 1000, "currency": "BRL", "reference": "callback", "method": {"type": "card", "card": {"token": "tok"}}}
        headers = [("X-Tenant-Id", "curl"), ("Idempotency-Key", f"callback-{number}")]
        answer, body = drawbridge.ask("POST", "/v1/payments", card, headers=headers)
        shown = json.loads(body)
        assert (answer.status, shown["processing_reason"]) == (202, "awaiting_gateway"), shown
        return shown["id"]

    return make


@pytest.fixture(scope="module")
def news(key):
    """What the bank has to say of a payment, in an event of its own."""

    def news(payment, status="APPROVED", amount=1000, event=None, **changes):
        event = event or f"evt-{next(numbers)}"
        charge = {
            "bank_reference": f"bank-{payment}", "reference": payment, "status": status, "amount": amount, "currency": "BRL",
            "captured_amount": amount if status == "APPROVED" else 0, "refunded_amount": 0, "code": None, "message": None,
            "action": None,
        }  # fmt: skip
        body = {"event_id": event, "type": "charge.updated", "occurred_at": stamp(), "data": charge}
        return Delivery(key, event, body, **changes)

    return news


@pytest.fixture(scope="module")
def post(drawbridge):
    """Posts a delivery; the status. A refusal says nothing else."""

    def post(delivery, body=None, target=None, **changes):
        target = target or f"/callbacks/{delivery.gateway}" + (f"?{delivery.query}" if delivery.query else "")
        headers = delivery.headers(**changes)
        answer, said = drawbridge.ask("POST", target, delivery.body if body is None else body, "callbacks", headers)
        assert said == b""
        return answer.status

    return post


@pytest.fixture(scope="module")
def status(drawbridge):
    def status(payment):
        answer, body = drawbridge.ask("GET", f"/v1/payments/{payment}", headers=[("X-Tenant-Id", "curl")])
        assert answer.status == 200
        return json.loads(body)["status"]

    return status


@pytest.mark.parametrize(("said", "then"), [("APPROVED", "succeeded"), ("DECLINED", "failed"), ("PENDING", "processing")])
def test_what_the_bank_says_is_applied(drawbridge, news, payment, post, status, said, then):
    id = payment()
    assert post(news(id, said)) == 204
    assert status(id) == then
    _, body = drawbridge.ask("GET", "/v1/events?limit=500", headers=[("X-Tenant-Id", "curl")])
    told = [(event["type"], event["cause"]) for event in json.loads(body)["data"] if event["data"]["id"] == id]
    assert told[0] == ("payment.processing", "response")
    assert told[1:] == ([] if said == "PENDING" else [(f"payment.{then}", "callback")])


def test_another_amount_is_for_people_to_look_at(news, payment, post, status):
    id = payment()
    assert post(news(id, amount=999)) == 204
    assert status(id) == "manual_review"


def test_a_replay_is_refused_and_the_banks_own_repeat_is_not(news, payment, post, status):
    id = payment()
    first = news(id)
    assert post(first) == 204
    assert post(first) == 409
    again = news(id, event=first.event)
    assert post(again) == 204
    assert post(news(id, "DECLINED", nonce=first.nonce)) == 409
    assert status(id) == "succeeded"


def test_a_forger_does_not_use_up_a_nonce_of_the_banks(news, payment, post, status):
    id = payment()
    genuine = news(id)
    assert post(genuine, X_Signature="v1=" + base64.b64encode(bytes(32)).decode()) == 401
    assert post(genuine, body=genuine.body.replace(b"1000", b"9000")) == 401
    assert status(id) == "processing"
    assert post(genuine) == 204
    assert status(id) == "succeeded"


FORGERIES = {
    "no signature": {"X_Signature": None}, "an empty one": {"X_Signature": ""}, "not base64": {"X_Signature": "v1=?"},
    "of another scheme": {"X_Signature": "v0=AAAA"}, "no time": {"X_Timestamp": None}, "no nonce": {"X_Nonce": None},
    "no event": {"X_Event_Id": None}, "no key": {"X_Key_Id": None}, "an unknown key": {"X_Key_Id": "other"},
    "another nonce": {"X_Nonce": "n" * 20}, "another event": {"X_Event_Id": "evt-other"},
    "another time": {"X_Timestamp": "2026-01-02T03:04:05Z"}, "two nonces": {"X_Nonce": ["n" * 20, "n" * 20]},
    "two keys": {"X_Key_Id": ["bank-a-callback-1", "bank-a-callback-1"]},
}  # fmt: skip


@pytest.mark.parametrize("changes", FORGERIES.values(), ids=FORGERIES.keys())
def test_what_the_bank_did_not_sign_is_refused(news, payment, post, status, changes):
    id = payment()
    assert post(news(id), **changes) == 401
    assert status(id) == "processing"


def test_what_was_signed_with_another_secret_or_for_another_place_is_refused(key, news, payment, post, status):
    id = payment()
    assert post(news(id), X_Signature=Delivery({**key, "secret": "text:other"}, "evt", {}).sign()) == 401
    delivery = news(id)
    delivery.key = {**key, "secret": "text:other"}
    assert post(delivery) == 401
    assert post(news(id), target=f"/callbacks/{GATEWAY}?a=1") == 401
    assert post(news(id), target=f"/callbacks/{GATEWAY}/x") == 401
    assert status(id) == "processing"


@pytest.mark.parametrize(("offset", "expected"), [(-310, 401), (310, 401), (-86_400, 401), (-280, 204), (280, 204)])
def test_only_what_was_signed_within_five_minutes_is_taken(news, payment, post, status, offset, expected):
    id = payment()
    assert post(news(id, offset=offset)) == expected
    assert status(id) == ("succeeded" if expected == 204 else "processing")


def test_a_query_is_signed_too(news, payment, post, status):
    id = payment()
    assert post(news(id, query="b=2&a=1")) == 204
    assert status(id) == "succeeded"


@pytest.mark.parametrize("gateway", ["bank-c", "BANK-A", "bank-a%20", "%62ank-a", ""])
def test_an_unknown_gateway_is_not_found(news, post, gateway):
    assert post(news("pay_" + "0" * 26, gateway=gateway)) == 404


@pytest.mark.parametrize("size", [LARGEST_BODY + 1, LARGEST_BODY * 4])
def test_too_large_a_body_is_refused_though_signed(key, post, size):
    assert post(Delivery(key, "evt-large", b" " * size)) == 413


def test_the_largest_body_is_looked_at(key, post):
    assert post(Delivery(key, "evt-largest", b" " * LARGEST_BODY)) == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"event_id":"e"}', b"\xff"])
def test_what_is_signed_but_cannot_be_read_is_refused_as_such(key, post, body):
    assert post(Delivery(key, f"evt-bad-{next(numbers)}", body)) == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_posts_are_callbacks(drawbridge, method):
    answer, _ = drawbridge.ask(method, f"/callbacks/{GATEWAY}", listener="callbacks")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("target", ["/v1/payments", "/v1/events", "/health", "/admin/gateways", "/callbacks", "/"])
def test_nothing_else_is_served_there(drawbridge, target):
    assert drawbridge.ask("GET", target, listener="callbacks")[0].status == 404
    assert drawbridge.ask("POST", target, b"", listener="callbacks")[0].status == 404


def test_news_of_a_payment_that_is_not_known_yet_are_taken(news, post):
    assert post(news("pay_" + "7" * 26, "DECLINED")) == 204
