"""5,000 payments at once to a bank that takes 3 s, while others pay at a second, fast one."""

import resource
import threading
import time

import accounting
import configuration
import prometheus
import wrk
from books import Books
from k6 import K6
from program import DidNotStart

AT_ONCE = 5_000
SLOW = "mock:slow_before=3000"
FAST_RATE = 200
# Payments of each wave: one for each connection while those to the bank are made, then two while they are there.
WAVES = {"connecting": AT_ONCE, "connected": 2 * AT_ONCE}
# A connection to the caller, one to the bank, and as many more for what else there is.
FILES = 3 * AT_ONCE
# What has to be more than by default for so many to be at the bank at once, and for 3 s not to be too long.
GATEWAY = {"limits": {"concurrency": 2 * AT_ONCE}, "timeout": {"connect": "15s", "attempt": "20s"}}
PAYMENT = {"deadline": "30s"}
# It ends when all were answered, before.
LIMIT = 120


class Flood:
    name = "flood"

    def __init__(self, seconds=6, warm_up=2):
        self._seconds, self._warm_up = seconds, warm_up

    def run(self, rig, tell):
        if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < FILES:
            raise DidNotStart(f"{AT_ONCE} payments at once need {FILES} open files for each process (ulimit -Hn)")
        with (
            rig.another_bank("fast-bank") as fast_bank,
            rig.drawbridge(self.name, fast_bank=fast_bank, gateway=GATEWAY, payments=PAYMENT) as drawbridge,
            Watch(drawbridge) as watch,
        ):
            slow_books, fast_books = Books(rig.bank), Books(fast_bank)
            tell(f"the fast bank alone, {FAST_RATE} payments a second")
            fast = {"warm-up": self._fast(rig, drawbridge, "warm-up", self._warm_up).finish()}
            fast["alone"] = self._fast(rig, drawbridge, "alone", self._seconds).finish()
            slow = {}
            for name, payments in WAVES.items():
                tell(f"{AT_ONCE} at once at a bank that takes 3 s, {name}, and the fast bank meanwhile")
                slow[name], fast[name] = self._wave(rig, drawbridge, name, payments)
            pid = drawbridge.process.pid
            result = {
                "at_once": AT_ONCE, "slow": slow, "fast": fast, "most_in_flight": watch.most_in_flight,
                "threads": watch.most_threads, "peak_memory": accounting.memory(pid, "VmHWM"),
                "fast_worse": {name: (fast[name]["p99"] / fast["alone"]["p99"] - 1) * 100 for name in WAVES},
            }  # fmt: skip
            result["answers"] = answers = self._answers(drawbridge)
            result["decided"] = answers.get("201", 0) / max(1, sum(answers.values())) * 100
            # What was refused, or told that it is not decided yet, is a goal missed. More charges than requests are not.
            held = slow_books.held() + fast_books.held()
            asked = sum(self._together(load)["requests"] for load in (slow, fast))
            enough = answers.get("201", 0) <= held <= asked
            return result, [] if enough else [f"flood: of {answers} the banks hold {held}, and {asked} were asked for"]

    def _wave(self, rig, drawbridge, name, payments):
        """The summaries of both."""
        fast = self._fast(rig, drawbridge, name, self._seconds)
        try:
            # k6 begins later than it starts.
            time.sleep(1)
            slow = wrk.drive(
                "payments.lua", drawbridge.api, connections=AT_ONCE, seconds=LIMIT, RUN=f"flood-{name}", TARGET="drawbridge",
                TENANT=configuration.TENANT, COUNT=payments, DESCRIPTION=SLOW,
            )  # fmt: skip
        except BaseException:
            fast.stop()
            raise
        return slow, fast.finish()

    @staticmethod
    def _together(loads):
        return {what: sum(load[what] for load in loads.values()) for what in ("requests", "refused", "unanswered")}

    @staticmethod
    def _answers(drawbridge):
        """How many got which status: the clients know only what is an error, and a payment still processing is none."""
        name = "http_server_request_duration_seconds_count"
        return {
            dict(labels)["http_response_status_code"]: int(count)
            for (each, labels), count in prometheus.read(drawbridge.admin).items()
            if each == name and ("http_route", "/v1/payments") in labels
        }

    @staticmethod
    def _fast(rig, drawbridge, run, seconds):
        return K6(
            rig.tools.k6, RATE=FAST_RATE, SECONDS=seconds, RUN=f"fast-{run}", TENANT=configuration.FAST_TENANT,
            TARGET="drawbridge", URL=drawbridge.api,
        )  # fmt: skip


class Watch:
    """Looks now and then how many payments are in flight and how many threads carry them."""

    EVERY = 0.5

    def __init__(self, drawbridge):
        self._drawbridge, self._over = drawbridge, threading.Event()
        self.most_in_flight = self.most_threads = 0

    def __enter__(self):
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _look(self):
        while not self._over.wait(self.EVERY):
            self.most_threads = max(self.most_threads, accounting.threads(self._drawbridge.process.pid))
            try:
                in_flight = int(prometheus.total(self._drawbridge.admin, "drawbridge_in_flight"))
            except OSError:
                # It has too much to do to say.
                continue
            self.most_in_flight = max(self.most_in_flight, in_flight)
