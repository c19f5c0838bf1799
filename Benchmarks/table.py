"""What was measured, to be read."""

import sys

GREEN, RED, BOLD, PLAIN = "\033[32m", "\033[31m", "\033[1m", "\033[0m"


def printed(results, goals):
    lines = []
    if "comparison" in results:
        lines += _comparison(results["comparison"])
    if goals:
        lines += ["", _row("goal", "measured", "bound", ""), *(_goal(goal) for goal in goals)]
    return "\n".join(lines)


def _coloured(text, colour):
    return f"{colour}{text}{PLAIN}" if sys.stdout.isatty() else text


def _row(name, measured, bound, verdict):
    return f"{name:<58}{measured:>12}{bound:>12}   {verdict}"


def _goal(goal):
    verdict = _coloured("held", GREEN) if goal.held else _coloured(f"MISSED by {goal.miss:.0f} %", RED)
    sign = "≥" if goal.at_least else "≤"
    return _row(goal.name, f"{goal.measured:.2f} {goal.unit}", f"{sign} {goal.bound:g} {goal.unit}", verdict)


COLUMNS = [
    ("round", 11), ("CPU µs", 8), ("bank", 7), ("redis", 7), ("req/s", 8), ("p50", 8), ("p99", 8), ("p99.9", 8),
    ("peak MB", 9), ("threads", 9), ("handshakes", 12),
]  # fmt: skip


def _comparison(result):
    head = "".join(f"{name:>{width}}" for name, width in COLUMNS)
    ratio = result["ratio"]
    return [
        _coloured(f"{result['in_flight']} in flight; CPU in microseconds a request, times in milliseconds", BOLD),
        head,
        *(_round(each) for each in result["rounds"]),
        f"median CPU: Drawbridge {result['cpu']['drawbridge']:.1f} µs, Envoy {result['cpu']['envoy']:.1f} µs;"
        f" ratio {ratio['median']:.2f} (least {ratio['least']:.2f}, most {ratio['most']:.2f})",
    ]


def _round(each):
    values = [
        f"{each['target']} {each['round']}", f"{each['cpu'][each['target']]:.1f}", f"{each['cpu']['bank']:.1f}",
        f"{each['cpu']['redis']:.1f}", f"{each['per_second']:.0f}", *(f"{each[name]:.1f}" for name in ("p50", "p99", "p99_9")),
        f"{each['peak_memory']:.0f}", each["threads"], each["handshakes"],
    ]  # fmt: skip
    return "".join(f"{value:>{width}}" for value, (_, width) in zip(values, COLUMNS, strict=True))
