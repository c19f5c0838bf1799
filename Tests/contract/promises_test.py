"""The judge of the Toxiproxy scenarios (mocks/scenarios) is held to its word: it finds each promise that is broken."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "mocks" / "scenarios"))

from promises import broken, never_went_on  # noqa: E402 - found only now


def payment(status, gateway=None, amount=1000):
    return {"status": status, "gateway": gateway, "amount": amount}


HELD = {"bank": 1000}


@pytest.mark.parametrize(
    ("shown", "held"),
    [
        (payment("succeeded", "bank"), HELD), (payment("authorized", "bank"), HELD), (payment("failed"), {}),
        (payment("canceled"), {}),
    ],
)  # fmt: skip
def test_what_agrees_is_right(shown, held):
    assert broken({"pay_1": shown}, {"pay_1": held} if held else {}) == []


@pytest.mark.parametrize(
    ("promise", "shown", "held"),
    [
        ("P1", payment("succeeded", "bank"), {"bank": 1000, "other": 1000}),
        ("P1", payment("manual_review"), {"bank": 1000, "other": 1000}),
        ("P2", payment("processing"), {}), ("P2", payment("queued"), {}), ("P2", payment("requires_action", "bank"), {}),
        ("P2", payment("manual_review"), {}), ("P2", payment("manual_review", "bank"), HELD),
        ("P2", None, HELD), ("P2", None, {}),
        ("P3", payment("succeeded", "bank"), {}), ("P3", payment("succeeded", "bank"), {"other": 1000}),
        ("P3", payment("succeeded", "bank"), {"bank": 999}), ("P3", payment("authorized", "bank"), {}),
        ("P3", payment("succeeded"), HELD), ("P3", payment("failed"), HELD), ("P3", payment("canceled"), HELD),
    ],
)  # fmt: skip
def test_what_is_broken_is_found(promise, shown, held):
    found = broken({"pay_1": shown}, {"pay_1": held, "pay_of_another_scenario": HELD})
    assert promise in {sentence.split()[0] for sentence in found}


@pytest.mark.parametrize(("shown", "held"), [(payment("manual_review"), {}), (payment("manual_review", "bank"), HELD)])
def test_an_operator_is_asked_only_where_one_may_be(shown, held):
    payments, holders = {"pay_1": shown}, {"pay_1": held}
    assert broken(payments, holders, {"pay_1"}) == []
    assert broken(payments, holders, {"pay_2"}) != []


@pytest.mark.parametrize(
    ("promise", "shown", "held"),
    [
        ("P1", payment("manual_review"), {"bank": 1000, "other": 1000}), ("P2", payment("processing"), {}), ("P2", None, {}),
        ("P3", payment("failed"), HELD),
    ],
)  # fmt: skip
def test_an_operator_excuses_nothing_else(promise, shown, held):
    found = broken({"pay_1": shown}, {"pay_1": held}, {"pay_1"})
    assert {sentence.split()[0] for sentence in found} == {promise}


def test_one_payment_has_to_go_on():
    stayed, went = payment("succeeded", "bank"), payment("succeeded", "other")
    assert never_went_on([stayed, None, payment("failed"), went], "other") == []
    assert never_went_on([stayed, None, payment("failed")], "other") != []
    assert never_went_on([], "other") != []
