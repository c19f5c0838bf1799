"""What was measured against what issue 6 demands."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Goal:
    name: str
    measured: float
    bound: float
    unit: str = ""
    at_least: bool = False
    # Of what is printed, behind the point.
    digits: int = 2

    @property
    def held(self):
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound

    @property
    def times(self):
        """How many times the bound."""
        return self.measured / self.bound if self.bound else float("inf")

    def written(self):
        return asdict(self) | {"held": self.held}


def goals(results):
    """Of the benchmarks that ran."""
    return [goal for name, judge in JUDGES.items() if name in results for goal in judge(results[name])]


def _comparison(result):
    return [
        Goal("CPU of a payment over Envoy's of a request", result["ratio"]["median"], 2.5, "×"),
        Goal("requests on a reused TLS connection", result["reused"] * 100, 99, "%", at_least=True),
    ]


def _latency(result):
    added = result["added"]["drawbridge"]
    return [
        Goal("added to the bank's own at 500 a second, p50", added["p50"], 1, "ms"),
        Goal("added to the bank's own at 500 a second, p99", added["p99"], 5, "ms"),
    ]


def _round_trips(result):
    return [
        Goal("round trips to Redis that a payment waits for", result["awaited"], 2, digits=1),
        Goal("round trips to Redis for a breaker", result["breaker"], 0, digits=1),
    ]


def _callbacks(result):
    return [Goal("CPU of a callback over that of a payment", result["ratio"], 1.5, "×")]


def _flood(result):
    return [
        Goal("answered 201 with 5,000 in flight", result["decided"], 100, "%", at_least=True),
        Goal("peak memory with 5,000 in flight", result["peak_memory"], 200, "MB", digits=0),
        Goal("threads with 5,000 in flight", result["threads"], 16, digits=0),
        *(
            Goal(f"a fast bank's p99 worse meanwhile, {name}", worse, 10, "%", digits=0)
            for name, worse in result["fast_worse"].items()
        ),
    ]


def _start(result):
    return [
        Goal("start to ready", result["median"], 300, "ms", digits=0),
        Goal("memory while nothing comes", result["idle_memory"], 60, "MB", digits=1),
    ]


JUDGES = {
    "comparison": _comparison, "latency": _latency, "round-trips": _round_trips, "flood": _flood, "callbacks": _callbacks,
    "start": _start,
}  # fmt: skip
