"""Mismatches as a list that an office opens: CSV and a workbook, in which nothing computes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.documents.styles import Book
from app.documents.summary import BOM, csv_line
from app.domain.mismatch import NAMES, State
from app.domain.period import FIRST

COLUMNS = (
    ("期别 period", "period", 10),
    ("单位代码 unit", "unit_code", 12),
    ("单位名称 name", "name", 18),
    ("指标 indicator", "label", 22),
    ("填报 reported", "reported", 12),
    ("台账 ledger", "ledger", 12),
    ("差额 difference", "difference", 12),
    ("状态 state", "state", 10),
    ("最近说明 last words", "text", 44),
)
TITLE = "台账差异清单"

Row = Mapping[str, Any]


def mismatch_csv(rows: Iterable[Row], labels: Mapping[str, str]) -> Iterator[str]:
    """A header and a line for each mismatch, for Excel: UTF-8 with a byte order mark, CR LF."""
    yield BOM + csv_line([title for title, _, _ in COLUMNS])
    for row in rows:
        yield csv_line(_cells(row, labels))


def mismatch_book(rows: Iterable[Row], labels: Mapping[str, str]) -> bytes:
    """The same as a workbook. Texts are written as texts, whatever they begin with."""
    book = Book(TITLE, FIRST)
    sheet = book.workbook.add_worksheet(TITLE)
    for column, (title, _, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, book.style("heading"))
    for line, row in enumerate(rows, start=1):
        for column, value in enumerate(_cells(row, labels)):
            if isinstance(value, int):
                sheet.write_number(line, column, value, book.style("sum"))
            else:
                sheet.write_string(line, column, value or "", book.words("boxed_words", value or ""))
    sheet.freeze_panes(1, 0)
    return book.close()


def _cells(row: Row, labels: Mapping[str, str]) -> list[str | int | None]:
    label = labels.get(row["indicator"], row["indicator"])
    named = {**row, "label": label, "state": NAMES[State(row["state"])].zh}
    return [named[name] for _, name, _ in COLUMNS]
