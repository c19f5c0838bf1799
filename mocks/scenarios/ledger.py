"""What the gateways say that they hold, which is the truth that Drawbridge's words are held against."""

from http_json import ask


class Ledgers:
    def __init__(self, controls):
        """Takes the URL of each gateway's control API, by its name."""
        self._controls = controls

    def holders(self):
        """For each payment of which money is held, at which gateways how much."""
        holders = {}
        for gateway, url in self._controls.items():
            status, ledger = ask(url, "GET", "/ledger")
            if status != 200:
                raise LookupError(f"{gateway} shows no ledger: {status}")
            for charge in ledger["charges"]:
                if charge["held"] > 0:
                    holders.setdefault(charge["reference"], {})[gateway] = charge["held"]
        return holders

    def settle(self, gateway, payment):
        """The payer pays. Nothing happens where there is nothing to pay any more."""
        ask(self._controls[gateway], "POST", "/settle", {"reference": payment, "status": "APPROVED"})
