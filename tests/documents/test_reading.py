"""What people and office programs do to a table, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from openpyxl.worksheet.formula import ArrayFormula
from xlsxwriter import Workbook

from app.documents.form_book import form_book
from app.documents.layout import PAGES_SHEET, TABLE_SHEET
from app.documents.opened import open_book
from app.documents.stamp import SHEET
from app.domain.content import parse_content
from app.errors import Severity
from tests.documents.sample import CONTENT, DATA, ROW, edited, filled, repacked, sheet, typed
from tests.domain.sample import FORM, NOW

TOTAL = "members_total"


def refusals(data: bytes) -> dict[str, str]:
    """The errors of the content of a file, by pointer."""
    _, findings = parse_content(FORM, filled(data).content)
    return {f.pointer: f.code for f in findings}


def codes(data: bytes, **report: str) -> dict[str, str]:
    """What is found in the file itself, by pointer."""
    return {f.pointer: f.code for f in filled(data, **report).findings}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("１２３９", 1239),
        ("1,239", 1239),
        ("１，２３９", 1239),
        (" 1 239\u3000", 1239),
        ("12", 12),
        ("0", 0),
        ("12.0", 12),
    ],
)
def test_a_number_that_was_typed_as_text_is_read_and_said(text: str, number: int) -> None:
    found = filled(typed(TOTAL, text))

    assert found.content["figures"][TOTAL] == number
    assert [(f.code, f.severity, f.values) for f in found.findings] == [
        ("cell-tidied", Severity.INFO, {"sheet": TABLE_SHEET, "cell": "I5"})
    ]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "missing-field"),
        ("", "missing-field"),
        ("\u3000", "missing-field"),
        ("无", "wrong-type"),
        ("12个", "wrong-type"),
        ("1,23", "wrong-type"),
        ("#REF!", "formula-refused"),
        ("①", "wrong-type"),
        (12.5, "too-precise"),
        (-1, "number-out-of-range"),
        ("－１", "number-out-of-range"),
        (10**7, "number-out-of-range"),
        (1e300, "wrong-type"),
        (True, "wrong-type"),
        (datetime(2015, 3, 5), "wrong-type"),  # noqa: DTZ001  (what Excel makes of "3-5")
    ],
)
def test_what_is_no_count_is_refused_at_its_cell(value: object, code: str) -> None:
    assert refusals(typed(TOTAL, value)) == {f"/figures/{TOTAL}": code}


@pytest.mark.parametrize(
    "formula", ["=1+1", "=SUM(A1:A2)", ArrayFormula("I5:I5", "=1+1"), ArrayFormula("H5:J5", "=A5:C5")]
)
def test_a_formula_is_refused_whatever_value_it_brings_along(formula: object) -> None:
    found = filled(typed(TOTAL, formula))

    assert "formula-refused" in {f.code for f in found.findings}
    assert refusals(typed(TOTAL, formula))[f"/figures/{TOTAL}"] == "formula-refused"


def test_the_cached_value_of_a_formula_is_not_believed() -> None:
    def with_formula(parts: dict[str, bytes]) -> None:
        name = "xl/worksheets/sheet1.xml"
        cell = b'<c r="I5" s="7"><v>202</v></c>'
        before = parts[name]
        start = before.index(b'<c r="I5"')
        end = before.index(b"</c>", start) + 4
        assert b"<v>202</v>" in before[start:end]
        parts[name] = before[:start] + cell.replace(b"<v>", b"<f>1+201</f><v>") + before[end:]

    assert refusals(repacked(with_formula)) == {f"/figures/{TOTAL}": "formula-refused"}


@pytest.mark.parametrize(("address", "place"), [("H2", "/contact/name"), ("M2", "/contact/phone")])
def test_a_formula_in_the_contact_is_refused_too(address: str, place: str) -> None:
    def change(book: Any) -> None:
        book[TABLE_SHEET][address] = '="示例"&"甲"'

    assert codes(edited(change)) == {place: "formula-refused"}


def insert_rows(book: Any) -> None:
    """Two lines above everything, one between labels and figures."""
    table = book[TABLE_SHEET]
    for area in [*table.merged_cells.ranges]:
        table.unmerge_cells(str(area))
    table.insert_rows(ROW)
    table.insert_rows(1, 2)


def insert_columns(book: Any) -> None:
    """A column of remarks in front, another in the middle."""
    table = book[TABLE_SHEET]
    for area in [*table.merged_cells.ranges]:
        table.unmerge_cells(str(area))
    table.insert_cols(6)
    table.insert_cols(1)


def swap_columns(book: Any) -> None:
    """Two columns change places, labels and figures alike."""
    table = book[TABLE_SHEET]
    for row in (4, ROW):
        left, right = table.cell(row, 1), table.cell(row, 15)
        left.value, right.value = right.value, left.value


def move_sheets(book: Any) -> None:
    """Sheets in another order, under other names, with a note of the clerk's own before them."""
    book.create_sheet("我的备注", 0)["A1"] = "四月"
    book[TABLE_SHEET].title = "Sheet1"
    book.move_sheet(PAGES_SHEET, -2)
    book[PAGES_SHEET].title = "=1+1"


def widen_labels(book: Any) -> None:
    """Labels with line breaks and blanks, as some programs wrap them."""
    table = book[TABLE_SHEET]
    table["E4"] = "乡镇\n数量"
    table["B4"] = "涉农县(区、市) 数量"


@pytest.mark.parametrize(
    "change", [insert_rows, insert_columns, swap_columns, move_sheets, widen_labels], ids=lambda f: f.__name__
)
def test_the_table_is_found_wherever_it_moved(change: Callable[[Any], None]) -> None:
    found = filled(edited(change))

    assert (found.content, found.findings) == (filled(form_book(sheet())).content, [])


def test_a_label_and_its_value_may_share_a_cell() -> None:
    def change(book: Any) -> None:
        table = book[TABLE_SHEET]
        table["F2"], table["H2"] = "联系人：示例乙", None

    assert filled(edited(change)).content["contact"]["name"] == "示例乙"


@pytest.mark.parametrize(
    ("typed_phone", "kept"),
    [
        (13800000000, "13800000000"),
        ("１３８００００００００", "13800000000"),
        ("020—12345678", "020-12345678"),
    ],
)
def test_a_telephone_number_may_be_typed_as_a_number_or_wide(typed_phone: object, kept: str) -> None:
    def change(book: Any) -> None:
        book[TABLE_SHEET]["M2"] = typed_phone

    assert filled(edited(change)).content["contact"]["phone"] == kept


def test_a_row_without_a_single_figure_is_fifteen_missing_figures() -> None:
    def change(book: Any) -> None:
        for column in DATA.values():
            book[TABLE_SHEET].cell(ROW, column).value = None

    found = refusals(edited(change))

    assert found == {f"/figures/{code}": "missing-field" for code in FORM.codes}


def second_row(book: Any) -> None:
    book[TABLE_SHEET].insert_rows(6)
    book[TABLE_SHEET]["B6"] = 3


def two_tables(book: Any) -> None:
    book.copy_worksheet(book[TABLE_SHEET])


def other_labels(book: Any) -> None:
    for column in range(1, 12):
        book[TABLE_SHEET].cell(4, column).value = "示例"


def lost_label(book: Any) -> None:
    book[TABLE_SHEET]["I4"] = "示例"


def other_unit(book: Any) -> None:
    book[TABLE_SHEET]["C2"] = "韶关市"


def other_month(book: Any) -> None:
    book[TABLE_SHEET]["A1"] = "统计表（2015年5月）"


def no_pages(book: Any) -> None:
    del book[PAGES_SHEET]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (second_row, {"/figures": "several-rows"}),
        (two_tables, {"/figures": "several-tables"}),
        (other_labels, {"/figures": "table-missing"}),
        (lost_label, {"/figures/members_total": "column-missing"}),
        (other_unit, {"/unit": "unit-mismatch"}),
        (other_month, {"/period": "period-mismatch"}),
        (no_pages, {"": "sheet-missing"}),
    ],
)
def test_what_is_not_as_it_was_downloaded_is_said(
    change: Callable[[Any], None], expected: dict[str, str]
) -> None:
    assert codes(edited(change)) == expected


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ({"unit": "440200"}, {"/unit": "unit-mismatch"}),
        ({"period": "2015-05"}, {"/period": "period-mismatch"}),
        ({}, {}),
    ],
)
def test_the_stamp_must_be_that_of_the_report(report: dict[str, str], expected: dict[str, str]) -> None:
    assert codes(form_book(sheet()), **report) == expected


def test_a_workbook_of_another_form_is_refused() -> None:
    newer = FORM.model_copy(update={"version": 2})

    assert codes(form_book(sheet(form=newer))) == {"": "form-mismatch"}


def test_the_stamp_survives_the_loss_of_its_sheet_and_is_missed_when_both_are_gone() -> None:
    def without_sheet(book: Any) -> None:
        del book[SHEET]

    def without_both(book: Any) -> None:
        without_sheet(book)
        del book.custom_doc_props["yuebao"]

    assert open_book(edited(without_sheet)).stamp == sheet().stamp
    assert open_book(edited(without_both)).stamp is None
    assert codes(edited(without_both)) == {}


@pytest.mark.parametrize(
    ("address", "value", "member"),
    [
        ("C6", "√", {"item": 1, "done": True}),
        ("C6", "未开展", {"item": 1, "done": False}),
        ("D6", "３", {"item": 1, "done": False, "count": 3}),
        ("E6", 15.0, {"item": 1, "done": False, "text": "15"}),
    ],
)
def test_an_item_of_the_narrative_is_read_as_people_write_it(
    address: str, value: object, member: dict[str, object]
) -> None:
    def change(book: Any) -> None:
        book[PAGES_SHEET][address] = value

    assert filled(edited(change)).content["activities"][0] == member


def test_a_word_that_is_neither_yes_nor_no_is_refused_at_its_cell() -> None:
    def change(book: Any) -> None:
        book[PAGES_SHEET]["C8"] = "也许"

    found = filled(edited(change))
    wrong = [found.located(f) for f in parse_content(FORM, found.content)[1]]

    assert [(f.pointer, f.code, f.values) for f in wrong] == [
        ("/activities/1/done", "wrong-type", {"sheet": PAGES_SHEET, "cell": "C8"})
    ]


def test_an_explanation_needs_no_exact_spelling() -> None:
    def change(book: Any) -> None:
        pages = book[PAGES_SHEET]
        row = next(c.row for c in pages["A"] if c.value == "R10")
        pages.cell(row, 1).value, pages.cell(row, 2).value = "ｒ10 ", "更正 上期"
        pages.cell(row + 1, 3).value = "只写了说明"

    found = filled(edited(change))

    assert found.content["explanations"] == [*CONTENT["explanations"], {"text": "只写了说明"}]
    assert found.located(parse_content(FORM, found.content)[1][0]).values["cell"] == "A20"


def test_a_table_that_a_program_wrote_without_our_looks_is_read() -> None:
    made = BytesIO()
    with Workbook(made) as book:
        table = book.add_worksheet()
        for column, indicator in enumerate(FORM.indicators):
            table.write(0, column, indicator.label.zh)
            table.write(1, column, NOW[indicator.code])

    found = filled(made.getvalue())

    assert found.content["figures"] == NOW
    assert found.content["contact"] == {}
