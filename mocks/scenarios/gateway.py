"""The gateways that the mocks play: how each is started and how Drawbridge is told of it."""

from dataclasses import dataclass, field

SECRET = "k3y-for-scenarios-only"


@dataclass(frozen=True)
class Gateway:
    name: str
    adapter: str
    # The subcommand of mock-gateways, and what it needs beside what all take.
    command: str
    arguments: list
    settings: dict
    # Who takes a payment, in order.
    route: list
    currency: str
    method: dict
    # Payments wait until the payer has paid, whom the scenario then plays.
    has_payer: bool = False
    callback: dict = field(default_factory=dict)


CARD = {"type": "card", "card": {"token": "tok_scenarios"}}
BANK_ARGUMENTS = ["--client-ca", "ca.pem", "--tenant", "scenarios", "--key-id", "key-1", "--secret", f"text:{SECRET}"]
BANK_SETTINGS = {"tenant": "scenarios", "key_id": "key-1", "secret": f"text:{SECRET}"}

GATEWAYS = [
    Gateway("bank-hmac", "bank-hmac", "bank", BANK_ARGUMENTS, BANK_SETTINGS, ["bank-hmac", "bank-b"], "BRL", CARD),
    # Behind no proxy: where payments go when they may.
    Gateway("bank-b", "bank-hmac", "bank", BANK_ARGUMENTS, BANK_SETTINGS, ["bank-b"], "BRL", CARD),
]
