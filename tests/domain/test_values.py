"""The four values: which one counts, where it comes from, and what a reader is told about it."""

import json
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.values import Flag, Source, Value, effective, figures_row


class Indicator(NamedTuple):
    code: str
    authority: str


FORM = [
    Indicator("townships_mobilized", "evidence"),
    Indicator("townships_total", "declared"),
    Indicator("members_total", "ledger"),
    Indicator("townships_funded_20k", "budget"),
]

NOTHING = Value(None, None)


def of(authority, reported, evidenced=None, ledger=None, *, closed=False):
    indicator = Indicator("x", authority)
    return effective(indicator, reported=reported, evidenced=evidenced, ledger=ledger, closed=closed)


@pytest.mark.parametrize(
    ("reported", "ledger", "expected"),
    [
        (250, 250, Value(250, Source.LEDGER)),
        (250, 240, Value(240, Source.LEDGER, (Flag.LEDGER_CORRECTED,))),
        (240, 250, Value(250, Source.LEDGER, (Flag.LEDGER_CORRECTED,))),
        (5, 0, Value(0, Source.LEDGER, (Flag.LEDGER_CORRECTED,))),
        (0, 5, Value(5, Source.LEDGER, (Flag.LEDGER_CORRECTED,))),
        (0, 0, Value(0, Source.LEDGER)),
        (250, None, Value(250, Source.REPORTED, (Flag.UNVERIFIED,))),
        (0, None, Value(0, Source.REPORTED, (Flag.UNVERIFIED,))),
        (None, 250, Value(250, Source.LEDGER, (Flag.NOT_REPORTED,))),
        (None, 0, Value(0, Source.LEDGER, (Flag.NOT_REPORTED,))),
        (None, None, NOTHING),
    ],
)
@pytest.mark.parametrize("closed", [False, True])
def test_the_ledger_decides_its_columns_and_a_blank_in_it_leaves_the_report(
    reported, ledger, expected, closed
):
    assert of("ledger", reported, ledger=ledger, closed=closed) == expected


@pytest.mark.parametrize(
    ("reported", "evidenced", "before_close", "after_close"),
    [
        (10, 10, Value(10, Source.REPORTED), Value(10, Source.EVIDENCE)),
        (10, 12, Value(10, Source.REPORTED), Value(10, Source.EVIDENCE)),
        (
            10,
            4,
            Value(10, Source.REPORTED, (Flag.PENDING,)),
            Value(4, Source.EVIDENCE, (Flag.PARTLY_DEEMED,)),
        ),
        (
            10,
            0,
            Value(10, Source.REPORTED, (Flag.PENDING,)),
            Value(0, Source.EVIDENCE, (Flag.DEEMED_NOT_HELD,)),
        ),
        (
            1,
            None,
            Value(1, Source.REPORTED, (Flag.PENDING,)),
            Value(0, Source.EVIDENCE, (Flag.DEEMED_NOT_HELD,)),
        ),
        (0, 0, Value(0, Source.REPORTED), Value(0, Source.EVIDENCE)),
        (0, 3, Value(0, Source.REPORTED), Value(0, Source.EVIDENCE)),
        (None, 0, NOTHING, NOTHING),
        (None, 3, NOTHING, NOTHING),
    ],
)
def test_lack_of_evidence_is_pending_until_the_close_and_then_not_held(
    reported, evidenced, before_close, after_close
):
    assert of("evidence", reported, evidenced) == before_close
    assert of("evidence", reported, evidenced, closed=True) == after_close


@pytest.mark.parametrize("authority", ["declared", "budget"])
@pytest.mark.parametrize("closed", [False, True])
def test_other_columns_are_what_was_reported_whatever_else_is_known(authority, closed):
    assert of(authority, 7, evidenced=1, ledger=9, closed=closed) == Value(7, Source.REPORTED)
    assert of(authority, 0, evidenced=1, ledger=9, closed=closed) == Value(0, Source.REPORTED)
    assert of(authority, None, evidenced=1, ledger=9, closed=closed) == NOTHING


def test_an_authority_without_a_rule_is_refused_loudly():
    with pytest.raises(KeyError):
        of("hearsay", 7)


def test_a_row_keeps_all_four_values_side_by_side():
    reported = {
        "townships_mobilized": 10,
        "townships_total": 34,
        "members_total": 250,
        "townships_funded_20k": 0,
    }

    row = figures_row(FORM, reported, {"townships_mobilized": 4}, {"members_total": 240}, closed=True)

    assert row._asdict() == {
        "reported": reported,
        "evidenced": {"townships_mobilized": 4},
        "ledger": {"members_total": 240},
        "effective": {
            "townships_mobilized": 4,
            "townships_total": 34,
            "members_total": 240,
            "townships_funded_20k": 0,
        },
        "sources": {
            "townships_mobilized": "evidence",
            "townships_total": "reported",
            "members_total": "ledger",
            "townships_funded_20k": "reported",
        },
        "flags": {"townships_mobilized": ["partly_deemed"], "members_total": ["ledger_corrected"]},
    }


def test_a_unit_that_did_not_report_has_only_the_ledgers_values():
    row = figures_row(FORM, None, {}, {"members_total": 240}, closed=False)

    assert set(row.reported.values()) == {None}
    assert row.effective == {
        "townships_mobilized": None,
        "townships_total": None,
        "members_total": 240,
        "townships_funded_20k": None,
    }
    assert row.flags == {"members_total": ["not_reported"]}


def test_a_blank_in_the_ledger_is_missing_and_not_zero():
    row = figures_row(FORM, {"members_total": 3}, {}, {"members_total": None}, closed=False)

    assert row.effective["members_total"] == 3
    assert row.flags["members_total"] == ["unverified"]


def test_no_accepted_claim_is_evidence_for_zero_units():
    row = figures_row(FORM, {"townships_mobilized": 1}, {}, None, closed=True)

    assert row.evidenced == {"townships_mobilized": 0}
    assert row.flags["townships_mobilized"] == ["deemed_not_held"]


def test_figures_of_a_series_that_ended_are_left_out():
    row = figures_row(FORM, {"dropped": 3}, {"dropped": 3}, {"dropped": 3}, closed=False)

    assert all("dropped" not in part for part in row)


def test_a_row_comes_back_from_json_as_it_went_in():
    row = figures_row(FORM, {"townships_mobilized": 2, "members_total": 3}, {}, {}, closed=False)

    assert json.loads(json.dumps(row._asdict())) == row._asdict()


FIGURE = st.none() | st.integers(0, 9_999_999)


AUTHORITY = st.sampled_from(["declared", "budget", "ledger", "evidence"])


@given(authority=AUTHORITY, reported=FIGURE, evidenced=FIGURE, ledger=FIGURE, closed=st.booleans())
def test_a_value_a_source_and_a_flag_agree_with_each_other(authority, reported, evidenced, ledger, closed):
    value = of(authority, reported, evidenced, ledger, closed=closed)

    assert (value.value is None) == (value.source is None)
    assert value.value in (None, 0, reported, evidenced, ledger)
    if authority == "evidence" and reported is not None:
        assert value.value <= reported
    if not value.flags:
        assert value.value == reported


CODES = [indicator.code for indicator in FORM]
FIGURES = st.dictionaries(st.sampled_from(CODES), FIGURE)


@given(
    reported=st.none() | FIGURES,
    evidenced=FIGURES,
    ledger=st.none() | FIGURES,
    closed=st.booleans(),
)
def test_a_row_says_what_each_value_says_alone(reported, evidenced, ledger, closed):
    row = figures_row(FORM, reported, evidenced, ledger, closed)

    for indicator in FORM:
        code = indicator.code
        alone = effective(
            indicator,
            reported=(reported or {}).get(code),
            evidenced=evidenced.get(code),
            ledger=(ledger or {}).get(code),
            closed=closed,
        )
        assert (row.effective[code], row.sources[code]) == (alone.value, alone.source)
        assert row.flags.get(code, []) == list(alone.flags)
    assert list(row.effective) == CODES
