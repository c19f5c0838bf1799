"""Envoy and Drawbridge in turn over one bank, with 64 requests in flight: what each costs."""

import time
from statistics import median

import accounting
import configuration
import redis_statistics
import wrk
from books import Books

IN_FLIGHT = 64
# What follows a payment in the background (its event leaves the outbox) belongs to its cost. No longer: what Drawbridge does all
# the time does not.
AFTERWARDS = 0.4


class Comparison:
    name = "comparison"

    def __init__(self, rounds=3, seconds=5, warm_up=2):
        self._rounds, self._seconds, self._warm_up = rounds, seconds, warm_up

    def run(self, rig, tell):
        with rig.drawbridge("comparison") as drawbridge:
            targets = {
                "envoy": (rig.envoy, rig.envoy_url, {"TARGET": "bank"}, None),
                "drawbridge": (drawbridge.process, drawbridge.api, {"TARGET": "drawbridge"}, drawbridge),
            }
            for name, (_, url, environment, _) in targets.items():
                tell(f"warming up {name}")
                self._load(url, f"warm-{name}", self._warm_up, environment)
            rounds = [
                self._round(rig, number, name, *target, tell)
                for number in range(1, self._rounds + 1)
                for name, target in targets.items()
            ]
        broken = [f"{each['target']}, round {each['round']}: {sentence}" for each in rounds for sentence in each.pop("broken")]
        return {"in_flight": IN_FLIGHT, "rounds": rounds, **self._summary(rounds)}, broken

    @staticmethod
    def _load(url, run, seconds, environment):
        load = wrk.drive(
            "payments.lua", url, connections=IN_FLIGHT, seconds=seconds, RUN=run, TENANT=configuration.TENANT, **environment
        )
        time.sleep(AFTERWARDS)
        return load

    def _round(self, rig, number, name, process, url, environment, drawbridge, tell):
        books = Books(rig.bank, drawbridge)
        measured = {"bank": rig.bank.process, "redis": rig.redis, name: process}
        counters, commands = rig.bank.counters(), redis_statistics.commands(rig.redis_port)
        before = {each: accounting.cpu(own.pid) for each, own in measured.items()}
        load = self._load(url, f"{name}-{number}", self._seconds, environment)
        used = {each: accounting.cpu(own.pid) - before[each] for each, own in measured.items()}
        commands = redis_statistics.difference(commands, redis_statistics.commands(rig.redis_port))
        after = rig.bank.counters()
        # More than were answered: wrk ends by the clock and leaves some behind, which cost all the same.
        charges = after["requests"]["charge"] - counters["requests"]["charge"]
        result = {
            "round": number, "target": name, **load, "per_second": load["requests"] / load["seconds"],
            "cpu": {each: time / charges for each, time in used.items()},
            "redis_commands": {each: calls / charges for each, calls in commands.items()},
            "peak_memory": accounting.memory(process.pid, "VmHWM"), "threads": accounting.threads(process.pid),
            "handshakes": after["handshakes"] - counters["handshakes"],
            "charges": charges,
            "broken": books.broken(load, IN_FLIGHT),
        }  # fmt: skip
        tell(
            f"round {number} {name}: {result['cpu'][name]:.1f} µs of CPU a request, {result['per_second']:.0f} requests a second,"
            f" p99 {result['p99']:.1f} ms"
        )
        return result

    @staticmethod
    def _summary(rounds):
        cost = {
            name: [each["cpu"][name] for each in rounds if each["target"] == name] for name in ("envoy", "drawbridge")
        }
        # Each round of Drawbridge's against the one of Envoy's just before it: what else the machine does changes slowly.
        ratios = [ours / envoys for envoys, ours in zip(cost["envoy"], cost["drawbridge"], strict=True)]
        ours = [each for each in rounds if each["target"] == "drawbridge"]
        reused = 1 - sum(each["handshakes"] for each in ours) / sum(each["charges"] for each in ours)
        return {
            "cpu": {name: median(costs) for name, costs in cost.items()}
            | {"redis": median(each["cpu"]["redis"] for each in ours)},
            "ratio": {"median": median(ratios), "least": min(ratios), "most": max(ratios)},
            "reused": reused,
        }
