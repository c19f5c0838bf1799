"""What Drawbridge says of itself at /metrics."""

import re
import urllib.request

SERIES = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")


def read(admin):
    """{(name, {(label, value), ...}): number}"""
    with urllib.request.urlopen(f"{admin}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    found = (SERIES.match(line) for line in lines if not line.startswith("#"))
    return {(each[1], frozenset(re.findall(r'(\w+)="([^"]*)"', each[2] or ""))): float(each[3]) for each in found if each}


def total(admin, name, **labels):
    """Of all series of that name that have these labels."""
    return sum(value for (each, own), value in read(admin).items() if each == name and labels.items() <= dict(own).items())
