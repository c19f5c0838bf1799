"""What Drawbridge adds to the bank's own time at 500 payments a second."""

import configuration
from books import Books
from k6 import K6
from rig import CERTIFICATES

RATE = 500
# Go reads whom to trust from the second.
MUTUAL_TLS = {"CERTIFICATES": CERTIFICATES, "SSL_CERT_FILE": CERTIFICATES / "ca.pem"}
PERCENTILES = ("p50", "p99", "p99_9")


class Latency:
    name = "latency"

    def __init__(self, seconds=8, warm_up=2):
        self._seconds, self._warm_up = seconds, warm_up

    def run(self, rig, tell):
        with rig.drawbridge(self.name) as drawbridge:
            # The bank first and last would be fairer still; it takes too long.
            ways = {
                "bank": ({"TARGET": "bank", "URL": f"https://127.0.0.1:{rig.bank.port}", **MUTUAL_TLS}, None),
                "envoy": ({"TARGET": "bank", "URL": rig.envoy_url}, None),
                "drawbridge": ({"TARGET": "drawbridge", "URL": drawbridge.api}, drawbridge),
            }
            measured, broken = {}, []
            for name, (environment, books_of) in ways.items():
                tell(f"{RATE} requests a second to {name}")
                self._load(rig, f"warm-{name}", self._warm_up, environment)
                books = Books(rig.bank, books_of)
                load = self._load(rig, name, self._seconds, environment)
                measured[name] = load
                broken += [f"{name}: {sentence}" for sentence in books.broken(load, 0)]
                tell(f"{name}: p50 {load['p50']:.2f} ms, p99 {load['p99']:.2f} ms")
        added = {
            name: {each: measured[name][each] - measured["bank"][each] for each in PERCENTILES}
            for name in ("envoy", "drawbridge")
        }
        return {"rate": RATE, "measured": measured, "added": added}, broken

    @staticmethod
    def _load(rig, run, seconds, environment):
        return K6(
            rig.tools.k6, RATE=RATE, SECONDS=seconds, RUN=f"latency-{run}", TENANT=configuration.TENANT, **environment
        ).finish()
