"""How often a payment waits for Redis: one payment after the other, with a relay in front of Redis that counts."""

import re
import time
from collections import Counter
from statistics import median

import configuration
from caller import Caller
from redis_tap import RedisTap

CREATED = 201
WARM_UP = 20
# Longer than what follows a payment in the background takes.
PAUSE = 0.03

# First keys, behind the prefix (RedisKeys, RedisCallbackKeys, RedisBreakerStore).
KINDS = {
    "payment": r"\{..\}:p:",
    "reference": r"\{g:",
    "index of references": r"\{[0-9a-f]{64}\}",
    "breaker": r"(\{b(reaker)?:|.*breaker)",
    "relay of events": r"(\{..\}:outbox|\{t:)",
    "recovery": r"\{..\}:(due|shelf|tally)",
}
# These serve many payments at once, and run also while there is none.
BACKGROUND = {"relay of events", "recovery", "other"}


def kind(key):
    rest = key.removeprefix(f"{RoundTrips.name}:")
    return next((name for name, pattern in KINDS.items() if re.match(pattern, rest)), "other")


class RoundTrips:
    name = "round-trips"

    def __init__(self, payments=100):
        self._payments = payments

    def run(self, rig, tell):
        tell(f"counting the round trips to Redis of {self._payments} payments")
        with RedisTap(rig.redis_port) as tap, rig.drawbridge(self.name, redis_port=tap.port) as drawbridge:
            key = configuration.TENANT_KEY
            caller = Caller(drawbridge.api, configuration.TENANT, key["id"], key["secret"].removeprefix("text:"))
            paid = [self._pay(caller, tap, number) for number in range(WARM_UP + self._payments)][WARM_UP:]
        awaited = [sum(count for name, count in each["before"].items() if name not in BACKGROUND) for each in paid]
        afterwards = [sum(count for name, count in each["after"].items() if name not in BACKGROUND) for each in paid]
        result = {
            "awaited": median(awaited), "awaited_mean": sum(awaited) / len(paid), "afterwards": median(afterwards),
            "breaker": sum(each[when]["breaker"] for each in paid for when in ("before", "after")) / len(paid),
            "by_kind": {
                when: {name: count / len(paid) for name, count in sum((each[when] for each in paid), Counter()).items()}
                for when in ("before", "after")
            },
        }  # fmt: skip
        answers = Counter(each["status"] for each in paid)
        return result, [f"{count} payments were answered {status}" for status, count in answers.items() if status != CREATED]

    @staticmethod
    def _pay(caller, tap, number):
        first, began = len(tap.trips), time.monotonic()
        body = {
            "amount": 1000, "currency": "BRL", "reference": f"trip-{number}",
            "method": {"type": "card", "card": {"token": "tok_bench"}},
        }  # fmt: skip
        status, _ = caller.pay(f"trip-{number}-{began}", body)
        ended = time.monotonic()
        time.sleep(PAUSE)
        trips = {"before": Counter(), "after": Counter()}
        for trip in tap.trips[first:]:
            # One flush may carry steps of several kinds; it is one round trip, of the payment where one of them is.
            kinds = {kind(key) for _, key in trip.commands}
            own = sorted(kinds - BACKGROUND) or sorted(kinds)
            trips["before" if trip.began < ended else "after"][" and ".join(own)] += 1
        return {"status": status, **trips}
