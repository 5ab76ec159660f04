"""The attachments of a circular as a workbook: one sheet each, so that offices can go on working with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xlsxwriter.worksheet import Worksheet

from app.documents.circular import Content, shares, shown
from app.documents.form_book import set_page
from app.documents.styles import Book
from app.domain.period import Period

TITLE_ROW, HEADING_ROW, FIRST_ROW = 0, 1, 2


def circular_book(content: Content, period: Period) -> bytes:
    """The workbook; numbers stay numbers, no text computes, the same content gives the same bytes."""
    book = Book(content["title"], period)
    for position, attachment in enumerate(content["attachments"], start=1):
        sheet = book.workbook.add_worksheet(f"附件{position}{attachment['title']}"[:31])
        _write(book, sheet, attachment)
    return book.close()


def _write(book: Book, sheet: Worksheet, attachment: Mapping[str, Any]) -> None:
    columns: Sequence[str] = attachment["columns"]
    sheet.merge_range(TITLE_ROW, 0, TITLE_ROW, len(columns) - 1, attachment["title"], book.style("title"))
    for column, share in enumerate(shares([columns, *attachment["rows"]])):
        sheet.set_column(column, column, min(share, 40))
    for row, values in enumerate([columns, *attachment["rows"]], start=HEADING_ROW):
        _write_line(book, sheet, row, values, "heading" if row == HEADING_ROW else "box")
    sheet.freeze_panes(FIRST_ROW, 1)
    sheet.repeat_rows(HEADING_ROW)
    set_page(sheet)


def _write_line(book: Book, sheet: Worksheet, row: int, values: Sequence[Any], look: str) -> None:
    for column, value in enumerate(values):
        if isinstance(value, int):
            sheet.write_number(row, column, value, book.style("sum"))
        else:
            sheet.write_string(row, column, shown(value), book.words(look, shown(value)))
