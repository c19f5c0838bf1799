"""Toxiproxy's HTTP API, as far as the scenarios use it: a real one and ours answer alike."""

import contextlib

from http_json import ask


class Refused(Exception):
    """What Toxiproxy says when it does not do what it was asked."""


class Toxiproxy:
    def __init__(self, url):
        self.url = url.rstrip("/")

    def _ask(self, method, path, body=None):
        status, answer = ask(self.url, method, path, body)
        if status >= 300:
            raise Refused(f"{method} {path}: {status} {(answer or {}).get('error', '')}")
        return answer

    def version(self):
        return self._ask("GET", "/version")["version"]

    def populate(self, proxies):
        """Makes the proxies. Where each listens, by its name."""
        answer = self._ask("POST", "/populate", proxies)
        return {proxy["name"]: proxy["listen"] for proxy in answer["proxies"]}

    def reset(self):
        """Opens every proxy and removes every toxic."""
        self._ask("POST", "/reset")

    def enable(self, proxy, enabled):
        self._ask("POST", f"/proxies/{proxy}", {"enabled": enabled})

    @contextlib.contextmanager
    def toxic(self, proxy, kind, stream, toxicity, attributes):
        """The proxy has the toxic inside the block."""
        name = f"{kind}_{stream}"
        fields = {"name": name, "type": kind, "stream": stream, "toxicity": toxicity, "attributes": attributes}
        self._ask("POST", f"/proxies/{proxy}/toxics", fields)
        try:
            yield
        finally:
            self._ask("DELETE", f"/proxies/{proxy}/toxics/{name}")

    @contextlib.contextmanager
    def down(self, proxy):
        """The proxy takes no connections inside the block."""
        self.enable(proxy, False)
        try:
            yield
        finally:
            self.enable(proxy, True)
