"""What a process has used, in the operating system's own words."""

from pathlib import Path


def cpu(pid):
    """Microseconds of CPU of the threads that live: schedstat counts nanoseconds, /proc/PID/stat only ticks."""
    total = 0
    for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(file.read_text().split()[0])
        except OSError:
            # The thread has ended since they were listed.
            continue
    return total / 1e3


def threads(pid):
    return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())


def memory(pid, what):
    """Megabytes: `VmRSS` now, `VmHWM` the most ever."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(what)
