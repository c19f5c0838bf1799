"""A payment service that signs its requests (signature scheme v1 of protocols/bank-hmac.md)."""

import base64
import hashlib
import hmac
import json
import time

from http_json import ask


class Caller:
    # Longer than any answer takes, also while the store is away.
    TIMEOUT = 30.0

    def __init__(self, url, tenant, key_id, secret):
        self._url, self._tenant, self._key_id, self._secret = url, tenant, key_id, secret.encode()

    def pay(self, key, body):
        """The status and what was answered: a payment or a problem."""
        return self._ask("POST", "/v1/payments", json.dumps(body).encode(), key)

    def payment(self, identifier):
        """The payment as it is now; None when that is not known."""
        status, body = self._ask("GET", f"/v1/payments/{identifier}")
        return body if status == 200 else None

    def _ask(self, method, target, body=b"", key=""):
        timestamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        lines = [method, target, "", hashlib.sha256(body).hexdigest(), self._tenant, key, timestamp]
        signature = base64.b64encode(hmac.digest(self._secret, "\n".join(lines).encode(), "sha256")).decode()
        headers = {
            "X-Tenant-Id": self._tenant, "X-Key-Id": self._key_id, "X-Timestamp": timestamp, "X-Signature": f"v1={signature}",
        }  # fmt: skip
        if key:
            headers |= {"Idempotency-Key": key, "Content-Type": "application/json"}
        return ask(self._url, method, target, body or None, headers, self.TIMEOUT)
