"""What the tests share: the served document, and what every refusal must look like."""

import json
import os
import urllib.request

import jsonschema
import pytest
import yaml


@pytest.fixture(scope="session")
def document():
    with urllib.request.urlopen(f"{os.environ['CONTRACT_API']}/openapi.yaml", timeout=10) as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/yaml")
        return yaml.safe_load(answer.read())


@pytest.fixture(scope="session")
def is_problem(document):
    """Checks that an answer is a problem with this status and code."""

    def check(answered, status, code):
        answer, body = answered
        problem = json.loads(body)
        jsonschema.Draft202012Validator(document | {"$ref": "#/components/schemas/Problem"}).validate(problem)
        assert (answer.status, problem["status"], problem["code"]) == (status, status, code), problem
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["X-Request-Id"] == problem["request_id"]
        return answer

    return check
