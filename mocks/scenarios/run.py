#!/usr/bin/env python3
"""Pays through bad connections and holds Drawbridge's words against what the gateways hold.

Each scenario puts one toxic of Toxiproxy on the way to one gateway or to Redis, sends payments, takes the toxic away and
waits until every payment is final or under review. Then no payment may be held at two gateways (P1), none answered 201 or
202 may be lost (P2), and what is said of each must be what the ledgers of the mock gateways say (P3).

TOXIPROXY_URL names a running Toxiproxy (http://127.0.0.1:8474); the mocks and Redis then take the ports of
mocks/toxiproxy.json. Without it `mock-gateways toxiproxy` is started, and everything takes free ports.

Exit codes: 0 all promises hold, 1 one was broken, 2 the scenarios could not be run.
"""

import argparse
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time

from gateway import GATEWAYS
from play import Result, afterwards, play
from program import DidNotStart
from scenario import STORE, scenarios
from toxiproxy_api import Refused
from world import POPULATION, REPOSITORY, World

BROKEN, CANNOT_RUN = 1, 2
# The only gateway to which the way is never bad: pix goes on to it.
WITHOUT_PROXY = {"pix-b"}


def arguments():
    parser = argparse.ArgumentParser(
        prog="mocks/scenarios/run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", action="store_true", help="list the scenarios and end")
    parser.add_argument(
        "--only", metavar="NAME", action="append", default=[],
        help="play this scenario, or all whose name begins so: stripe, redis/latency; may be repeated",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object a line, a summary at the end")
    parser.add_argument(
        "--bin", metavar="FOLDER", help="where drawbridge and mock-gateways are; default: swift build --show-bin-path"
    )
    return parser.parse_args()


def chosen(only):
    # Each gateway has a route.
    targets = [name for name in (*(gateway.name for gateway in GATEWAYS), STORE) if name not in WITHOUT_PROXY]
    if missing := set(targets) - {proxy["name"] for proxy in json.loads(POPULATION.read_text())}:
        raise LookupError(f"{POPULATION} has no proxy for {', '.join(sorted(missing))}")
    everything = scenarios(targets)
    for name in only:
        if not any(matches(scenario, name) for scenario in everything):
            raise LookupError(f"no scenario is called {name}; see --list")
    return [scenario for scenario in everything if not only or any(matches(scenario, name) for name in only)]


def matches(scenario, name):
    return scenario.name == name or scenario.name.startswith(f"{name}/")


def programs():
    return subprocess.run(
        ["swift", "build", "--show-bin-path"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.strip()


def counted(counts):
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "none"


class Report:
    """One line for each scenario when it is over, and one for all of them afterwards."""

    def __init__(self, scenarios, as_json):
        self._scenarios, self._as_json, self._started = scenarios, as_json, time.monotonic()
        self.results = []
        self.failed = 0

    def add(self, result):
        self.results.append(result)
        self.failed += bool(result.broken)
        if self._as_json:
            self._line(
                name=result.name, ok=not result.broken, seconds=round(result.seconds, 2), answers=result.answers,
                attempts=result.outcomes, payments=result.states, broken=result.broken,
            )  # fmt: skip
        else:
            self._describe(result)

    def _describe(self, result):
        place = f"[{len(self.results):>2}/{self._scenarios + 1}] {'BROKEN' if result.broken else 'ok':<6}"
        told = f"answers {counted(result.answers)}; attempts {counted(result.outcomes)}; payments {counted(result.states)}"
        print(f"{place} {result.name:<32} {result.seconds:5.1f} s  {told}", flush=True)
        for sentence in result.broken:
            print(f"         {sentence}", flush=True)

    def end(self, toxiproxy, fallen):
        """`fallen` are the programs that did not last until here."""
        self.failed += bool(fallen)
        seconds = time.monotonic() - self._started
        if self._as_json:
            self._line(
                scenarios=self._scenarios, failed=self.failed, fallen=fallen, seconds=round(seconds, 2), toxiproxy=toxiproxy
            )
            return
        for program in fallen:
            print(f"ended by itself: {program}", flush=True)
        what = f"BROKEN: {self.failed}" if self.failed else "all promises held"
        print(f"{self._scenarios} scenarios in {seconds:.0f} s behind Toxiproxy {toxiproxy}: {what}", flush=True)

    @staticmethod
    def _line(**members):
        print(json.dumps(members), flush=True)


def play_all(group, world, results):
    """One scenario after the other; there is a result for each, whatever happens."""
    for scenario in group:
        try:
            results.put(play(scenario, world))
        except Exception as error:
            results.put(Result(scenario.name, broken=[f"could not be played: {error!r}"]))


def run(options):
    playing = chosen(options.only)
    if options.list:
        print("\n".join(scenario.name for scenario in playing))
        return 0
    report = Report(len(playing), options.json)
    with World(options.bin or programs(), os.environ.get("TOXIPROXY_URL")) as world:
        # A gateway's scenarios come one after the other, those of different gateways and of Redis side by side.
        results = queue.Queue()
        for target in dict.fromkeys(scenario.target for scenario in playing):
            group = [scenario for scenario in playing if scenario.target == target]
            # A daemon, so that an interruption does not wait for it.
            threading.Thread(target=play_all, args=[group, world, results], daemon=True).start()
        for _ in playing:
            report.add(results.get())
        report.add(afterwards(report.results, world))
        report.end(world.toxiproxy.version(), world.fallen())
    return BROKEN if report.failed else 0


def main():
    # So that what was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return run(arguments())
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except (DidNotStart, Refused, LookupError, subprocess.CalledProcessError, OSError) as error:
        print(f"cannot run the scenarios: {error}", file=sys.stderr)
        return CANNOT_RUN


if __name__ == "__main__":
    sys.exit(main())
