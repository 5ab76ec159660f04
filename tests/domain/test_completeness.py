"""Completeness and timeliness: who is counted where."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.completeness import UnitState, completeness, is_submitted

STATES = [
    UnitState("440100", "accepted", "on_time"),
    UnitState("440200", "submitted", "late"),
    UnitState("440300", None, None),
    UnitState("440400", "draft", None),
    UnitState("440500", "returned", "on_time"),
    UnitState("440606", "returned", None),
    UnitState("440700", None, None, True),
    UnitState("440800", "submitted", "on_time", True),
]


@pytest.mark.parametrize(
    ("status", "timeliness", "counts"),
    [
        ("submitted", "on_time", True),
        ("submitted", "late", True),
        ("accepted", "late", True),
        ("returned", "on_time", True),
        ("returned", None, False),
        ("draft", None, False),
        (None, None, False),
    ],
)
def test_a_report_counts_from_its_first_complete_submission(status, timeliness, counts):
    assert is_submitted(UnitState("440100", status, timeliness)) is counts


def test_every_unit_is_in_the_lists_it_belongs_to():
    body = completeness(STATES)

    assert body["lists"] == {
        "expected": ["440100", "440200", "440300", "440400", "440500", "440606", "440700", "440800"],
        "submitted": ["440100", "440200", "440500", "440800"],
        "on_time": ["440100", "440500", "440800"],
        "late": ["440200"],
        "missing": ["440300", "440400", "440606"],
        "excused": ["440700"],
        "returned": ["440500", "440606"],
        "accepted": ["440100"],
    }
    assert {name: body[name] for name in body["lists"]} == {
        name: len(units) for name, units in body["lists"].items()
    }


def test_rates_are_over_expected_units_without_the_excused_and_exact():
    rates = completeness(STATES)["rates"]

    assert rates["submitted"] == {
        "numerator": 4,
        "denominator": 7,
        "ratio": "0.571428571429",
        "display": "57.1%",
    }
    assert rates["on_time"]["display"] == "42.9%"
    assert rates["accepted"]["display"] == "14.3%"
    assert "excused" not in rates


def test_no_expected_unit_gives_no_rate():
    body = completeness([])

    assert body["expected"] == 0
    assert {rate["ratio"] for rate in body["rates"].values()} == {None}
    assert {rate["display"] for rate in body["rates"].values()} == {"—"}


def test_a_unit_that_is_only_in_the_ledger_is_missing():
    body = completeness([UnitState("440300", None, None)])

    assert body["lists"]["missing"] == ["440300"]


STATE = st.sampled_from([(s.status, s.timeliness) for s in STATES])


@given(st.lists(STATE, max_size=30), st.randoms(use_true_random=False))
def test_the_parts_always_make_the_whole_in_any_order(states, rnd: random.Random):
    units = [UnitState(f"{440000 + i}", *state) for i, state in enumerate(states)]

    body = completeness(units)

    assert body["submitted"] + body["missing"] == body["expected"]
    assert body["on_time"] + body["late"] == body["submitted"]
    assert set(body["lists"]["accepted"]) <= set(body["lists"]["submitted"])
    assert completeness(rnd.sample(units, len(units))) == body
