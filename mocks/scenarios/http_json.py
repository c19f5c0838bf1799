"""One HTTP request with JSON in and out."""

import http.client
import json
import urllib.parse


def ask(url, method, target, body=None, headers=(), timeout=10.0):
    """The status and the body read as JSON (None without one). Raises OSError or HTTPException when there is no answer."""
    sent = dict(headers)
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=timeout)
    try:
        connection.request(method, target, body, sent)
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content.strip() else None
    finally:
        connection.close()
