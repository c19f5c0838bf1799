"""The gateways that the mocks play: how each is started and how Drawbridge is told of it."""

from dataclasses import dataclass, field

# In the texts below {certificates} is the folder of the development certificates, {scratch} that of the keys made for this
# run, {address} where Drawbridge reaches the gateway and {callbacks} where the gateway calls back.
SECRET = "text:k3y-for-scenarios-only"
CALLBACK_SECRET = "text:c4llback-key-for-scenarios"
CALLBACK_KEY = ["--callback-key-id", "callback-1", "--callback-secret", CALLBACK_SECRET]
CALLBACK_KEYS = [{"id": "callback-1", "secret": CALLBACK_SECRET}]
# Of config/make-certificates.sh's client certificate, which every mock shows when it calls back.
CALLBACK_SUBJECT = "CN=drawbridge"
CLIENT_CA = ["--client-ca", "{certificates}/ca.pem"]


@dataclass(frozen=True)
class Gateway:
    name: str
    adapter: str
    # The subcommand of mock-gateways, and what it needs beside what all take.
    command: str
    arguments: list
    settings: dict
    callback: dict
    # Who takes a payment, in order.
    route: list
    currency: str
    method: dict
    base_url: str = "https://{address}"
    # Payments wait until the payer has paid, whom the scenario then plays; they are neither declined nor only authorised.
    has_payer: bool = False
    # Members of the section that differ from the others'.
    section: dict = field(default_factory=dict)


CARD = {"type": "card", "card": {"token": "pm_scenarios"}}
PIX = {"type": "pix", "pix": {"expires_in": 600}}


def bank(name, route):
    arguments = [*CLIENT_CA, "--tenant", "scenarios", "--key-id", "key-1", "--secret", SECRET, *CALLBACK_KEY]
    settings = {"tenant": "scenarios", "key_id": "key-1", "secret": SECRET}
    return Gateway(name, "bank-hmac", "bank", arguments, settings, {"keys": CALLBACK_KEYS}, route, "BRL", CARD)


def pix(name, route):
    arguments = [*CLIENT_CA, "--client-id", "scenarios", "--client-secret", SECRET]
    settings = {
        "token_url": "https://{address}/oauth/token", "client_id": "scenarios", "client_secret": SECRET, "key": "scenarios-key",
        "not_found_final_after": "1s",
    }  # fmt: skip
    return Gateway(
        name, "pix", "pix", arguments, settings, {"client_certificate_subject": CALLBACK_SUBJECT}, route, "BRL", PIX,
        base_url="https://{address}/api/v2", has_payer=True,
    )  # fmt: skip


GATEWAYS = [
    bank("bank-hmac", ["bank-hmac", "bank-b"]), bank("bank-b", ["bank-b"]), pix("pix", ["pix", "pix-b"]), pix("pix-b", ["pix-b"]),
]  # fmt: skip
