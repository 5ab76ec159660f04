"""The specification of a row, judged alone."""

from __future__ import annotations

from datetime import date

import pytest

from app.reconcile.columns import Layout, read_header
from app.reconcile.rows import Entry, Judged, Total, judge
from tests.reconcile.sample import CITY, EN, cell


def layout(delimiter: str = ",") -> Layout:
    read, _ = read_header(1, EN.replace(",", delimiter))
    assert read is not None
    return read


def judged(row: str) -> Judged:
    return judge(row, 7, layout())


def found(row: str) -> list[tuple[str, str | None, str | None]]:
    return [(f.code, f.column, f.value) for f in judged(row).findings]


def test_a_plain_row_is_an_entry_without_findings() -> None:
    figures = (120, 35, 1239, 60, 15, 25, 1980)

    assert judged(CITY) == Judged(Entry("2015-04", "999900", "示例市", figures, date(2015, 4, 25)))


def test_a_row_of_tabs_reads_like_one_of_commas() -> None:
    assert judge(CITY.replace(",", "\t"), 7, layout("\t")) == judged(CITY)


def test_blank_figures_are_missing_and_zero_is_not() -> None:
    entry = judged("2015-04,999900,,0,,12,,,,,").entry

    assert entry is not None
    assert entry.figures == (0, None, 12, None, None, None, None)
    assert entry.as_of is None


def test_all_cells_that_are_wrong_are_found_with_their_values() -> None:
    row = "2015-13,99900,=A1,1.5,-3,12,1e3,0,0,20,42119"

    assert found(row) == [
        ("bad-period", "period", "2015-13"),
        ("lost-zeros", "unit_code", "99900"),
        ("formula", "unit_name", None),
        ("not-integer", "members_added", "1.5"),
        ("not-integer", "members_left", "-3"),
        ("not-integer", "orgs_new", "1e3"),
        ("serial-date", "as_of", "42119"),
    ]
    assert judged(row).entry is None


def test_a_tidied_row_is_an_entry_with_warnings() -> None:
    row = judged('2015-04,999900 ,示例市,１２０,35,"1,239",060,15,25,1980,2015/4/25')

    assert row.entry == judged(CITY).entry
    assert [f.code for f in row.findings] == [
        "stray-space",
        "full-width",
        "thousands-separator",
        "leading-zero",
        "date-form",
    ]


@pytest.mark.parametrize("row", ["", "   ", ",,,,,,,,,,", " , ,\u3000,,,,,,,,", ",,,,,,,,,,,,,"])
def test_a_row_without_any_text_is_blank(row: str) -> None:
    assert judged(row) == Judged(is_blank=True)


@pytest.mark.parametrize("row", ["2015-04,999900", CITY + ",9", "2015-04;999900"])
def test_a_row_with_too_few_or_too_many_cells_is_ragged(row: str) -> None:
    assert found(row) == [("ragged", None, None)]


def test_empty_cells_beyond_the_header_are_passed_over() -> None:
    assert judged(CITY + ",,") == judged(CITY)


def test_quotes_that_do_not_fit_the_delimiter_are_refused() -> None:
    assert [f.code for f in judge('"2015-04"\t999900', 7, layout()).findings] == ["broken-quotes"]


@pytest.mark.parametrize(
    ("row", "period", "is_subtotal"),
    [
        ("合计,,,1,2,3,4,5,6,7,", None, False),
        (",,合 计：,1,2,3,4,5,6,7,", None, False),
        ("2015-04,,总计,1,2,3,4,5,6,7,", "2015-04", False),
        ("2015年4月,990000,合计,1,2,3,4,5,6,7,", "2015-04", False),
        (",小计,,1,2,3,4,5,6,7,", None, True),
        ("2015-04,,全省合计,1,2,3,4,5,6,7,", "2015-04", False),
        ("2015-04,,示例市小计,1,2,3,4,5,6,7,", "2015-04", True),
        ("Total,,,1,2,3,4,5,6,7,", None, False),
        (",,Sub Total,1,2,3,4,5,6,7,", None, True),
    ],
)
def test_rows_of_totals_are_recognized(row: str, period: str | None, is_subtotal: bool) -> None:
    assert judged(row) == Judged(total=Total(period, is_subtotal, (1, 2, 3, 4, 5, 6, 7)))


def test_a_total_may_exceed_what_a_unit_may_have() -> None:
    total = judged(",,合计,10000000,,,,,,,").total

    assert total is not None
    assert total.figures[0] == 10_000_000


def test_a_total_that_cannot_be_read_is_an_error() -> None:
    assert found(",,合计,1.5,,,,,,,") == [("not-integer", "members_added", "1.5")]


@pytest.mark.parametrize("name", ["示例市合计", "会计区", "计划镇", "Totalville"])
def test_a_unit_with_a_code_is_no_total_whatever_its_name_ends_in(name: str) -> None:
    entry = judged(cell(CITY, 2, name)).entry

    assert entry is not None
    assert entry.name == name
