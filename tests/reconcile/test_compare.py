"""Cells side by side: what is equal, what differs, what only one side has; two ways, one answer."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from app.reconcile import SEVEN, compare
from app.reconcile.compare import Figures
from app.reconcile.engine import Engine, load_columns
from app.reconcile.national import compare_tables, load_reported

ZEROS = dict.fromkeys(SEVEN, 0)


def test_equal_figures_match_and_an_explicit_zero_is_a_figure() -> None:
    found = compare({"999900": ZEROS}, {"999900": ZEROS})

    assert found.summary == {
        "compared": 7,
        "matched": 7,
        "mismatched": 0,
        "missing_in_ledger": 0,
        "not_reported": 0,
    }
    assert found.mismatches == []


def test_a_difference_is_positive_when_too_much_was_reported() -> None:
    found = compare(
        {"999900": ZEROS | {"members_total": 1246, "orgs_new": 1}},
        {"999900": ZEROS | {"members_total": 1239, "orgs_new": 3}},
    )

    assert found.mismatches == [
        {
            "unit": "999900",
            "indicator": "members_total",
            "reported": 1246,
            "ledger": 1239,
            "difference": 7,
            "state": "open",
        },
        {
            "unit": "999900",
            "indicator": "orgs_new",
            "reported": 1,
            "ledger": 3,
            "difference": -2,
            "state": "open",
        },
    ]
    assert found.summary["matched"] == 5


def test_a_blank_is_missing_and_no_mismatch() -> None:
    found = compare(
        {"999900": ZEROS | {"orgs_total": 5}, "999806": ZEROS | {"members_added": None}},
        {"999900": ZEROS | {"orgs_total": None}, "999806": ZEROS},
    )

    assert found.missing_in_ledger == [
        {"unit": "999900", "indicator": "orgs_total", "reported": 5, "ledger": None}
    ]
    assert found.not_reported == [
        {"unit": "999806", "indicator": "members_added", "reported": None, "ledger": 0}
    ]
    assert found.mismatches == []
    assert found.summary["compared"] == 12


def test_a_unit_in_the_ledger_alone_has_not_reported() -> None:
    found = compare({}, {"999900": ZEROS})

    assert found.summary["not_reported"] == 7
    assert found.summary["compared"] == 0


def test_the_silence_of_an_expected_unit_counts_and_a_stranger_does_not() -> None:
    found = compare({"999806": ZEROS}, {"999700": ZEROS}, expected_units=["999900", "999806"])

    assert {cell["unit"] for cell in found.not_reported} == {"999900"}
    assert {cell["unit"] for cell in found.missing_in_ledger} == {"999806"}
    assert sum(found.summary[key] for key in ("compared", "missing_in_ledger", "not_reported")) == 14


def test_lists_are_in_the_order_of_units_and_then_of_the_form() -> None:
    other = dict.fromkeys(reversed(SEVEN), 1)

    found = compare({"999900": other, "999806": other}, {"999900": ZEROS, "999806": ZEROS})

    assert [(m["unit"], m["indicator"]) for m in found.mismatches] == [
        (unit, code) for unit in ("999806", "999900") for code in SEVEN
    ]


def test_other_indicators_can_be_compared() -> None:
    found = compare(
        {"999900": {"wechat_groups": 3}}, {"999900": {"wechat_groups": 4}}, indicators=["wechat_groups"]
    )

    assert found.summary["mismatched"] == 1


CODES = ["members_added", "orgs_total"]
VALUES = st.none() | st.integers(0, 2)
SIDES = st.dictionaries(
    st.sampled_from(["2015-04", "2015-05"]),
    st.dictionaries(
        st.sampled_from(["999700", "999806", "999900"]), st.fixed_dictionaries(dict.fromkeys(CODES, VALUES))
    ),
)
Side = Mapping[str, Mapping[str, Figures]]


@settings(max_examples=30, deadline=None)
@given(
    reported=SIDES,
    ledger=SIDES,
    expected=st.none() | st.sets(st.sampled_from(["999806", "999900", "999600"])),
)
def test_the_engine_compares_as_the_plain_function_does(
    engine: Engine, reported: Side, ledger: Side, expected: set[str] | None
) -> None:
    periods = ["2015-04", "2015-05"]
    load_reported(engine, reported, CODES)
    rows = [(period, unit, figures) for period, units in ledger.items() for unit, figures in units.items()]
    columns = {
        "period": ("VARCHAR", [period for period, _, _ in rows]),
        "unit": ("VARCHAR", [unit for _, unit, _ in rows]),
    }
    figures = {code: ("BIGINT", [values[code] for _, _, values in rows]) for code in CODES}
    load_columns(engine, "rolled", {**columns, **figures})

    found = compare_tables(engine, periods=periods, expected_units=expected, indicators=CODES)

    assert found == {
        period: compare(
            reported.get(period, {}), ledger.get(period, {}), expected_units=expected, indicators=CODES
        )
        for period in periods
    }
