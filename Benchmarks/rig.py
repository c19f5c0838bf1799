"""Everything that runs: Redis, mock banks, Envoy before the first of them, and Drawbridge."""

import contextlib
import json
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import configuration
from http_json import ask
from process import Process
from world import free_port

REPOSITORY = Path(__file__).resolve().parents[1]
CERTIFICATES = REPOSITORY / "config" / "certificates"


@dataclass
class Bank:
    process: Process
    port: int
    control: str

    def counters(self):
        return ask(self.control, "GET", "/counters")[1]

    def charges(self):
        """How many the ledger holds."""
        return ask(self.control, "GET", "/ledger")[1]["total"]


@dataclass
class Drawbridge:
    process: Process
    api: str
    callbacks: str
    admin: str
    # Seconds from the spawn until it said that it is ready.
    started: float


class Rig:
    """Ends what it started when it is left, however that is."""

    def __init__(self, programs, tools):
        self._programs, self.tools = Path(programs), tools
        self._running = []
        self._folder = Path(tempfile.mkdtemp(prefix="drawbridge-bench-"))

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            # A second one would leave programs running.
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(self._running):
            process.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self):
        subprocess.run([REPOSITORY / "config" / "make-certificates.sh"], check=True, stdout=subprocess.DEVNULL)
        self._start_redis()
        self.bank = self._start_bank("bank")
        self._start_envoy()

    def _run(self, name, *arguments):
        process = Process(arguments, self._folder / f"{name}.log")
        self._running.append(process)
        return process

    def fallen(self):
        """The programs that have ended by themselves, with what they wrote last."""
        return [f"{process.name}:\n{process.output[-2000:]}" for process in self._running if not process.is_running]

    def _start_redis(self):
        self.redis_port = free_port()
        data = self._folder / "redis"
        data.mkdir()
        self.redis = self._run(
            "redis", "redis-server", "--bind", "127.0.0.1", "--port", self.redis_port, "--dir", data, "--save", "",
            "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction",
        )  # fmt: skip
        self.redis.await_line("Ready to accept connections")

    def _start_bank(self, name):
        process = self._run(name, self._programs / "mock-gateways", *configuration.bank(CERTIFICATES))
        ready = json.loads(process.await_line('"ready":true'))
        return Bank(process, ready["port"], f"http://127.0.0.1:{ready['control_port']}")

    @contextlib.contextmanager
    def another_bank(self, name):
        bank = self._start_bank(name)
        try:
            yield bank
        finally:
            self._end(bank.process)

    def _start_envoy(self):
        port = free_port()
        bootstrap = self._folder / "envoy.json"
        bootstrap.write_text(json.dumps(configuration.envoy(port, self.bank.port, CERTIFICATES)))
        self.envoy_url = f"http://127.0.0.1:{port}"
        self.envoy = self._run(
            "envoy", self.tools.envoy, "--config-path", bootstrap, "--concurrency", 1, "--disable-hot-restart",
            "--log-level", "warning",
        )  # fmt: skip
        # Without a signature: the bank says no, and Envoy has reached it.
        self.envoy.await_true(lambda: self._answers(self.envoy_url, "/v1/charges", 401))

    @staticmethod
    def _answers(url, path, status):
        try:
            return ask(url, "GET", path, timeout=1)[0] == status
        except (OSError, ValueError):
            return False

    @contextlib.contextmanager
    def drawbridge(self, name, redis_port=None, fast_bank=None, gateway=None, payments=None):
        """One with records of its own; `gateway` and `payments` are members of its configuration that differ from the default.

        `fast_bank` is where a second tenant pays.
        """
        ports = {listener: free_port() for listener in ("api", "callbacks", "admin")}
        banks = {"bank": self.bank.port} | ({"fast-bank": fast_bank.port} if fast_bank else {})
        file = self._folder / f"{name}.yaml"
        file.write_text(
            json.dumps(
                configuration.drawbridge(
                    name, ports, redis_port or self.redis_port, banks, CERTIFICATES, gateway or {}, payments or {}
                )
            )
        )
        urls = {listener: f"http://127.0.0.1:{port}" for listener, port in ports.items()}
        spawned = time.monotonic()
        process = self._run(name, self._programs / "drawbridge", "serve", "--config", file)
        try:
            process.await_true(lambda: self._answers(urls["admin"], "/ready", 200), pause=0.002)
            yield Drawbridge(process, started=time.monotonic() - spawned, **urls)
        finally:
            self._end(process)

    def _end(self, process):
        # Ended by itself: `fallen` tells.
        if process.is_running:
            self._running.remove(process)
        process.stop()
