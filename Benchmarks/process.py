"""A program that is measured: its output goes to a file, where reading it costs nobody anything meanwhile."""

import os
import subprocess
import time
from pathlib import Path

from program import DidNotStart


class Process:
    START = 20.0
    # Nothing is left to be finished when it comes to this: what counts was answered.
    STOP = 5.0

    def __init__(self, arguments, log):
        self.name, self.log = os.path.basename(str(arguments[0])), Path(log)
        try:
            with self.log.open("wb") as output:
                self._process = subprocess.Popen(
                    [str(argument) for argument in arguments],
                    stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                )  # fmt: skip
        except OSError as error:
            raise DidNotStart(f"{self.name}: {error}") from error
        self.pid = self._process.pid

    def await_true(self, is_ready, pause=0.02):
        deadline = time.monotonic() + self.START
        while not is_ready():
            if not self.is_running or time.monotonic() > deadline:
                raise DidNotStart(f"{self.name}:\n{self.output[-2000:]}")
            time.sleep(pause)

    def await_line(self, text):
        """The first line that holds it."""
        self.await_true(lambda: text in self.output)
        return next(line for line in self.output.splitlines() if text in line)

    @property
    def output(self):
        return self.log.read_text(errors="replace")

    @property
    def is_running(self):
        return self._process.poll() is None

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(self.STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
