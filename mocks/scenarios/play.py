"""Plays one scenario: pays while something is wrong, and afterwards holds what was said against what is held."""

import contextlib
import http.client
import itertools
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from gateway import GATEWAYS
from promises import broken, never_went_on
from scenario import STORE

# The amounts of one scenario's payments, in minor units; each is told from the others by it.
AMOUNTS = [1001, 1002, 1003, 1004, 1005, 1006]
# Of these the bank declines the first and captures the second only when it is asked to; the last two stay at the gateway
# whose way is bad, the others may go to the next of the route.
DECLINED, AUTHORISED, PINNED = AMOUNTS[0], AMOUNTS[1], AMOUNTS[4:]
# Paid after those, where payments have to go on to the next gateway. What was sent on a connection that was there before may
# have arrived and stays; by then these connections are used up, and on a new one nothing is sent.
LATER = [1007, 1008]
# What nothing gets through; where not even that was felt the scenario tried nothing.
DEADLY = {"timeout", "down"}
# Held while a gateway's way is bad, and while others' payments go on to it: two scenarios of one route run side by side.
WAYS = {gateway.name: threading.Lock() for gateway in GATEWAYS}
# Outcomes of attempts that say how the payment went.
TOLD = {"approved", "declined", "pending", "requires_action"}
# Seconds until every payment has to be at rest after the way is sound again, and until late money has to be back.
PATIENCE = 30.0
PAUSE = 0.15


class Unplayable(Exception):
    """Why a scenario says nothing."""


@dataclass
class Result:
    name: str
    seconds: float = 0.0
    # How many payments were answered so while the way was bad; 0 is no answer.
    answers: Counter = field(default_factory=Counter)
    # How many attempts at gateways ended so, and payments.
    outcomes: Counter = field(default_factory=Counter)
    states: Counter = field(default_factory=Counter)
    broken: list = field(default_factory=list)
    sent: list = field(default_factory=list, repr=False)

    @property
    def was_felt(self):
        return bool(self.answers.keys() - {201} or self.outcomes.keys() - TOLD)


@dataclass
class Sent:
    """One payment of a scenario."""

    caller: object
    gateway: object
    key: str
    body: dict
    # Once it was answered 201 or 202.
    identifier: str | None = None

    @property
    def is_pinned(self):
        return "gateway" in self.body

    def send(self):
        """The status, 0 without an answer. That and 503 prove nothing: the key is to be sent again."""
        try:
            status, answer = self.caller.pay(self.key, self.body)
        except (OSError, http.client.HTTPException):
            return 0
        if status in (201, 202):
            self.identifier = answer["id"]
        elif status not in (409, 429, 503):
            raise Unplayable(f"{self.key}: {status} {answer}")
        return status

    def shown(self):
        try:
            return self.caller.payment(self.identifier)
        except (OSError, http.client.HTTPException):
            return None


def play(scenario, world):
    result, started = Result(scenario.name), time.monotonic()
    after = next_of(scenario)
    waves = [made_for(scenario, world, AMOUNTS), made_for(scenario, world, LATER) if after else []]
    result.sent = [*waves[0], *waves[1]]
    with ThreadPoolExecutor(len(result.sent)) as pool:
        with ways(scenario, after):
            await_good_way(scenario, targets(scenario)[0], world, pool)
            if after:
                await_good_way(scenario, after, world, pool)
            with scenario.applied(world.toxiproxy):
                for wave in waves:
                    result.answers.update(pool.map(Sent.send, wave))
        shown = judge(result, world, pool)
    if after:
        result.broken += never_went_on([shown.get(sent.identifier) for sent in result.sent if not sent.is_pinned], after.name)
    if scenario.kind in DEADLY and not result.was_felt:
        result.broken.append("nothing was felt of it: does Drawbridge go through the proxy?")
    result.seconds = time.monotonic() - started
    return result


def afterwards(results, world):
    """All payments once more: what arrived at a gateway late may have changed what was right before."""
    result, started = Result("afterwards", sent=[sent for result in results for sent in result.sent]), time.monotonic()
    with ThreadPoolExecutor(len(AMOUNTS)) as pool:
        judge(result, world, pool)
    result.seconds = time.monotonic() - started
    return result


def judge(result, world, pool):
    result.broken, shown = settle(result.sent, world, pool)
    for payment in filter(None, shown.values()):
        result.states[payment["status"]] += 1
        result.outcomes.update(attempt["outcome"] for attempt in payment["attempts"])
    return shown


def next_of(scenario):
    """The gateway to which the scenario's payments have to go on; None where they need not or cannot."""
    if scenario.target == STORE or scenario.kind not in DEADLY:
        return None
    after = targets(scenario)[0].route[1:2]
    return next((gateway for gateway in GATEWAYS if gateway.name in after), None)


@contextlib.contextmanager
def ways(scenario, after):
    """No other scenario spoils or needs these ways inside the block."""
    names = {scenario.target} | ({after.name} if after else set())
    with contextlib.ExitStack() as held:
        # Always in the same order, so that none waits for the other.
        for name in sorted(names & WAYS.keys()):
            held.enter_context(WAYS[name])
        yield


def await_good_way(scenario, gateway, world, pool):
    """Pays until all goes well at once: no breaker is open any more from the scenario before, and connections are kept."""
    end = time.monotonic() + PATIENCE
    caller = world.caller(gateway.name, of_store=scenario.target == STORE)
    for attempt in itertools.count():
        trials = []
        for amount in AMOUNTS:
            wanted = body(gateway, amount, scenario.name) | {"gateway": gateway.name}
            trials.append(Sent(caller, gateway, f"{scenario.name}-{amount}-before-{attempt}", wanted))
        if set(pool.map(Sent.send, trials)) == {201}:
            break
        if time.monotonic() > end:
            raise Unplayable(f"the way to {gateway.name} is bad before anything was done to it")
        time.sleep(PAUSE)
    if gateway.has_payer:
        for trial in trials:
            world.ledgers.settle(gateway.name, trial.identifier)


def targets(scenario):
    """The gateways that the scenario's payments are for."""
    return [gateway for gateway in GATEWAYS if scenario.target in (STORE, gateway.name)]


def body(gateway, amount, reference):
    return {"amount": amount, "currency": gateway.currency, "reference": reference[:64], "method": gateway.method}


def made_for(scenario, world, amounts):
    payments = []
    for number, amount in enumerate(amounts):
        gateway = targets(scenario)[number % len(targets(scenario))]
        wanted = body(gateway, amount, scenario.name)
        if amount == DECLINED and not gateway.has_payer:
            wanted["description"] = "mock:declined_insufficient_funds"
        if amount == AUTHORISED and not gateway.has_payer:
            wanted["capture"] = "manual"
        if amount in PINNED:
            wanted["gateway"] = gateway.name
        caller = world.caller(gateway.name, of_store=scenario.target == STORE)
        payments.append(Sent(caller, gateway, f"{scenario.name}-{amount}", wanted))
    return payments


def play_payer(payment, world):
    """Pays what waits for it, where the payer was sent."""
    if payment["status"] == "requires_action" or payment.get("processing_reason") == "awaiting_gateway":
        world.ledgers.settle(payment["gateway"] or payment["attempts"][-1]["gateway"], payment["id"])


def settle(payments, world, pool):
    """Waits until all is as promised, or patience ends. What is wrong then, and the payments."""
    end = time.monotonic() + PATIENCE
    while True:
        list(pool.map(Sent.send, [payment for payment in payments if payment.identifier is None]))
        known = [payment for payment in payments if payment.identifier]
        shown = {payment.identifier: state for payment, state in zip(known, pool.map(Sent.shown, known), strict=True)}
        under_review = {payment.identifier for payment in known if payment.gateway.needs_operator}
        wrong = [f"P2 {payment.key}: never taken" for payment in payments if payment.identifier is None]
        wrong += broken(shown, world.ledgers.holders(), under_review)
        if not wrong or time.monotonic() > end:
            return wrong, shown
        for payment in filter(None, shown.values()):
            play_payer(payment, world)
        time.sleep(PAUSE)
