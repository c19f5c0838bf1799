"""5,000 payments at once to a bank that takes 3 s, while others pay at a second, fast one."""

import resource
import threading

import accounting
import configuration
import prometheus
import wrk
from books import Books
from k6 import K6
from program import DidNotStart

AT_ONCE = 5_000
# Each connection pays twice: first all connections to the bank are made, then they are there.
PAYMENTS = 2 * AT_ONCE
SLOW = "mock:slow_before=3000"
FAST_RATE = 100
# A connection to the caller, one to the bank, and as many more for what else there is.
FILES = 3 * AT_ONCE
# What has to be more than by default for so many to be at the bank at once, and for 3 s not to be too long.
GATEWAY = {"limits": {"concurrency": 2 * AT_ONCE}, "timeout": {"connect": "15s", "attempt": "20s"}}
PAYMENT = {"deadline": "30s"}
# It ends when all were answered, before.
LIMIT = 120


class Flood:
    name = "flood"

    def __init__(self, seconds=8, warm_up=2):
        self._seconds, self._warm_up = seconds, warm_up

    def run(self, rig, tell):
        if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < FILES:
            raise DidNotStart(f"{AT_ONCE} payments at once need {FILES} open files for each process (ulimit -Hn)")
        with rig.drawbridge(self.name, gateway=GATEWAY, payments=PAYMENT) as drawbridge:
            tell(f"the fast bank alone, {FAST_RATE} payments a second")
            self._fast(rig, drawbridge, "warm", self._warm_up).finish()
            alone = self._fast(rig, drawbridge, "alone", self._seconds).finish()
            tell(f"{AT_ONCE} at once at a bank that takes 3 s, and the fast bank meanwhile")
            books, fast_books = Books(rig.bank), Books(rig.fast_bank)
            with Watch(drawbridge) as watch:
                slow = wrk.start(
                    "payments.lua", drawbridge.api, connections=AT_ONCE, seconds=LIMIT, RUN="flood", TARGET="drawbridge",
                    TENANT=configuration.TENANT, COUNT=PAYMENTS, DESCRIPTION=SLOW,
                )  # fmt: skip
                fast = self._fast(rig, drawbridge, "meanwhile", self._seconds)
                try:
                    load = wrk.finish(slow)
                finally:
                    meanwhile = fast.finish()
            pid = drawbridge.process.pid
            result = {
                "at_once": AT_ONCE, "load": load, "most_in_flight": watch.most_in_flight, "threads": watch.most_threads,
                "peak_memory": accounting.memory(pid, "VmHWM"), "alone": alone, "meanwhile": meanwhile,
                "fast_worse": (meanwhile["p99"] / alone["p99"] - 1) * 100,
            }  # fmt: skip
            return result, self._broken(drawbridge, books, fast_books, load, alone, meanwhile)

    def _broken(self, drawbridge, books, fast_books, load, alone, meanwhile):
        broken = books.broken(load, 0)
        fast = {"requests": meanwhile["requests"], "refused": meanwhile["failed"], "unanswered": 0}
        broken += [f"fast bank: {sentence}" for sentence in fast_books.broken(fast, 0)]
        # Of all kinds, for wrk knows only whether an answer was an error: a payment that was still processing is none.
        decided = prometheus.total(
            drawbridge.admin, "http_server_request_duration_seconds_count", http_response_status_code="201"
        )
        warm = self._warm_up * FAST_RATE
        if decided < load["requests"] + alone["requests"] + meanwhile["requests"] + warm - 1:
            broken.append(f"only {decided:.0f} payments were answered 201")
        return broken

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
