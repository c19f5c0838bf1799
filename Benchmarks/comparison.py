"""Envoy and Drawbridge in turn over one bank, with 64 requests in flight: what each costs."""

import time
from dataclasses import dataclass
from statistics import median

import accounting
import configuration
import redis_statistics
import wrk
from books import Books
from process import Process
from rig import Drawbridge

IN_FLIGHT = 64
# What follows a payment in the background (its event leaves the outbox) belongs to its cost. No longer: what Drawbridge does
# all the time does not.
AFTERWARDS = 0.4


@dataclass(frozen=True)
class Target:
    name: str
    process: Process
    url: str
    # How payments.lua signs and words its requests.
    speaks: str
    drawbridge: Drawbridge | None = None

    def load(self, run, seconds):
        load = wrk.drive(
            "payments.lua", self.url, connections=IN_FLIGHT, seconds=seconds, RUN=f"{self.name}-{run}", TARGET=self.speaks,
            TENANT=configuration.TENANT,
        )  # fmt: skip
        time.sleep(AFTERWARDS)
        return load


class Comparison:
    name = "comparison"

    def __init__(self, rounds=3, seconds=5, warm_up=2):
        self._rounds, self._seconds, self._warm_up = rounds, seconds, warm_up

    def run(self, rig, tell):
        with rig.drawbridge("comparison") as drawbridge:
            targets = [
                Target("envoy", rig.envoy, rig.envoy_url, "bank"),
                Target("drawbridge", drawbridge.process, drawbridge.api, "drawbridge", drawbridge),
            ]
            for target in targets:
                tell(f"warming up {target.name}")
                target.load("warm", self._warm_up)
            rounds = [self._round(rig, number, target, tell) for number in range(1, self._rounds + 1) for target in targets]
        broken = [f"{each['target']}, round {each['round']}: {sentence}" for each in rounds for sentence in each.pop("broken")]
        return {"in_flight": IN_FLIGHT, "rounds": rounds, **self._summary(rounds)}, broken

    def _round(self, rig, number, target, tell):
        books = Books(rig.bank, target.drawbridge)
        measured = {"bank": rig.bank.process, "redis": rig.redis, target.name: target.process}
        counters, commands = rig.bank.counters(), redis_statistics.commands(rig.redis_port)
        before = {each: accounting.cpu(process.pid) for each, process in measured.items()}
        load = target.load(number, self._seconds)
        used = {each: accounting.cpu(process.pid) - before[each] for each, process in measured.items()}
        commands = redis_statistics.difference(commands, redis_statistics.commands(rig.redis_port))
        after = rig.bank.counters()
        # More than were answered: wrk ends by the clock and leaves some behind, which cost all the same.
        charges = after["requests"]["charge"] - counters["requests"]["charge"]
        result = {
            "round": number, "target": target.name, **load, "per_second": load["requests"] / load["seconds"],
            "cpu": {each: spent / charges for each, spent in used.items()},
            "redis_commands": {each: calls / charges for each, calls in commands.items()},
            "peak_memory": accounting.memory(target.process.pid, "VmHWM"), "threads": accounting.threads(target.process.pid),
            "handshakes": after["handshakes"] - counters["handshakes"], "charges": charges,
            "broken": books.broken(load, IN_FLIGHT),
        }  # fmt: skip
        tell(
            f"round {number} {target.name}: {result['cpu'][target.name]:.1f} µs of CPU a request,"
            f" {result['per_second']:.0f} requests a second, p99 {result['p99']:.1f} ms"
        )
        return result

    @staticmethod
    def _summary(rounds):
        cost = {name: [each["cpu"][name] for each in rounds if each["target"] == name] for name in ("envoy", "drawbridge")}
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
