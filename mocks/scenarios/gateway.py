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
    # Its payments may be left to an operator: inquiries are given up within a scenario.
    needs_operator: bool = False
    # Members of the section that differ from the others'.
    section: dict = field(default_factory=dict)


CARD = {"type": "card", "card": {"token": "pm_scenarios"}}
PIX = {"type": "pix", "pix": {"expires_in": 600}}
UPI = {"type": "upi", "upi": {"flow": "collect", "payer_vpa": "payer@bank", "payee_vpa": "shop@bank"}}


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


STRIPE = Gateway(
    "stripe", "stripe", "stripe", ["--secret-key", SECRET, "--callback-secret", CALLBACK_SECRET],
    {"secret_key": SECRET, "account": "acct_scenarios"}, {"secrets": [CALLBACK_SECRET]}, ["stripe", "bank-hmac"], "BRL", CARD,
)  # fmt: skip

NPCI_UPI = Gateway(
    "npci-upi", "npci-upi", "npci-upi",
    [
        *CLIENT_CA, "--client-organisation", "scenarios", "--key-id", "key-1", "--secret", SECRET,
        "--client-payload-key", "{scratch}/drawbridge.pub", "--organisation", "facade", "--payload-key", "{scratch}/facade.key",
        *CALLBACK_KEY,
    ],
    {
        "organisation": "scenarios", "participant_code": "SCN", "keys": [{"id": "key-1", "secret": SECRET}],
        "payload_key": "file:{scratch}/drawbridge.key", "collect_expiry": "1m", "not_found_margin": "1s",
    },
    {
        "organisation": "facade", "keys": CALLBACK_KEYS, "payload_key": "file:{scratch}/facade.pub",
        "client_certificate_subject": CALLBACK_SUBJECT,
    },
    ["npci-upi"], "INR", UPI, has_payer=True,
    # That a request never arrived is proved only when the collect request would have expired (1 min and the margin): inquiries
    # are given up before, and an operator hears of it (R4). All others are given up only after scenarios lose their patience.
    needs_operator=True,
    section={"inquiry": {"first_after": "300ms", "factor": 2, "max": "1s", "give_up_after": "8s"}},
)  # fmt: skip

GATEWAYS = [bank("bank-hmac", ["bank-hmac", "stripe"]), STRIPE, pix("pix", ["pix", "pix-b"]), pix("pix-b", ["pix-b"]), NPCI_UPI]
