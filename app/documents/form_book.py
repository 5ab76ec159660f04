"""Writes the official table of one unit and period as a workbook: protected, checked while typing, stamped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xlsxwriter.worksheet import Worksheet

from app.documents.form_pages import write_pages
from app.documents.layout import (
    DATA_ROW,
    GROUP_ROW,
    HEADER_ROW,
    LABEL_ROW,
    NOTES_ROW,
    TABLE_SHEET,
    TITLE_ROW,
    Layout,
    Span,
)
from app.documents.stamp import PROPERTY, SHEET, Stamp
from app.documents.styles import Book, lines_of
from app.domain.content import LONGEST_LINE
from app.domain.form import FormVersion
from app.domain.period import Period

COLUMN = 8.6
"""Width of a column in characters, so that 15 of them fill a landscape A4 page."""

LABEL_CHARACTERS, LINE_HEIGHT = 3.7, 15.0


@dataclass(frozen=True, slots=True)
class FormSheet:
    """Whose table it is and what stands in it; `content` holds members of a report's body, all optional."""

    form: FormVersion
    period: Period
    unit: str
    name: str
    level: str
    content: Mapping[str, Any]
    version: int = 0

    @property
    def stamp(self) -> Stamp:
        """What the workbook says of itself."""
        return Stamp(self.form.id, str(self.period), self.unit, self.version)

    @property
    def filename(self) -> str:
        """The name of the file: code and name, which no two units share."""
        return f"{self.unit}_{self.name}_{self.period}.xlsx"


def form_book(sheet: FormSheet) -> bytes:
    """The workbook. The same sheet gives the same bytes."""
    layout = Layout(sheet.form)
    book = Book(layout.title(sheet.period), sheet.period)
    table = book.workbook.add_worksheet(TABLE_SHEET)
    write_frame(book, table, layout, layout.title(sheet.period))
    _write_header(book, table, layout, sheet)
    _write_figures(book, table, sheet)
    write_notes(book, table, layout, NOTES_ROW)
    set_page(table)
    protect(table)
    write_pages(book, sheet.form, sheet.content, protect)
    _write_stamp(book, sheet.stamp)
    return book.close()


def write_frame(book: Book, table: Worksheet, layout: Layout, title: str, *, left: int = 0) -> None:
    """Title, group headings and labels; `left` columns stand before the first indicator."""
    table.set_column(left, left + layout.width - 1, COLUMN)
    table.set_row(TITLE_ROW, 42)
    merge(table, TITLE_ROW, Span(0, left + layout.width - 1, title), book.style("title"))
    table.set_row(GROUP_ROW, 24)
    for span in layout.groups:
        merge(table, GROUP_ROW, Span(span.first + left, span.last + left, span.text), book.style("heading"))
    labels = [indicator.label.zh for indicator in layout.form.indicators]
    tallest = max(lines_of(label, int(LABEL_CHARACTERS)) for label in labels)
    table.set_row(LABEL_ROW, max(3, tallest) * LINE_HEIGHT + 6)
    for column, label in enumerate(labels):
        table.write_string(LABEL_ROW, column + left, label, book.style("box"))


def write_notes(book: Book, table: Worksheet, layout: Layout, row: int, *, left: int = 0) -> None:
    """The notes from a row on, each in one merged line that is as tall as it needs to be."""
    width = left + layout.width
    for at, note in enumerate(layout.notes(), start=row):
        table.set_row(at, lines_of(note, int(width * COLUMN / 2)) * 14.0 + 4)
        merge(table, at, Span(0, width - 1, note), book.style("note"))


def set_page(table: Worksheet) -> None:
    """One landscape A4 page across, as it is printed and signed; the tint of the fields is not printed."""
    table.set_landscape()
    table.set_paper(9)
    table.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.6)
    table.center_horizontally()
    table.fit_to_pages(1, 0)
    table.print_black_and_white()
    table.hide_gridlines(2)


def protect(table: Worksheet) -> None:
    """Only open fields take input; widths and heights may be changed. There is no password to lose."""
    table.protect("", {"format_columns": True, "format_rows": True})


def merge(table: Worksheet, row: int, span: Span, style: Any) -> None:
    """A text over a span; a single cell needs no merging."""
    if span.first < span.last:
        table.merge_range(row, span.first, row, span.last, "", style)
    if span.text:
        table.write_string(row, span.first, span.text, style)
    else:
        table.write_blank(row, span.first, None, style)


def _write_header(book: Book, table: Worksheet, layout: Layout, sheet: FormSheet) -> None:
    contact = sheet.content.get("contact", {})
    values = (sheet.name, contact.get("name", ""), contact.get("phone", ""))
    table.set_row(HEADER_ROW, 26)
    fields = layout.header_fields(sheet.level)
    for number, ((label, field), value) in enumerate(zip(fields, values, strict=True)):
        merge(table, HEADER_ROW, label, book.style("label"))
        style = book.words("line", value) if number else book.style("plain")
        merge(table, HEADER_ROW, Span(field.first, field.last, value), style)
        if number:
            table.data_validation(
                HEADER_ROW,
                field.first,
                HEADER_ROW,
                field.first,
                {
                    "validate": "length",
                    "criteria": "between",
                    "minimum": 1,
                    "maximum": LONGEST_LINE,
                    "error_title": "填写有误",
                    "error_message": f"最多{LONGEST_LINE}个字",
                },
            )


def _write_figures(book: Book, table: Worksheet, sheet: FormSheet) -> None:
    figures: Mapping[str, int] = sheet.content.get("figures", {})
    table.set_row(DATA_ROW, 36)
    for column, indicator in enumerate(sheet.form.indicators):
        if indicator.code in figures:
            table.write_number(DATA_ROW, column, figures[indicator.code], book.style("number"))
        else:
            table.write_blank(DATA_ROW, column, None, book.style("number"))
        validate_count(table, DATA_ROW, column, sheet.form, (indicator.label.zh, indicator.definition.zh))


def validate_count(
    table: Worksheet, row: int, column: int, form: FormVersion, prompt: tuple[str, str] | None = None
) -> None:
    """Let a cell take whole numbers only, and show what the number means while it is being typed."""
    told = {"input_title": prompt[0][:32], "input_message": prompt[1][:255]} if prompt else {}
    table.data_validation(
        row,
        column,
        row,
        column,
        {
            "validate": "integer",
            "criteria": "between",
            "minimum": 0,
            "maximum": form.largest_figure,
            "error_title": "填写有误",
            "error_message": f"须填0至{form.largest_figure}的整数，无发生填0",
            **told,
        },
    )


def _write_stamp(book: Book, stamp: Stamp) -> None:
    """In a hidden sheet, which all office programs keep, and in a property, which survives deleted sheets."""
    hidden = book.workbook.add_worksheet(SHEET)
    hidden.write_string(0, 0, str(stamp))
    hidden.very_hidden()
    book.workbook.set_custom_property(PROPERTY, str(stamp), "text")
