"""Requests at a constant rate, by k6."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from wrk import FOLDER, LoadFailed


class K6:
    """A run of arrivals.js, from its making on. Capitals go to the script."""

    def __init__(self, program, **environment):
        self._folder = tempfile.TemporaryDirectory(prefix="drawbridge-bench-")
        self._summary = Path(self._folder.name) / "summary.json"
        environment |= {"SUMMARY": self._summary}
        self._process = subprocess.Popen(
            [program, "run", "--quiet", "--no-usage-report", "--address", "", FOLDER / "arrivals.js"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=os.environ | {name: str(value) for name, value in environment.items()},
        )  # fmt: skip

    def finish(self):
        """The summary of arrivals.js; times in milliseconds."""
        with self._folder:
            try:
                output, _ = self._process.communicate()
            except BaseException:
                self.stop()
                raise
            if self._process.returncode or not self._summary.exists():
                raise LoadFailed(f"k6 ended with {self._process.returncode}:\n{output[-2000:]}")
            summary = json.loads(self._summary.read_text())
            # Those that k6 did not get to send are no requests.
            return summary | {"refused": summary.pop("failed"), "unanswered": 0}

    def stop(self):
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()
