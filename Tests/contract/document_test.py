"""The served document is OpenAPI 3.1, is the one of the sources, and takes nothing away from the contract."""

import copy
import os
import pathlib
import urllib.request

import openapi_spec_validator
import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[2]
SOURCE = ROOT / "Sources/Drawbridge/Resources/openapi.yaml"
CONTRACT = pathlib.Path(os.environ.get("CONTRACT_DOCUMENT", ROOT.parent / "shared/contract/openapi.yaml"))

# Whatever is added to these says more of the same API. An addition anywhere else, such as in a schema, changes a rule.
OPEN_MAPS = {("paths",), ("components", "headers"), ("components", "responses"), ("components", "schemas")}
NOTES = {"description", "summary", "example", "examples"}
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def may_grow_by(path, key):
    if path in OPEN_MAPS:
        return True
    match path:
        case ("paths", _):
            return key in METHODS | NOTES
        case ("paths", _, _):
            return key in NOTES
        case ("paths", _, _, "responses"):
            return True
        case ("paths", _, _, "responses", _) | ("components", "responses", _):
            return key in NOTES | {"headers", "links"}
        case ("paths", _, _, "responses", _, "headers" | "links") | ("components", "responses", _, "headers"):
            return True
    return False


def changes(contract, served, path=()):
    """Pointers to what the served document leaves out, changes or may not add."""
    pointer = "/".join(map(str, path))
    if not (isinstance(contract, dict) and isinstance(served, dict)):
        return [] if type(contract) is type(served) and contract == served else [pointer]
    found = [f"{pointer}/{key} is missing" for key in contract.keys() - served.keys()]
    found += [f"{pointer}/{key} is new" for key in served.keys() - contract.keys() if not may_grow_by(path, key)]
    for key in contract.keys() & served.keys():
        found += changes(contract[key], served[key], (*path, key))
    return sorted(found)


@pytest.fixture(scope="module")
def served():
    with urllib.request.urlopen(f"{os.environ['CONTRACT_API']}/openapi.yaml", timeout=10) as answer:
        return answer.read()


@pytest.fixture(scope="module")
def contract():
    if not CONTRACT.exists():
        pytest.skip(f"the contract is not at {CONTRACT}: whether the served document keeps it was not checked")
    return yaml.safe_load(CONTRACT.read_bytes())


def test_the_program_serves_the_document_of_the_sources(served):
    assert served == SOURCE.read_bytes(), "the program was built before the document last changed"


def test_the_document_is_valid_openapi_3_1(served):
    document = yaml.safe_load(served)
    assert document["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(document, cls=openapi_spec_validator.OpenAPIV31SpecValidator)


def test_the_document_changes_nothing_of_the_contract(contract, served):
    assert changes(contract, yaml.safe_load(served)) == []


ALTERATIONS = {
    "a missing path": lambda it: it["paths"].pop("/v1/gateways"),
    "a missing response": lambda it: it["paths"]["/v1/payments"]["post"]["responses"].pop("409"),
    "a changed description": lambda it: it["info"].update(description="other"),
    "another limit": lambda it: it["components"]["schemas"]["Amount"].update(maximum=5),
    "a number in place of a word": lambda it: it["info"].update(version=1.0),
    "a new rule in a schema": lambda it: it["components"]["schemas"]["Currency"].update(minLength=3),
    "a new member of a payment": lambda it: it["components"]["schemas"]["Payment"]["properties"].update(extra={}),
    "a new required member": lambda it: it["components"]["schemas"]["Payment"]["required"].append("description"),
    "a new problem code": lambda it: it["components"]["schemas"]["Problem"]["properties"]["code"]["enum"].append("new"),
    "a new parameter": lambda it: it["paths"]["/v1/gateways"]["get"]["parameters"].append({"name": "a", "in": "query"}),
    "a new media type": lambda it: it["components"]["responses"]["Problem"]["content"].update({"text/plain": {}}),
    "an operation without security": lambda it: it["paths"]["/v1/payments"]["post"].update(security=[]),
}


@pytest.mark.parametrize("alteration", ALTERATIONS.values(), ids=ALTERATIONS.keys())
def test_an_alteration_is_found(alteration):
    document = yaml.safe_load(SOURCE.read_bytes())
    altered = copy.deepcopy(document)
    alteration(altered)
    assert len(changes(document, altered)) == 1
