"""The scenarios: what is wrong with the way to whom."""

import contextlib
from dataclasses import dataclass

DIRECTIONS = ("upstream", "downstream")
STORE = "redis"

# Drawbridge waits 500 ms for a gateway and 500 ms for Redis (world.py): what delays, delays beyond that or up to it.
# Toxicities below 1 leave some connections alone, so that good and bad answers mix.
TOXICS = {
    "latency": (1.0, {"latency": 700, "jitter": 300}),
    "timeout": (1.0, {"timeout": 0}),
    "reset_peer": (0.7, {"timeout": 20}),
    "limit_data": (1.0, {"bytes": 400}),
    "slicer": (0.8, {"average_size": 12, "size_variation": 6, "delay": 6000}),
    "bandwidth": (1.0, {"rate": 1}),
    "slow_close": (0.5, {"delay": 1000}),
}


@dataclass(frozen=True)
class Scenario:
    target: str
    # A toxic's type, or "down".
    kind: str
    # A toxic's stream; None for "down".
    stream: str | None = None

    @property
    def name(self):
        return "/".join(part for part in (self.target, self.kind, self.stream) if part)

    def applied(self, toxiproxy) -> contextlib.AbstractContextManager:
        if self.kind == "down":
            return toxiproxy.down(self.target)
        toxicity, attributes = TOXICS[self.kind]
        return toxiproxy.toxic(self.target, self.kind, self.stream, toxicity, attributes)


def scenarios(targets):
    """Every toxic in both directions, and no connection at all, for each target."""
    kinds = [(kind, stream) for kind in TOXICS for stream in DIRECTIONS] + [("down", None)]
    return [Scenario(target, *kind) for target in targets for kind in kinds]
