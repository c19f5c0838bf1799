#!/usr/bin/env python3
"""Measures what Drawbridge costs beside a bare proxy (Envoy), and holds it to the goals. See README.md.

Exit codes: 0 measured, 1 something broke (a payment without an answer, a ledger that differs), with --hold also a goal that
was missed, 2 the benchmarks could not be run.
"""

import argparse
import datetime
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
# What the scenarios have already: programs, ports, requests.
sys.path.insert(1, str(REPOSITORY / "mocks" / "scenarios"))

from callbacks import Callbacks  # noqa: E402
from comparison import Comparison  # noqa: E402
from flood import Flood  # noqa: E402
from goals import goals  # noqa: E402
from latency import Latency  # noqa: E402
from machine import Machine  # noqa: E402
from program import DidNotStart  # noqa: E402
from rig import Rig  # noqa: E402
from round_trips import RoundTrips  # noqa: E402
from start import Start  # noqa: E402
from table import printed  # noqa: E402
from tools import Tools  # noqa: E402
from wrk import LoadFailed  # noqa: E402

BROKEN, CANNOT_RUN = 1, 2
# Percent of all CPUs that others may use without much harm.
UNDISTURBED = 5
FULL = [Start(), RoundTrips(), Comparison(), Latency(), Flood(), Callbacks()]
QUICK = [Start(times=1), RoundTrips(payments=20), Comparison(rounds=2, seconds=3, warm_up=1), Callbacks(count=1000)]
NAMES = [benchmark.name for benchmark in FULL]


def arguments():
    parser = argparse.ArgumentParser(
        prog="Benchmarks/run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a short look, in about 30 s")
    parser.add_argument("--only", metavar="NAME", action="append", choices=NAMES, help=f"may be repeated: {', '.join(NAMES)}")
    parser.add_argument("--hold", action="store_true", help="fail where a goal is missed")
    parser.add_argument("--json", action="store_true", help="print what was measured as JSON in the place of the table")
    parser.add_argument("--raw", metavar="FILE", help="where the numbers go; default: .build/bench/<time>.json")
    parser.add_argument(
        "--bin", metavar="FOLDER",
        help="where drawbridge and mock-gateways are; default: swift build -c release --show-bin-path",
    )  # fmt: skip
    return parser.parse_args()


def programs():
    return subprocess.run(
        ["swift", "build", "-c", "release", "--show-bin-path"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.strip()


def tell(sentence):
    print(sentence, file=sys.stderr, flush=True)


def raise_file_limit():
    """For what is started too: 5,000 payments in flight are more than 10,000 connections."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def measure(options):
    """Results by the benchmark's name, and what broke, as sentences."""
    tools = Tools(REPOSITORY)
    tools.install()
    results, broken = {}, []
    with Rig(options.bin or programs(), tools) as rig:
        for benchmark in QUICK if options.quick else FULL:
            if options.only and benchmark.name not in options.only:
                continue
            try:
                results[benchmark.name], sentences = benchmark.run(rig, tell)
            except LoadFailed as error:
                sentences = [str(error)]
            broken += [f"{benchmark.name}: {sentence}" for sentence in sentences]
        broken += [f"ended by itself: {program}" for program in rig.fallen()]
    return results, broken


def write(file, report):
    path = Path(file) if file else REPOSITORY / ".build" / "bench" / f"{report['began'].replace(':', '')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")
    tell(f"the numbers are in {path}")


def run(options):
    began = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    started, machine = time.monotonic(), Machine()
    raise_file_limit()
    results, broken = measure(options)
    judged, others = goals(results), machine.others()
    report = {
        "began": began, "seconds": round(time.monotonic() - started, 1), "quick": options.quick,
        "machine": {"cpus": os.cpu_count(), "kernel": platform.release(), "used_by_others": round(others, 1)},
        "results": results, "goals": [goal.written() for goal in judged], "broken": broken,
    }  # fmt: skip
    print(json.dumps(report) if options.json else printed(results, judged), flush=True)
    for sentence in broken:
        tell(f"BROKEN: {sentence}")
    if others > UNDISTURBED:
        tell(f"others used {others:.0f} % of the machine's CPUs meanwhile: do not trust these numbers")
    write(options.raw, report)
    return BROKEN if broken or (options.hold and not all(goal.held for goal in judged)) else 0


def main():
    # So that what was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return run(arguments())
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except (DidNotStart, LookupError, subprocess.CalledProcessError, OSError) as error:
        tell(f"cannot run the benchmarks: {error}")
        return CANNOT_RUN


if __name__ == "__main__":
    sys.exit(main())
