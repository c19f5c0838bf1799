"""What was measured against what issue 6 demands."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Goal:
    name: str
    measured: float
    bound: float
    unit: str = ""
    at_least: bool = False

    @property
    def held(self):
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound

    @property
    def miss(self):
        """How far beyond the bound, in percent of it; 0 where it was held."""
        return 0.0 if self.held or not self.bound else abs(self.measured - self.bound) / self.bound * 100

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


JUDGES = {"comparison": _comparison}
