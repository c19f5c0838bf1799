"""The Stripe adapter against localstripe (GPL-3; run here, never copied), a stateful imitation of Stripe that knows nothing of
Drawbridge: create, capture, cancel, refund, declines, and webhooks signed by its code and verified by the program's.

What it cannot show: it ignores Idempotency-Key and Stripe-Version, and takes no description, return_url or refund reason."""

import http.client
import itertools
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.parse

import pytest
from program import Drawbridge

GATEWAY = "stripe"
SECRET = "whsec_for_localstripe_only"
KEY = "sk_test_localstripe"
numbers = itertools.count(1)


def until(what, seconds=20):
    """The first result of `what` that is true."""
    deadline = time.monotonic() + seconds
    while not (result := what()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return result


class LocalStripe:
    """localstripe in a process of its own."""

    def __init__(self, folder):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.log = open(folder / "localstripe.log", "w")
        self.process = subprocess.Popen(
            [pathlib.Path(sys.executable).parent / "localstripe", "--port", str(self.port), "--from-scratch"],
            stdout=self.log, stderr=subprocess.STDOUT, env=os.environ | {"TMPDIR": str(folder)},
        )  # fmt: skip
        until(self.listens)

    def listens(self):
        assert self.process.poll() is None
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.log.close()

    def ask(self, method, target, fields=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"}
            connection.request(method, target, urllib.parse.urlencode(fields), headers)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, body
            return json.loads(body) if body else None
        finally:
            connection.close()

    def intent(self, payment):
        """The PaymentIntents that name this payment: one, unless money moved twice."""
        intents = self.ask("GET", "/v1/payment_intents?limit=100")["data"]
        (intent,) = [each for each in intents if each["metadata"].get("reference") == payment]
        return intent


@pytest.fixture(scope="module")
def localstripe(tmp_path_factory):
    program = LocalStripe(tmp_path_factory.mktemp("localstripe"))
    yield program
    program.stop()


@pytest.fixture(scope="module")
def drawbridge(tmp_path_factory, localstripe):
    gateway = {
        "adapter": "stripe",
        "base_url": f"http://127.0.0.1:{localstripe.port}",
        "allow_private_addresses": True,
        "settings": {"secret_key": f"text:{KEY}", "account": "acct_localstripe"},
        "callback": {"secrets": [f"text:{SECRET}"]},
        # Nothing but a webhook tells what happens behind the program's back.
        "inquiry": {"first_after": "1h", "max": "1h"},
    }
    program = Drawbridge(
        tmp_path_factory.mktemp("drawbridge"), {"curl": {"auth": "none"}}, gateways={GATEWAY: gateway},
        routes=[{"gateways": [GATEWAY]}],
    )  # fmt: skip
    hook = f"http://{program.addresses['callbacks']}/callbacks/{GATEWAY}"
    localstripe.ask("POST", "/_config/webhooks/drawbridge", [("url", hook), ("secret", SECRET)])
    yield program
    program.stop()


@pytest.fixture
def ask(drawbridge):
    def ask(method, target, body=None, status=None):
        headers = [("X-Tenant-Id", "curl")]
        if method == "POST":
            headers.append(("Idempotency-Key", f"localstripe-{next(numbers)}"))
        answer, text = drawbridge.ask(method, target, body, headers=headers)
        shown = json.loads(text)
        assert status is None or answer.status == status, shown
        return shown

    return ask


@pytest.fixture
def pay(ask):
    def pay(token="pm_card_visa", capture="automatic", status=201):
        order = {
            "amount": 1099, "currency": "USD", "reference": "localstripe", "capture": capture,
            "method": {"type": "card", "card": {"token": token}},
        }  # fmt: skip
        return ask("POST", "/v1/payments", order, status)

    return pay


def heard(drawbridge, result):
    """How many webhooks had this result, as the metrics say."""
    _, text = drawbridge.ask("GET", "/metrics", listener="admin")
    name = f'drawbridge_callbacks_total{{gateway="{GATEWAY}",result="{result}"}} '
    return sum(float(line.removeprefix(name)) for line in text.decode().splitlines() if line.startswith(name))


def test_a_payment_is_one_captured_intent(pay, localstripe):
    paid = pay()
    assert (paid["status"], paid["amount_captured"]) == ("succeeded", 1099)
    intent = localstripe.intent(paid["id"])
    assert (intent["id"], intent["status"], intent["amount"]) == (paid["gateway_reference"], "succeeded", 1099)


def test_an_authorisation_is_captured_in_part(pay, ask, localstripe):
    held = pay(capture="manual")
    assert held["status"] == "authorized"
    assert localstripe.intent(held["id"])["status"] == "requires_capture"
    captured = ask("POST", f"/v1/payments/{held['id']}/capture", {"amount": 600}, 200)
    assert (captured["status"], captured["amount_captured"]) == ("succeeded", 600)
    intent = localstripe.intent(held["id"])
    # localstripe plays what a capture leaves as given back.
    assert (intent["status"], intent["latest_charge"]["amount_refunded"]) == ("succeeded", 499)


def test_an_authorisation_is_cancelled(pay, ask, localstripe):
    held = pay(capture="manual")
    assert ask("POST", f"/v1/payments/{held['id']}/void", status=200)["status"] == "canceled"
    assert localstripe.intent(held["id"])["status"] == "canceled"


def test_a_payment_is_given_back_in_parts(pay, ask, localstripe):
    paid = pay()
    for amount in (300, 799):
        refund = ask("POST", f"/v1/payments/{paid['id']}/refunds", {"amount": amount}, 201)
        assert (refund["status"], refund["amount"]) == ("succeeded", amount), refund
        held = localstripe.ask("GET", f"/v1/refunds/{refund['gateway_reference']}")
        assert held["metadata"] == {"reference": refund["id"], "payment": paid["id"]}
        assert held["amount"] == amount
    assert localstripe.intent(paid["id"])["latest_charge"]["amount_refunded"] == 1099


def test_a_refused_card_is_a_failed_payment(pay, localstripe):
    refused = pay("pm_card_chargeCustomerFail")
    assert refused["status"] == "failed"
    assert refused["failure"]["gateway_code"] == "card_declined", refused
    assert localstripe.intent(refused["id"])["status"] == "requires_payment_method"


def test_a_token_that_stripe_does_not_know_is_a_rejected_request(pay):
    rejected = pay("pm_there_is_none")
    assert (rejected["status"], rejected["failure"]["category"]) == ("failed", "invalid_request"), rejected


def test_a_webhook_tells_what_was_captured_behind_our_back(drawbridge, pay, ask, localstripe):
    held = pay(capture="manual")
    localstripe.ask("POST", f"/v1/payment_intents/{held['gateway_reference']}/capture")
    shown = until(lambda: (read := ask("GET", f"/v1/payments/{held['id']}", status=200))["status"] == "succeeded" and read)
    assert shown["amount_captured"] == 1099
    assert heard(drawbridge, "applied") >= 1
    events = ask("GET", "/v1/events?limit=500", status=200)["data"]
    causes = [each["cause"] for each in events if each["data"]["id"] == held["id"]]
    assert causes == ["response", "callback"]


def test_a_webhook_under_another_secret_is_refused(drawbridge, pay, ask, localstripe):
    hook = f"http://{drawbridge.addresses['callbacks']}/callbacks/{GATEWAY}"
    localstripe.ask("POST", "/_config/webhooks/drawbridge", [("url", hook), ("secret", "whsec_another")])
    try:
        held = pay(capture="manual")
        before = heard(drawbridge, "bad_signature")
        localstripe.ask("POST", f"/v1/payment_intents/{held['gateway_reference']}/capture")
        until(lambda: heard(drawbridge, "bad_signature") > before)
        assert ask("GET", f"/v1/payments/{held['id']}", status=200)["status"] == "authorized"
    finally:
        localstripe.ask("POST", "/_config/webhooks/drawbridge", [("url", hook), ("secret", SECRET)])
