"""What the program sends to a Pix provider, held against the API's schemas: the bodies are read from the mock's own log."""

import http.client
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import pytest
from program import Drawbridge

HERE = pathlib.Path(__file__).resolve().parent
CERTIFICATES = HERE.parents[1] / "config" / "certificates"
KEY = "7d9f0335-8dcc-4054-9bf9-0dbd61d36906"
SCHEMAS = json.loads((HERE / "pix_schemas.json").read_text())
# Which body stands where; the groups are the ids of the path.
KINDS = {
    ("PUT", r"/api/v2/cob/([^/]+)", ("Txid",)): "Charge",
    ("PATCH", r"/api/v2/cob/([^/]+)", ("Txid",)): "Removal",
    ("PUT", r"/api/v2/pix/([^/]+)/devolucao/([^/]+)", ("EndToEndId", "RefundId")): "Refund",
}


def validate(name, value):
    jsonschema.Draft202012Validator(SCHEMAS | {"$ref": f"#/$defs/{name}"}).validate(value)


class Provider:
    """A running `mock-gateways pix`."""

    def __init__(self):
        program = pathlib.Path(os.environ["CONTRACT_BIN"]) / "mock-gateways"
        self.process = subprocess.Popen(
            [program, "pix", "--port", "0", "--control-port", "0", "--certificate", CERTIFICATES / "server.pem",
             "--key", CERTIFICATES / "server.key", "--client-ca", CERTIFICATES / "ca.pem", "--client-id", "acme",
             "--client-secret", "text:p1x-secret"], stdout=subprocess.PIPE)  # fmt: skip
        ready = json.loads(self.process.stdout.readline())
        self.port, self.control_port = ready["port"], ready["control_port"]

    def control(self, method, target, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.control_port, timeout=10)
        try:
            connection.request(method, target, json.dumps(body))
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 200, text
            return json.loads(text)
        finally:
            connection.close()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(timeout=30) == 0

    def requests(self):
        return self.control("PUT", "/mockserver/retrieve?type=REQUESTS&format=JSON", {})


@pytest.fixture(scope="module")
def provider():
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def drawbridge(provider, tmp_path_factory):
    gateway = {
        "adapter": "pix", "base_url": f"https://127.0.0.1:{provider.port}/api/v2", "allow_private_addresses": True,
        "settings": {
            "token_url": f"https://127.0.0.1:{provider.port}/oauth/token", "client_id": "acme",
            "client_secret": "text:p1x-secret", "key": KEY,
        },
        "tls": {
            "ca": str(CERTIFICATES / "ca.pem"), "certificate": str(CERTIFICATES / "client.pem"),
            "key": str(CERTIFICATES / "client.key"),
        },
    }  # fmt: skip
    program = Drawbridge(
        tmp_path_factory.mktemp("pix"), {"curl": {"auth": "none"}}, gateways={"pix-a": gateway},
        routes=[{"gateways": ["pix-a"]}],
    )  # fmt: skip
    yield program
    program.stop()


class Payer:
    def __init__(self, drawbridge, provider):
        self.drawbridge, self.provider = drawbridge, provider
        self.keys = 0

    def ask(self, target, body=None):
        self.keys += 1
        answer, text = self.drawbridge.ask(
            "POST", target, body, headers=[("X-Tenant-Id", "curl"), ("Idempotency-Key", f"pix-{self.keys}")]
        )
        return answer.status, json.loads(text)

    def pay(self, amount=1000, description=None, **pix):
        order = {"amount": amount, "currency": "BRL", "reference": "order-1", "method": {"type": "pix", "pix": pix}}
        status, payment = self.ask("/v1/payments", order | ({"description": description} if description else {}))
        assert (status, payment["status"]) == (201, "requires_action"), payment
        return payment["id"]

    def settle(self, payment):
        self.provider.control("POST", "/settle", {"reference": payment, "status": "APPROVED"})
        assert self.ask(f"/v1/payments/{payment}/sync")[1]["status"] == "succeeded"


@pytest.fixture(scope="module")
def sent(drawbridge, provider):
    """Every request that a life with all that can be said has led to."""
    payer = Payer(drawbridge, provider)
    paid = payer.pay()
    payer.pay(amount=1)
    payer.pay(amount=999_999_999_999, expires_in=86_400)
    payer.pay(payer_tax_id="39053344705", payer_name="Ana", key="a@example.com", description="Pedido 17 \u00e7 \"\U0001f600\"\n")
    payer.pay(payer_tax_id="12ABC34501DE35", payer_name="Empresa SA", expires_in=60, key="k" * 77)
    assert payer.ask(f"/v1/payments/{payer.pay()}/void")[0] == 200
    payer.settle(paid)
    for amount in (1, 250, None):
        status, refund = payer.ask(f"/v1/payments/{paid}/refunds", {"amount": amount} if amount else None)
        assert status in (201, 202), refund
    return provider.requests()


def kind(request):
    for (method, path, ids), name in KINDS.items():
        found = re.fullmatch(path, request["path"])
        if request["method"] == method and found:
            return name, list(zip(ids, found.groups(), strict=True))
    return None, []


def test_every_body_is_one_that_the_api_describes(sent):
    seen = []
    for request in sent:
        name, ids = kind(request)
        if name is None:
            assert request["method"] == "GET" or request["path"] == "/oauth/token", request["path"]
            assert request["method"] == "POST" or "body" not in request
            continue
        validate(name, request["body"]["json"])
        for identifier, value in ids:
            validate(identifier, value)
        seen.append(name)
    assert {name: seen.count(name) for name in set(seen)} == {"Charge": 6, "Removal": 1, "Refund": 3}


def test_every_request_carries_a_token_that_was_asked_for_once(sent):
    tokens = [request for request in sent if request["path"] == "/oauth/token"]
    assert len(tokens) == 1
    assert tokens[0]["headers"]["Authorization"][0].startswith("Basic ")
    assert tokens[0]["body"].startswith("grant_type=client_credentials&scope=")
    assert {request["headers"]["Authorization"][0] for request in sent if request not in tokens} == {"Bearer mock-pix-token-1"}


CHARGE = {"calendario": {"expiracao": 3600}, "valor": {"original": "37.00"}, "chave": KEY}
DEBTOR = {"cpf": "39053344705", "nome": "Ana"}


@pytest.mark.parametrize(
    "name, value",
    [
        ("Charge", CHARGE | {"valor": {"original": amount}})
        for amount in ("0.00", "37.0", "37", "12345678901.00", "-1.00", 37, "37,00", " 37.00")
    ]
    + [("Charge", {member: value for member, value in CHARGE.items() if member != left_out}) for left_out in CHARGE]
    + [
        ("Charge", CHARGE | change)
        for change in (
            {"devedor": DEBTOR | {"cnpj": "12345678000195"}}, {"devedor": {"nome": "Ana"}}, {"devedor": {"cpf": "39053344705"}},
            {"devedor": DEBTOR | {"cpf": "390.533.447-05"}}, {"calendario": {"expiracao": "3600"}}, {"chave": "k" * 78},
            {"solicitacaoPagador": "x" * 141}, {"txid": "x"},
        )
    ]
    + [("Removal", {"status": "ATIVA"}), ("Removal", {"status": "REMOVIDA_PELO_USUARIO_RECEBEDOR", "chave": KEY})]
    + [("Refund", {}), ("Refund", {"valor": 7.89}), ("Refund", {"valor": "7.89", "motivo": "x"})]
    + [("Txid", "abc-123"), ("Txid", "a" * 36), ("Txid", "pay_" + "0" * 26), ("EndToEndId", "E" + "1" * 33), ("RefundId", "")],
)  # fmt: skip
def test_the_schemas_refuse_what_the_api_does_not_take(name, value):
    with pytest.raises(jsonschema.ValidationError):
        validate(name, value)
