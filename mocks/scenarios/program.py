"""A program that runs beside the scenarios."""

import json
import os
import queue
import subprocess
import threading


class DidNotStart(Exception):
    """What a program wrote instead of starting."""


class Program:
    """Runs until `stop`. Its output is kept, the last lines of it."""

    LINES = 200
    START = 30.0
    STOP = 10.0

    def __init__(self, arguments):
        self.name = os.path.basename(arguments[0])
        self._lines, self._output = queue.Queue(), []
        try:
            self._process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip
        except OSError as error:
            raise DidNotStart(f"{self.name}: {error}") from error
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            self._output = [*self._output[1 - self.LINES :], line]
            self._lines.put(line)
        self._lines.put(None)

    def await_line(self, matches):
        """The first line from here on that matches."""
        try:
            while (line := self._lines.get(timeout=self.START)) is not None:
                if matches(line):
                    return line
        except queue.Empty:
            pass
        raise DidNotStart(f"{self.name}:\n{self.output}")

    def await_json(self, **members):
        """The first line from here on that is a JSON object with these members."""

        def matches(line):
            try:
                value = json.loads(line)
            except ValueError:
                return False
            return isinstance(value, dict) and members.items() <= value.items()

        return json.loads(self.await_line(matches))

    @property
    def output(self):
        return "".join(self._output)

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
