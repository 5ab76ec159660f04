"""Rows roll up to the unit that reports for them; a blank makes a sum unknown, not smaller."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from app.reconcile import LedgerUnit, ledger_units
from app.reconcile.units import above
from tests.reconcile.conftest import ReadText
from tests.reconcile.sample import CITY, DISTRICT, OTHER_TOWN, TOWN, UNITS, cell, codes, figures, found, lines


def test_townships_add_up_to_their_reporting_unit(read_text: ReadText) -> None:
    ledger = read_text(lines(TOWN, OTHER_TOWN, TOWN.replace("999901101,示例一镇", "999806101,示例三镇")))

    assert codes(ledger) == []
    assert figures(ledger, "999900") == (3, 1, 23, 3, 0, 1, 38)
    assert figures(ledger, "999806") == (2, 1, 12, 3, 0, 1, 20)
    assert ledger.accepted == 3


@pytest.mark.parametrize("code", ["999901101000", "999901101", "９９９９０１１０１"])
def test_township_codes_have_nine_or_twelve_digits(read_text: ReadText, code: str) -> None:
    ledger = read_text(lines(cell(TOWN, 1, code)))

    assert ledger.units == ("999900",)


def test_a_blank_part_makes_the_sum_missing_with_a_warning_at_its_first_row(read_text: ReadText) -> None:
    ledger = read_text(lines(TOWN, cell(OTHER_TOWN, 4, ""), cell(DISTRICT, 9, "")))

    assert found(ledger) == [("missing-figure", 3, "members_left"), ("missing-figure", 4, "orgs_total")]
    assert figures(ledger, "999900") == (3, None, 23, 3, 0, 1, 38)
    assert figures(ledger, "999806")[-1] is None


def test_an_explicit_zero_is_a_figure(read_text: ReadText) -> None:
    ledger = read_text(lines("2015-04,999900,示例市,0,0,0,0,0,0,0,2015-04-25"))

    assert codes(ledger) == []
    assert figures(ledger, "999900") == (0,) * 7


def test_a_row_for_which_nobody_reports_is_passed_over_with_a_warning(read_text: ReadText) -> None:
    ledger = read_text(lines(CITY, "2015-05,990000,示例省,1,1,1,1,1,1,1,2015-05-25"))

    assert found(ledger) == [("unit-not-reporting", 3, "unit_code")]
    assert (ledger.rows, ledger.accepted) == (2, 1)


def test_wechat_groups_are_kept_beside_the_seven(read_text: ReadText) -> None:
    header = lines().strip() + ",wechat_groups"

    ledger = read_text(lines(CITY + ",77", header=header))

    assert ledger.figures["2015-04", "999900"]["wechat_groups"] == 77


def test_columns_may_come_in_any_order(read_text: ReadText) -> None:
    columns = lines().strip().split(",")
    order = [5, 1, 9, 0, 4, 3, 8, 7, 6, 10, 2]

    ledger = read_text(
        lines(",".join(CITY.split(",")[i] for i in order), header=",".join(columns[i] for i in order))
    )

    assert dict(ledger.figures["2015-04", "999900"]) == dict(
        zip(columns[3:10], (120, 35, 1239, 60, 15, 25, 1980), strict=True)
    )


@pytest.mark.parametrize(
    "name", ["示例市", "", "示例", "示例省示例市", "共青团示例市委员会", "示例团市委", "示例市（不含示例区）"]
)
def test_a_name_that_means_the_unit_is_no_matter(read_text: ReadText, name: str) -> None:
    assert codes(read_text(lines(cell(CITY, 2, name), DISTRICT))) == []


def test_a_name_of_another_unit_is_warned_of_once_and_the_code_counts(read_text: ReadText) -> None:
    wrong = cell(CITY, 2, "样本市")

    ledger = read_text(lines(DISTRICT, wrong, wrong.replace("2015-04", "2015-05")))

    assert found(ledger) == [("name-differs", 3, "unit_name")]
    assert "示例市" in ledger.findings[0].message.zh
    assert "样本" not in ledger.findings[0].message.zh
    assert ledger.accepted == 3


def test_a_wrong_name_in_a_tidied_row_is_warned_of_too(read_text: ReadText) -> None:
    ledger = read_text(lines(DISTRICT, cell(cell(CITY, 2, "样本市"), 3, "１２０")))

    assert codes(ledger) == ["full-width", "name-differs"]


def test_a_spelling_of_a_whole_column_is_warned_of_once(read_text: ReadText) -> None:
    ledger = read_text(lines(*(row.replace("2015-04-25", "2015/4/25") for row in (CITY, DISTRICT, TOWN))))

    assert ("date-form", 2, "as_of") in found(ledger)
    assert codes(ledger).count("date-form") == 1


def test_cut_off_dates_that_differ_within_a_period_are_warned_of_and_the_latest_is_kept(
    read_text: ReadText,
) -> None:
    ledger = read_text(lines(CITY, cell(DISTRICT, 10, "2015-04-24"), cell(TOWN, 10, "")))

    assert ("as-of-differs", None, "as_of") in found(ledger)
    assert str(ledger.as_of) == "2015-04-25"


def test_a_ledger_without_cut_off_dates_has_none(read_text: ReadText) -> None:
    assert read_text(lines(cell(CITY, 10, ""))).as_of is None


@dataclass(frozen=True)
class Registered:
    code: str
    name: str
    report_parent: str | None
    reports: bool


REGISTER = [
    Registered("000000", "全国", None, False),
    Registered("990000", "示例省", "000000", False),
    Registered("999900", "示例市", "990000", True),
    Registered("999901", "示例县", "999900", False),
    Registered("999901101", "示例一镇", "999901", False),
    Registered("970000", "孤省", "123456", False),
]


def test_the_reporting_unit_is_the_nearest_one_at_or_above() -> None:
    units = ledger_units(REGISTER)

    assert {code: unit.reporting_unit for code, unit in units.items()} == {
        "000000": None,
        "990000": None,
        "999900": "999900",
        "999901": "999900",
        "999901101": "999900",
        "970000": None,
    }


def test_units_that_report_besides_are_named_and_added() -> None:
    units = ledger_units(REGISTER, also_reporting={"999901", "888800"})

    assert units["999901101"].reporting_unit == "999901"
    assert units["888800"] == LedgerUnit("888800", "", "888800")


def test_a_register_that_goes_in_circles_ends() -> None:
    circle = [Registered("990000", "甲", "980000", False), Registered("980000", "乙", "990000", False)]

    assert ledger_units(circle)["990000"].reporting_unit is None
    assert above(ledger_units(circle)["990000"], ledger_units(circle)) == ["980000"]


def test_without_parents_a_township_lies_in_its_county_and_others_below_their_reporting_unit() -> None:
    units = {code: unit._replace(parent=None) for code, unit in UNITS.items()}

    assert above(units["999901101"], units) == ["999901", "999900"]
    assert above(units["999806101"], units) == ["999806"]
    assert above(units["999900"], units) == []
