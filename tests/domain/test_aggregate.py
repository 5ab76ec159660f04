"""Sums over units: null where nobody has a value, lists that make the total, ratios over one set of units."""

import json
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.aggregate import PREFECTURES_TOTAL, UnitFigures, View, aggregate
from app.domain.ratio import format_percent
from app.domain.values import figures_row


class Indicator(NamedTuple):
    code: str
    authority: str


class RatioSpec(NamedTuple):
    code: str
    numerator: str
    denominator: str


C1, C2, C3 = "prefectures_mobilized", "counties_agri_total", "counties_mobilized"
C5, C9, C15 = "townships_total", "members_total", "wechat_groups"
FORM = [
    Indicator(C1, "evidence"),
    Indicator(C2, "declared"),
    Indicator(C3, "evidence"),
    Indicator(C5, "declared"),
    Indicator(C9, "ledger"),
    Indicator(C15, "declared"),
]
RATIOS = [
    RatioSpec("prefecture_coverage", C1, PREFECTURES_TOTAL),
    RatioSpec("county_coverage", C3, C2),
    RatioSpec("groups_per_member", C15, C9),
]
FULL = {C1: 1, C2: 8, C3: 4, C5: 30, C9: 300, C15: 90}


def unit(code, reported=None, ledger=None, evidenced=None, *, closed=False, level="prefecture", **more):
    row = figures_row(FORM, reported, evidenced or {}, ledger, closed)
    return UnitFigures(code, f"单位{code}", level, row=row, **more)


def summed(*units, **options):
    return aggregate(FORM, RATIOS, units, provisional=True, vintage=None, **options)


def test_a_sum_names_the_units_it_consists_of_and_those_it_lacks():
    body = summed(unit("440300", FULL), unit("440100", FULL | {C5: 0}), unit("440200"))

    assert body["cells"][C5] == {
        "reported_sum": 30,
        "effective_sum": 30,
        "effective_sum_reporting_only": 30,
        "units_expected": 3,
        "units_with_value": 2,
        "units_missing": ["440200"],
        "units_unverified": [],
        "units_pending": [],
        "units_deemed": [],
        "units_ledger_corrected": [],
        "units_ledger_only": [],
    }


@pytest.mark.parametrize(
    "units", [[], [unit("440100"), unit("440200")], [UnitFigures("440100", "x", "prefecture")]]
)
def test_a_sum_over_no_value_is_null_and_not_zero(units):
    cell = summed(*units)["cells"][C5]

    assert cell["units_with_value"] == 0
    assert cell["reported_sum"] is None
    assert cell["effective_sum"] is None
    assert cell["effective_sum_reporting_only"] is None


def test_units_of_different_kinds_stand_in_one_list_in_code_order():
    partly = FULL | {C5: None}
    body = summed(unit("440400"), unit("440300", partly), unit("440200"), unit("440100", FULL))

    assert body["cells"][C5]["units_missing"] == ["440200", "440300", "440400"]
    assert body["cells"][C1]["units_pending"] == ["440100", "440300"]
    assert body["cells"][C2]["units_missing"] == ["440200", "440400"]


def test_explicit_zeros_sum_to_zero():
    cell = summed(unit("440100", FULL | {C5: 0}))["cells"][C5]

    assert (cell["reported_sum"], cell["effective_sum"], cell["units_with_value"]) == (0, 0, 1)


def test_both_totals_are_given_when_the_ledger_speaks_for_units_that_did_not_report():
    cell = summed(
        unit("440100", FULL, {C9: 290}),
        unit("440200", FULL, {C9: None}),
        unit("440300", None, {C9: 100}),
        unit("440400"),
    )["cells"][C9]

    assert cell["reported_sum"] == 600
    assert cell["effective_sum"] == 690
    assert cell["effective_sum_reporting_only"] == 590
    assert cell["units_ledger_only"] == ["440300"]
    assert cell["units_missing"] == ["440400"]
    assert cell["units_ledger_corrected"] == ["440100"]
    assert cell["units_unverified"] == ["440200"]


@pytest.mark.parametrize(
    ("closed", "effective", "pending", "deemed"),
    [(False, 8, ["440200", "440300"], []), (True, 5, [], ["440200", "440300"])],
)
def test_figures_without_evidence_count_until_the_close(closed, effective, pending, deemed):
    cell = summed(
        unit("440100", FULL | {C3: 2}, evidenced={C3: 2}, closed=closed),
        unit("440200", FULL | {C3: 2}, closed=closed),
        unit("440300", FULL | {C3: 4}, evidenced={C3: 3}, closed=closed),
    )["cells"][C3]

    assert cell["reported_sum"] == 8
    assert cell["effective_sum"] == effective
    assert cell["units_pending"] == pending
    assert cell["units_deemed"] == deemed


def test_an_indicator_that_does_not_apply_is_null_and_expects_nothing():
    city, district = (
        unit("440100", FULL),
        unit("110101", FULL, level="county", not_applicable=frozenset({C1})),
    )

    body = summed(city, district)

    assert body["cells"][C1]["units_expected"] == 1
    assert body["cells"][C1]["effective_sum"] == 1
    assert body["cells"][C1]["units_missing"] == []
    assert body["cells"][C1]["units_pending"] == ["440100"]
    assert body["cells"][C5]["units_expected"] == 2
    assert body["units"][0]["reported"][C1] is None
    assert body["units"][0]["effective"][C1] is None
    assert C1 not in body["units"][0]["flags"]
    assert body["ratios"]["prefecture_coverage"]["denominator"] == 1
    assert district.row.effective[C1] == 1


def test_prefecture_coverage_is_over_all_expected_units_whoever_reported():
    ratio = summed(
        unit("440100", FULL), unit("440200", FULL | {C1: 0}), unit("440300"), unit("440606", FULL)
    )["ratios"]["prefecture_coverage"]

    assert ratio == {
        "numerator": 2,
        "denominator": 4,
        "ratio": "0.5",
        "display": "50.0%",
        "all_units_numerator": 2,
        "all_units_denominator": 4,
        "all_units_ratio": "0.5",
        "all_units_display": "50.0%",
        "units_expected": 4,
        "units_with_both": 3,
        "units_without_denominator": [],
    }


def test_the_two_bases_differ_by_the_units_that_did_not_report():
    ratio = summed(
        unit("440100", FULL | {C3: 1, C2: 8}),
        unit("440200", FULL | {C3: 0, C2: 8}),
        unit("440300", last={C2: 9}),
    )["ratios"]["county_coverage"]

    assert (ratio["numerator"], ratio["denominator"], ratio["ratio"]) == (1, 16, "0.0625")
    assert ratio["display"] == "6.3%"
    assert (ratio["all_units_numerator"], ratio["all_units_denominator"]) == (1, 25)
    assert ratio["all_units_display"] == "4.0%"
    assert (ratio["units_with_both"], ratio["units_expected"]) == (2, 3)


def test_a_unit_whose_denominator_nobody_knows_is_named():
    ratio = summed(unit("440100", FULL), unit("440200"))["ratios"]["county_coverage"]

    assert (ratio["all_units_numerator"], ratio["all_units_denominator"]) == (4, 8)
    assert ratio["units_without_denominator"] == ["440200"]


def test_a_numerator_and_a_denominator_of_different_units_never_meet():
    ledger_only = unit("440200", None, {C9: 500}, last={C9: 7})
    no_members = unit("440300", FULL | {C9: None, C15: 50}, last={C9: 40})

    ratio = summed(unit("440100", FULL), ledger_only, no_members)["ratios"]["groups_per_member"]

    assert (ratio["numerator"], ratio["denominator"]) == (90, 300)
    assert (ratio["all_units_numerator"], ratio["all_units_denominator"]) == (90, 300 + 500 + 40)


def test_a_city_without_counties_has_no_ratio_and_is_no_error():
    ratio = summed(unit("440300", FULL | {C2: 0, C3: 0}))["ratios"]["county_coverage"]

    assert (ratio["numerator"], ratio["denominator"]) == (0, 0)
    assert ratio["ratio"] is None
    assert ratio["display"] == ratio["all_units_display"] == "—"


def test_no_report_at_all_gives_no_ratio_but_a_lower_bound():
    ratios = summed(unit("440100", last={C2: 8}))["ratios"]

    assert ratios["county_coverage"]["ratio"] is None
    assert ratios["county_coverage"]["all_units_display"] == "0.0%"
    assert ratios["prefecture_coverage"]["numerator"] is None
    assert ratios["prefecture_coverage"]["display"] == "—"


def test_the_centres_view_sums_prefectures_and_shows_the_others_apart():
    units = [unit(f"44{i:02}00", FULL) for i in range(1, 22)]
    shunde = unit("440606", FULL, level="county")

    province, centre = summed(*units, shunde), summed(*units, shunde, view=View.CENTRE)

    assert (province["units_expected"], centre["units_expected"]) == (22, 21)
    assert province["cells"][C5]["effective_sum"] - centre["cells"][C5]["effective_sum"] == 30
    assert centre["ratios"]["prefecture_coverage"]["denominator"] == 21
    assert province["separate"] == []
    assert [row["unit"] for row in centre["separate"]] == ["440606"]
    assert centre["separate"][0]["remark"]["zh"] == "单位440606单列"
    assert "440606" not in [row["unit"] for row in centre["units"]]


def test_a_row_of_the_answer_carries_the_unit_and_its_stored_values():
    city = unit("440100", FULL, {C9: 1}, status="accepted", timeliness="late")

    (row,) = summed(city)["units"]

    assert row == {
        "unit": "440100",
        "name": "单位440100",
        "level": "prefecture",
        "status": "accepted",
        "timeliness": "late",
        **city.row._asdict(),
    }


def test_a_series_that_ended_is_null_and_a_new_one_has_no_past():
    other_form = [Indicator("brand_new", "declared")]

    cells = aggregate(other_form, [], [unit("440100", FULL)], provisional=False, vintage=2)["cells"]

    assert list(cells) == ["brand_new"]
    assert cells["brand_new"]["effective_sum"] is None


def test_the_callers_vintage_and_provisional_mark_are_handed_on():
    body = aggregate(FORM, [], [], provisional=False, vintage=3)

    assert (body["provisional"], body["vintage"], body["view"]) == (False, 3, "all")


FIGURE = st.none() | st.integers(0, 50)
FIGURES = st.none() | st.fixed_dictionaries({indicator.code: FIGURE for indicator in FORM})
FEW = settings(max_examples=40)  # each example sums six indicators and three ratios; the core stays quick
UNITS = st.lists(
    st.tuples(FIGURES, FIGURES, FIGURES, st.booleans(), st.sets(st.sampled_from([C1, C3]))), max_size=5
).map(
    lambda drawn: [
        unit(
            f"{440100 + 100 * i}",
            reported,
            ledger,
            evidenced,
            closed=closed,
            level="prefecture" if i % 3 else "county",
            not_applicable=frozenset(codes),
        )
        for i, (reported, ledger, evidenced, closed, codes) in enumerate(drawn)
    ]
)


@FEW
@given(UNITS, st.sampled_from(View))
def test_every_sum_equals_the_sum_of_the_listed_parts(units, view):
    body = summed(*units, view=view)

    for code, cell in body["cells"].items():
        rows = {row["unit"]: row for row in body["units"]}
        effective = {
            u: row["effective"][code] for u, row in rows.items() if row["effective"][code] is not None
        }
        reported = [row["reported"][code] for row in rows.values() if row["reported"][code] is not None]
        silent = sum(effective[u] for u in cell["units_ledger_only"])
        assert cell["effective_sum"] == (sum(effective.values()) if effective else None)
        assert cell["reported_sum"] == (sum(reported) if reported else None)
        assert (cell["effective_sum_reporting_only"] or 0) == (cell["effective_sum"] or 0) - silent
        assert cell["units_with_value"] == len(effective)
        assert cell["units_with_value"] + len(cell["units_missing"]) == cell["units_expected"]
        assert not set(cell["units_missing"]) & set(effective)
        assert len(body["units"]) + len(body["separate"]) == len(units)


@FEW
@given(UNITS)
def test_a_ratio_is_the_ratio_of_sums_over_units_with_both(units):
    body = summed(*units)

    ratio = body["ratios"]["county_coverage"]
    both = [
        (row["effective"][C3], row["effective"][C2])
        for row in body["units"]
        if row["effective"][C3] is not None and row["effective"][C2] is not None
    ]
    assert ratio["units_with_both"] == len(both)
    assert ratio["display"] == format_percent(sum(n for n, _ in both), sum(d for _, d in both))
    if ratio["denominator"] and ratio["all_units_denominator"]:
        assert Fraction(ratio["all_units_numerator"], ratio["all_units_denominator"]) <= Fraction(
            ratio["numerator"], ratio["denominator"]
        )


@FEW
@given(UNITS, st.randoms(use_true_random=False), st.sampled_from(View))
def test_the_order_in_which_units_come_changes_no_byte(units, rnd, view):
    shuffled = rnd.sample(units, len(units))

    assert json.dumps(summed(*shuffled, view=view)) == json.dumps(summed(*units, view=view))


def test_codes_come_in_the_forms_order_and_units_by_code():
    body = summed(unit("445300", FULL), unit("440606", FULL), unit("440100", FULL))

    assert list(body["cells"]) == [indicator.code for indicator in FORM]
    assert [row["unit"] for row in body["units"]] == ["440100", "440606", "445300"]
