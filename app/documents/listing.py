"""A plain table as CSV and as a workbook: a title, headings, a row per thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.documents.styles import Book
from app.documents.summary import BOM, csv_line
from app.domain.period import Period

Cell = str | int | None

_WIDEST = 40
_NARROWEST = 8


@dataclass(frozen=True, slots=True)
class Listing:
    """A table for people: all rows are as long as the headings; None stays blank, 0 does not.

    `filename` is without its ending; `period` dates the file, so that the same table gives the same bytes.
    """

    title: str
    filename: str
    period: Period
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def listing_csv(listing: Listing) -> bytes:
    """UTF-8 with a byte order mark for Excel, CR LF, and nothing that computes."""
    lines = [csv_line(list(row)) for row in (listing.headings, *listing.rows)]
    return (BOM + "".join(lines)).encode()


def listing_book(listing: Listing) -> bytes:
    """The workbook: the title, a frozen row of headings with filters, and the rows."""
    book = Book(listing.title, listing.period)
    sheet = book.workbook.add_worksheet()
    last = len(listing.headings) - 1
    sheet.merge_range(0, 0, 0, last, listing.title, book.style("title"))
    sheet.set_row(0, 36)
    for column, heading in enumerate(listing.headings):
        sheet.write_string(1, column, heading, book.style("heading"))
        sheet.set_column(column, column, _width([heading, *(row[column] for row in listing.rows)]))
    for number, row in enumerate(listing.rows, start=2):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, column, value, book.words("box", value))
            elif value is None:
                sheet.write_blank(number, column, None, book.style("box"))
            else:
                sheet.write_number(number, column, value, book.style("sum"))
    sheet.freeze_panes(2, 0)
    sheet.autofilter(1, 0, max(1, len(listing.rows) + 1), last)
    sheet.repeat_rows(0, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    return book.close()


def _width(values: Sequence[Cell]) -> int:
    """Columns of the widest value: a Chinese character takes two."""
    longest = max(sum(2 if ord(c) > 0x2E7F else 1 for c in str(value or "")) for value in values)
    return min(_WIDEST, max(_NARROWEST, longest + 2))
