"""A drawbridge of a test's own, in front of the mock banks that run.sh has started, and plain requests to it."""

import http.client
import json
import os
import queue
import subprocess
import threading

import yaml

STARTED = os.environ["CONTRACT_CONFIGURATION"]


class Drawbridge:
    """The running program. `addresses` has each listener's, by its name. `changes` are sections that take the place of what is there."""

    def __init__(self, folder, tenants, **changes):
        with open(STARTED) as file:
            self.configuration = yaml.safe_load(file)
        self.configuration["listen"] = {name: {"address": "127.0.0.1:0"} for name in ("api", "callbacks", "admin")}
        self.configuration["tenants"] = tenants
        self.configuration |= changes
        file = folder / "drawbridge.yaml"
        file.write_text(yaml.safe_dump(self.configuration))
        self.process = subprocess.Popen(
            [os.path.join(os.environ["CONTRACT_BIN"], "drawbridge"), "serve", "--config", file],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.log, listening = [], queue.Queue()
        threading.Thread(target=self._read, args=[listening], daemon=True).start()
        self.addresses = {}
        while len(self.addresses) < 3:
            line = listening.get(timeout=30)
            assert line is not None, "".join(self.log)
            self.addresses[line["listener"]] = line["address"]

    def _read(self, listening):
        for line in self.process.stdout:
            self.log.append(line)
            if '"listener":' in line:
                listening.put(json.loads(line))
        listening.put(None)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(timeout=30) == 0, "".join(self.log)

    def ask(self, method, target, body=None, listener="api", headers=()):
        """The answer and its body. Headers are pairs, so that one can occur twice."""
        if isinstance(body, dict):
            body, headers = json.dumps(body).encode(), [("Content-Type", "application/json"), *headers]
        connection = http.client.HTTPConnection(self.addresses[listener], timeout=40)
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()


def script_bank(operation, name):
    """What the mock bank bank-a does with its next request of this kind."""
    connection = http.client.HTTPConnection(os.environ["CONTRACT_BANK_CONTROL"], timeout=10)
    try:
        connection.request("POST", "/misbehave", json.dumps({"operation": operation, "name": name}))
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
    finally:
        connection.close()
