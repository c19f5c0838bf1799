"""What a callback costs beside a payment: verified, applied, acknowledged."""

import tempfile
import time
from pathlib import Path

import accounting
import configuration
import prometheus
import wrk
from books import Books
from comparison import AFTERWARDS, IN_FLIGHT

# Inquiries about what is pending would come between; they are late, not off.
INQUIRY = {"first_after": "2m", "max": "5m"}
# It ends when all were answered, long before.
LIMIT = 60


class Callbacks:
    name = "callbacks"

    def __init__(self, count=4000):
        self._count = count

    def run(self, rig, tell):
        with (
            tempfile.TemporaryDirectory(prefix="drawbridge-bench-") as folder,
            rig.drawbridge(self.name, gateway={"inquiry": INQUIRY}) as drawbridge,
        ):
            file = Path(folder) / "payments"
            tell("warming up")
            self._load("payments.lua", drawbridge.api, "warm", COUNT=self._count // 4)
            tell(f"taking {self._count} payments, for their cost")
            books = Books(rig.bank, drawbridge)
            payment, paid = self._measured(drawbridge, rig, "payments.lua", drawbridge.api, "paid", COUNT=self._count)
            # Also so that none of them succeeds later, among those that are called back for.
            broken = books.broken(paid, 0)
            tell(f"taking {self._count} payments that the bank leaves pending")
            # The bank answers 202 for each: not a failure.
            pending = self._load(
                "payments.lua", drawbridge.api, "pending", COUNT=self._count, PAYMENTS=file, DESCRIPTION="mock:pending"
            )
            tell("calling back for each")
            before = self._told(drawbridge)
            callback, load = self._measured(drawbridge, rig, "callbacks.lua", drawbridge.callbacks, "callbacks", PAYMENTS=file)
            applied, succeeded = (after - first for after, first in zip(self._told(drawbridge), before, strict=True))
        if pending["refused"] or pending["unanswered"] or load["refused"] or load["unanswered"]:
            broken.append(f"not all were answered: pending payments {pending}, callbacks {load}")
        if applied != self._count or succeeded != self._count:
            broken.append(f"{self._count} callbacks: {applied} were applied, {succeeded} payments succeeded")
        ratio = callback["drawbridge"] / payment["drawbridge"]
        return {"count": self._count, "payment": payment, "callback": callback, "load": load, "ratio": ratio}, broken

    @staticmethod
    def _told(drawbridge):
        return (
            prometheus.total(drawbridge.admin, "drawbridge_callbacks_total", gateway="bank", result="applied"),
            prometheus.total(drawbridge.admin, "drawbridge_payments_total", status="succeeded"),
        )

    @staticmethod
    def _load(script, url, run, **environment):
        load = wrk.drive(
            script, url, connections=IN_FLIGHT, seconds=LIMIT, RUN=run, TARGET="drawbridge", TENANT=configuration.TENANT,
            **environment,
        )  # fmt: skip
        time.sleep(AFTERWARDS)
        return load

    def _measured(self, drawbridge, rig, *load, **environment):
        """Microseconds of CPU for each, and the summary of the load."""
        measured = {"drawbridge": drawbridge.process, "redis": rig.redis}
        before = {name: accounting.cpu(process.pid) for name, process in measured.items()}
        summary = self._load(*load, **environment)
        used = {name: accounting.cpu(process.pid) - before[name] for name, process in measured.items()}
        return {name: spent / self._count for name, spent in used.items()}, summary
