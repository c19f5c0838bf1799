"""What was measured, to be read."""

import sys

GREEN, RED, BOLD, PLAIN = "\033[32m", "\033[31m", "\033[1m", "\033[0m"


def printed(results, goals):
    sections = [section(results[name]) for name, section in SECTIONS.items() if name in results]
    if goals:
        sections.append([_bold(_row("goal", "measured", "bound", "")), *(_goal(goal) for goal in goals)])
    return "\n\n".join("\n".join(lines) for lines in sections)


def _coloured(text, colour):
    return f"{colour}{text}{PLAIN}" if sys.stdout.isatty() else text


def _bold(text):
    return _coloured(text.rstrip(), BOLD)


def _aligned(values, widths):
    return "".join(f"{value:>{width}}" for value, width in zip(values, widths, strict=True))


# MARK: Goals


def _row(name, measured, bound, verdict):
    return f"{name:<52}{measured:>14}{bound:>12}   {verdict}"


def _goal(goal):
    verdict = _coloured("held", GREEN) if goal.held else _coloured(f"MISSED: {goal.times:.3g} × the bound", RED)
    sign = "≥" if goal.at_least else "≤"
    measured = f"{goal.measured:.{goal.digits}f} {goal.unit}".rstrip()
    return _row(goal.name, measured, f"{sign} {goal.bound:g} {goal.unit}".rstrip(), verdict)


# MARK: Benchmarks

COLUMNS = {
    "": 13, "CPU µs": 9, "bank µs": 9, "Redis µs": 10, "req/s": 7, "p50 ms": 8, "p99 ms": 8, "p99.9 ms": 10, "peak MB": 9,
    "threads": 9, "handshakes": 12,
}  # fmt: skip


def _comparison(result):
    cpu, ratio = result["cpu"], result["ratio"]
    return [
        _bold(f"{result['in_flight']} in flight; CPU of each process for one request"),
        _bold(_aligned(COLUMNS, COLUMNS.values())),
        *(_round(each) for each in result["rounds"]),
        f"median CPU: Drawbridge {cpu['drawbridge']:.1f} µs, Redis {cpu['redis']:.1f} µs beside it,"
        f" Envoy {cpu['envoy']:.1f} µs; Drawbridge/Envoy {ratio['median']:.2f} ({ratio['least']:.2f} to {ratio['most']:.2f})",
    ]


def _round(each):
    values = [
        f"{each['target']} {each['round']}", f"{each['cpu'][each['target']]:.1f}", f"{each['cpu']['bank']:.1f}",
        # Envoy has no Redis.
        f"{each['cpu']['redis']:.1f}" if each["target"] == "drawbridge" else "-",
        f"{each['per_second']:.0f}", *(f"{each[name]:.1f}" for name in ("p50", "p99", "p99_9")),
        f"{each['peak_memory']:.0f}", each["threads"], each["handshakes"],
    ]  # fmt: skip
    return _aligned(values, COLUMNS.values())


def _round_trips(result):
    def kinds(when):
        return ", ".join(f"{count:.2f} {name}" for name, count in sorted(result["by_kind"][when].items())) or "none"

    return [
        _bold("round trips to Redis for one payment, by what they touch"),
        f"before its answer: {kinds('before')}",
        f"afterwards: {kinds('after')}",
    ]


TIMES = {"": 28, "p50 ms": 9, "p99 ms": 9, "p99.9 ms": 10, "requests": 10, "not sent": 10}


def _times(title, loads):
    rows = [
        (name, *(f"{load[each]:.2f}" for each in ("p50", "p99", "p99_9")), load["requests"], load["dropped"])
        for name, load in loads.items()
    ]
    return [_bold(title), *(_aligned(row, TIMES.values()) for row in (TIMES, *rows))]


def _latency(result):
    return _times(f"{result['rate']} requests a second", result["measured"])


def _flood(result):
    measured = {f"fast bank, {name}": load for name, load in result["fast"].items() if name != "warm-up"}
    slow = {f"slow bank, {name}": load | {"dropped": 0} for name, load in result["slow"].items()}
    title = f"{result['at_once']} at once ({result['most_in_flight']} in flight) at a bank that takes 3 s"
    return _times(title, slow | measured)


def _callbacks(result):
    payment, callback = result["payment"], result["callback"]
    return [
        _bold(f"{result['count']} callbacks"),
        f"CPU: {callback['drawbridge']:.1f} µs a callback, Redis {callback['redis']:.1f} µs beside it;"
        f" {payment['drawbridge']:.1f} µs a payment, Redis {payment['redis']:.1f} µs;"
        f" {result['load']['requests'] / result['load']['seconds']:.0f} callbacks a second",
    ]


def _start(result):
    ready = ", ".join(f"{each:.0f}" for each in result["ready"])
    return [_bold("start"), f"ready after {ready} ms; {result['threads']} threads while nothing comes"]


SECTIONS = {
    "comparison": _comparison, "round-trips": _round_trips, "latency": _latency, "flood": _flood, "callbacks": _callbacks,
    "start": _start,
}  # fmt: skip
