"""How long Drawbridge takes until it is ready, and what it holds while nothing comes."""

import time
from statistics import median

import accounting

# Until what was needed for the start alone has settled.
IDLE = 3.0


class Start:
    name = "start"

    def __init__(self, times=3):
        self._times = times

    def run(self, rig, tell):
        tell(f"starting Drawbridge {self._times} times")
        seconds = []
        for number in range(1, self._times + 1):
            with rig.drawbridge(f"start-{number}") as drawbridge:
                seconds.append(drawbridge.started)
                if number == self._times:
                    time.sleep(IDLE)
                    idle = accounting.memory(drawbridge.process.pid, "VmRSS")
                    threads = accounting.threads(drawbridge.process.pid)
        return {"ready": [each * 1000 for each in seconds], "median": median(seconds) * 1000, "idle_memory": idle,
                "threads": threads}, []  # fmt: skip
