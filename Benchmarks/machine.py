"""What the machine did meanwhile that was none of ours."""

import os
import resource
import time
from pathlib import Path

# user, nice, system, irq, softirq, steal in the first line of /proc/stat. The others are no work, or are counted there already.
BUSY = (0, 1, 2, 5, 6, 7)


class Machine:
    """Looks from its making on."""

    def __init__(self):
        self._began, self._busy, self._ours = time.monotonic(), self._all(), self._own()

    def others(self):
        """The share of all CPUs that processes used which we did not start, in percent. Ours must have ended."""
        others = (self._all() - self._busy) - (self._own() - self._ours)
        return max(0.0, others / (time.monotonic() - self._began) / os.cpu_count() * 100)

    @staticmethod
    def _all():
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        return sum(int(fields[index]) for index in BUSY) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def _own():
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in used)
