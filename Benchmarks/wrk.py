"""As many requests as connections can carry, by wrk with one thread."""

import json
import os
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


class LoadFailed(Exception):
    """What wrk wrote in the place of a summary."""


def start(script, url, *, connections, seconds, **environment):
    """The running wrk. Names in capitals go to the script."""
    return subprocess.Popen(
        ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", "--timeout", "60s",
         "--script", FOLDER / script, url],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | {name: str(value) for name, value in environment.items()},
    )  # fmt: skip


def finish(process):
    """The summary of counting.lua; times in milliseconds."""
    try:
        output, _ = process.communicate()
    except BaseException:
        process.kill()
        process.wait()
        raise
    summaries = [line for line in output.splitlines() if line.startswith("{")]
    if process.returncode or not summaries:
        raise LoadFailed(f"wrk ended with {process.returncode}:\n{output[-2000:]}")
    return json.loads(summaries[-1])


def drive(script, url, **options):
    return finish(start(script, url, **options))
