"""As many requests as connections can carry, by wrk with one thread."""

import json
import os
import signal
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
        output = _until_the_end(process)
    except BaseException:
        process.kill()
        raise
    finally:
        process.stdout.close()
        process.wait()
    summaries = [line for line in output if line.startswith("{")]
    if process.returncode or not summaries:
        raise LoadFailed(f"wrk ended with {process.returncode}:\n{''.join(output)[-2000:]}")
    return json.loads(summaries[-1])


def _until_the_end(process):
    output = []
    for line in process.stdout:
        output.append(line)
        if line == "all answered\n":
            # It would sleep until its time is over.
            process.send_signal(signal.SIGINT)
    return output


def drive(script, url, **options):
    return finish(start(script, url, **options))
