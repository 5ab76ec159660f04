"""The table of a province: one row per unit and a row of sums, as a workbook in the official layout and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from xlsxwriter.worksheet import Worksheet

from app.documents.form_book import merge, protect, set_page, write_frame, write_notes
from app.documents.layout import (
    DATA_ROW,
    GROUP_ROW,
    HEADER_ROW,
    LABEL_ROW,
    TABLE_SHEET,
    Layout,
    Span,
    heading_of,
)
from app.documents.styles import Book, is_live
from app.domain.form import FormVersion
from app.domain.period import Period

TOTAL = "合计"
UNIT_TITLES = ("单位代码", "单位名称")
UNIT_WIDTHS = (9, 16)
BOM = "\ufeff"
"""Without it Excel takes a CSV file for GBK."""

Figures = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One unit's figures, or the sums; a figure that nobody knows is None and stays blank."""

    code: str
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Summary:
    """The effective figures of a unit and period. `separate` are rows that the sums leave out (单列)."""

    form: FormVersion
    period: Period
    unit: str
    name: str
    rows: Sequence[SummaryRow]
    total: Figures
    separate: Sequence[SummaryRow] = ()

    @property
    def filename(self) -> str:
        """The name of the file, without its ending."""
        return f"{self.unit}_{self.name}_{self.period}_汇总"

    @property
    def lines(self) -> Iterator[SummaryRow]:
        """All rows in the order of the table."""
        yield from self.rows
        yield SummaryRow("", TOTAL, self.total)
        yield from self.separate


def summary_of(form: FormVersion, found: Mapping[str, Any]) -> Summary:
    """The summary in an answer of `GET /aggregates/{period}/{unit}`."""
    return Summary(
        form=form,
        period=Period.parse(found["period"]),
        unit=found["unit"],
        name=found["name"],
        rows=[_row(unit) for unit in found["units"]],
        total={code: cell["effective_sum"] for code, cell in found["cells"].items()},
        separate=[_row(unit, "（单列）") for unit in found["separate"]],
    )


def summary_book(summary: Summary) -> bytes:
    """The workbook. The same summary gives the same bytes."""
    layout, left = Layout(summary.form), len(UNIT_TITLES)
    book = Book(layout.title(summary.period), summary.period)
    table = book.workbook.add_worksheet(TABLE_SHEET)
    write_frame(book, table, layout, layout.title(summary.period), left=left)
    _write_unit_titles(book, table, summary)
    row = DATA_ROW
    for row, line in enumerate(summary.lines, start=DATA_ROW):
        _write_line(book, table, layout, row, line)
    write_notes(book, table, layout, row + 1, left=left)
    table.freeze_panes(DATA_ROW, left)
    table.repeat_rows(GROUP_ROW, LABEL_ROW)
    set_page(table)
    protect(table)
    return book.close()


def summary_csv(summary: Summary) -> Iterator[str]:
    """The same as lines of CSV for Excel: UTF-8 with a byte order mark, CR LF, nothing that computes."""
    layout = Layout(summary.form)
    titles = [heading_of(i, layout.group_of[i.code]) for i in summary.form.indicators]
    yield BOM + csv_line([*UNIT_TITLES, *titles])
    for line in summary.lines:
        yield csv_line([line.code, line.name, *(line.figures.get(code) for code in summary.form.codes)])


def csv_line(values: Sequence[str | int | None]) -> str:
    """A line of CSV. A text that some program would compute gets an apostrophe before it; numbers stay."""
    page = StringIO()
    csv.writer(page).writerow([_harmless(value) for value in values])
    return page.getvalue()


def without_apostrophe(text: str) -> str:
    """The text that `csv_line` was given, from the cell it made of it."""
    return text[1:] if text.startswith("'") and is_live(text[1:]) else text


def _harmless(value: str | int | None) -> str | int:
    if isinstance(value, str) and is_live(value):
        return f"'{value}"
    return "" if value is None else value


def _row(unit: Mapping[str, Any], remark: str = "") -> SummaryRow:
    return SummaryRow(unit["unit"], f"{unit['name']}{remark}", unit["effective"])


def _write_unit_titles(book: Book, table: Worksheet, summary: Summary) -> None:
    table.set_row(HEADER_ROW, 24)
    table.write_string(
        HEADER_ROW, 0, f"汇总单位：{summary.name}", book.words("plain", f"汇总单位：{summary.name}")
    )
    for column, (title, width) in enumerate(zip(UNIT_TITLES, UNIT_WIDTHS, strict=True)):
        table.set_column(column, column, width)
        table.merge_range(GROUP_ROW, column, LABEL_ROW, column, title, book.style("heading"))


def _write_line(book: Book, table: Worksheet, layout: Layout, row: int, line: SummaryRow) -> None:
    table.set_row(row, 20)
    if line.code:
        table.write_string(row, 0, line.code, book.style("box"))
        table.write_string(row, 1, line.name, book.words("box", line.name))
    else:
        merge(table, row, Span(0, 1, line.name), book.style("heading"))
    for column, code in enumerate(layout.form.codes, start=2):
        value = line.figures.get(code)
        if value is None:
            table.write_blank(row, column, None, book.style("sum"))
        else:
            table.write_number(row, column, value, book.style("sum"))
