"""Rows against each other: duplicates, units above others, totals."""

from __future__ import annotations

from itertools import product

import pytest

from tests.reconcile.conftest import ReadText
from tests.reconcile.sample import CITY, DISTRICT, OTHER_TOWN, TOWN, cell, codes, figures, found, lines

COUNTY = "2015-04,999901,示例县,3,1,23,3,0,1,38,2015-04-25"
BOTH_TOWNS = (3, 1, 23, 3, 0, 1, 38)


def test_an_identical_row_is_counted_once_with_a_warning(read_text: ReadText) -> None:
    ledger = read_text(lines(CITY, DISTRICT, CITY, CITY))

    assert found(ledger) == [("duplicate-same", 4, None), ("duplicate-same", 5, None)]
    assert "第 2 行" in ledger.findings[0].message.zh
    assert (ledger.rows, ledger.accepted) == (4, 2)


@pytest.mark.parametrize(
    "spelling",
    [
        ("999900", "９９９９００"),
        ("999900", "999900000000"),
        ("2015-04", "201504"),
        ("2015-04", "2015年4月"),
        ("1239", '"1,239"'),
    ],
)
def test_a_row_spelled_otherwise_is_the_same_row(read_text: ReadText, spelling: tuple[str, str]) -> None:
    ledger = read_text(lines(CITY, CITY.replace(*spelling, 1)))

    assert "duplicate-same" in codes(ledger)
    assert ledger.ok
    assert ledger.accepted == 1


@pytest.mark.parametrize("change", ["121", "", "0"])
def test_two_rows_of_one_key_with_other_figures_refuse_the_file_with_both_lines(
    read_text: ReadText, change: str
) -> None:
    ledger = read_text(lines(CITY, DISTRICT, cell(CITY, 3, change)))

    assert found(ledger, "error") == [("duplicate-differs", 4, None)]
    assert "line 2" in ledger.findings[0].message.en
    assert not ledger.ok


@pytest.mark.parametrize("order", list(product(["04", "05"], ["999700", "999806"], repeat=2)), ids="-".join)
@pytest.mark.parametrize("between", [[], [CITY]], ids=["beside", "apart"])
def test_a_row_is_found_again_wherever_it_stands(
    read_text: ReadText, order: tuple[str, str, str, str], between: list[str]
) -> None:
    month, unit, other_month, other_unit = order
    rows = [f"2015-{m},{u},,,,,,,,," for m, u in ((month, unit), (other_month, other_unit))]

    ledger = read_text(lines(rows[0], *between, rows[1]))

    assert codes(ledger).count("duplicate-same") == (rows[0] == rows[1])


def test_the_same_unit_in_another_period_is_no_duplicate(read_text: ReadText) -> None:
    ledger = read_text(lines(CITY, CITY.replace("2015-04", "2015-05")))

    assert codes(ledger) == []
    assert ledger.periods == ("2015-04", "2015-05")


def test_a_row_above_others_is_checked_and_not_counted_twice(read_text: ReadText) -> None:
    ledger = read_text(lines(COUNTY, TOWN, OTHER_TOWN))

    assert found(ledger) == [("above-skipped", 2, "unit_code")]
    assert figures(ledger, "999900") == BOTH_TOWNS
    assert ledger.accepted == 2


def test_a_row_above_others_that_does_not_add_up_refuses_the_file(read_text: ReadText) -> None:
    ledger = read_text(lines(TOWN, OTHER_TOWN, cell(COUNTY, 5, "24")))

    assert found(ledger, "error") == [("above-differs", 4, "members_total")]
    assert "24" in ledger.findings[0].message.en
    assert "23" in ledger.findings[0].message.en


def test_blanks_above_and_below_are_not_held_against_a_row(read_text: ReadText) -> None:
    ledger = read_text(lines(cell(COUNTY, 5, ""), TOWN, cell(OTHER_TOWN, 3, "")))

    assert ledger.ok
    assert figures(ledger, "999900") == (None, *BOTH_TOWNS[1:])


def test_every_level_is_checked_against_the_lowest_rows(read_text: ReadText) -> None:
    city = COUNTY.replace("999901,示例县", "999900,示例市")
    province = COUNTY.replace("999901,示例县", "990000,示例省")

    ledger = read_text(lines(province, city, COUNTY, TOWN, OTHER_TOWN))

    assert codes(ledger) == ["above-skipped"] * 3
    assert figures(ledger, "999900") == BOTH_TOWNS


def test_a_separately_reporting_unit_is_not_below_the_city_that_it_lies_in(read_text: ReadText) -> None:
    ledger = read_text(lines(CITY, DISTRICT))

    assert codes(ledger) == []


def test_a_row_is_above_others_only_in_their_period(read_text: ReadText) -> None:
    ledger = read_text(lines(COUNTY, TOWN.replace("2015-04", "2015-05")))

    assert codes(ledger) == []
    assert ledger.accepted == 2


SUM = "128,35,1335,65,15,27,2111"


@pytest.mark.parametrize(
    "rows",
    [
        (CITY, DISTRICT, f"合计,,,{SUM},"),
        (f"合计,,,{SUM},", CITY, DISTRICT),
        (CITY, DISTRICT, f"2015-04,,总计,{SUM},"),
        (CITY, DISTRICT, f"2015-04,990000,合计,{SUM},"),
        (CITY, DISTRICT, "合计,,,128,,1335,,,,2111,"),
        (CITY, DISTRICT, f",,合计,{SUM.replace('1335', chr(34) + '1,335' + chr(34))},"),
        (CITY, DISTRICT, f",,Total,{SUM},"),
    ],
    ids=["last", "first", "of its period", "with a code", "with blanks", "with separators", "English"],
)
def test_a_total_that_adds_up_is_passed_over(read_text: ReadText, rows: tuple[str, ...]) -> None:
    ledger = read_text(lines(*rows))

    assert ledger.ok
    assert "total-skipped" in codes(ledger)
    assert (ledger.rows, ledger.accepted) == (3, 2)


def test_a_total_that_does_not_add_up_refuses_the_file(read_text: ReadText) -> None:
    ledger = read_text(lines(CITY, DISTRICT, f"合计,,,{SUM.replace('1335', '1336')},"))

    assert found(ledger, "error") == [("total-differs", 4, "members_total")]
    assert ledger.findings[0].value == "1336"
    assert "1335" in ledger.findings[0].message.zh


def test_blanks_count_for_nothing_in_a_total(read_text: ReadText) -> None:
    ledger = read_text(lines(CITY, cell(DISTRICT, 3, ""), f"合计,,,{SUM.replace('128', '120')},"))

    assert ledger.ok


def test_subtotals_hold_for_the_rows_above_them_and_totals_for_the_file(read_text: ReadText) -> None:
    ledger = read_text(
        lines(
            CITY,
            ",,小计,120,35,1239,60,15,25,1980,",
            DISTRICT,
            ",,小计,8,0,96,5,0,2,131,",
            f",,合计,{SUM},",
        )
    )

    assert ledger.ok
    assert ledger.accepted == 2


def test_a_wrong_subtotal_is_told_what_the_rows_above_it_add_up_to(read_text: ReadText) -> None:
    ledger = read_text(lines(CITY, ",,小计,120,35,1239,60,15,25,1980,", DISTRICT, ",,小计,9,0,96,5,0,2,131,"))

    assert found(ledger, "error") == [("total-differs", 5, "members_added")]
    assert "add up to 8" in next(f.message.en for f in ledger.findings if f.code == "total-differs")


def test_a_total_of_each_period_may_stand_below_it_without_naming_it(read_text: ReadText) -> None:
    may = [row.replace("2015-04", "2015-05") for row in (CITY, DISTRICT)]

    ledger = read_text(lines(CITY, DISTRICT, f"合计,,,{SUM},", *may, f"合计,,,{SUM},"))

    assert ledger.ok
    assert ledger.accepted == 4


def test_a_total_includes_neither_duplicates_nor_rows_above_others(read_text: ReadText) -> None:
    ledger = read_text(lines(COUNTY, TOWN, OTHER_TOWN, TOWN, "合计,,,3,1,23,3,0,1,38,"))

    assert ledger.ok


def test_totals_are_not_checked_while_a_row_cannot_be_read(read_text: ReadText) -> None:
    ledger = read_text(lines(CITY, cell(DISTRICT, 3, "x"), f"合计,,,{SUM},"))

    assert found(ledger, "error") == [("not-integer", 3, "members_added")]


def test_a_file_of_totals_alone_has_no_sums_to_check(read_text: ReadText) -> None:
    ledger = read_text(lines(f"合计,,,{SUM},"))

    assert [code for code, *_ in found(ledger, "error")] == ["total-differs"] * 7
