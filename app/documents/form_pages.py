"""Writes the second sheet of a form: supplements, narrative items, text and explanations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from xlsxwriter.worksheet import Worksheet

from app.documents.layout import (
    EXPLANATIONS,
    HEADINGS,
    ITEMS,
    NARRATIVE,
    NO,
    PAGES_SHEET,
    SUPPLEMENTS,
    YES,
)
from app.documents.styles import Book, lines_of
from app.domain.form import FormVersion

WIDTHS = (10, 46, 11, 11, 62)
SPARE_EXPLANATIONS = 10
TALLEST = 400.0
"""Points; a spreadsheet cannot show a taller row."""


def write_pages(
    book: Book, form: FormVersion, content: Mapping[str, Any], protect: Callable[[Worksheet], None]
) -> None:
    """Add the sheet, with what the report already says in it."""
    pages = _Pages(book, form, content)
    pages.supplements()
    pages.items()
    pages.narrative()
    pages.explanations()
    pages.finish()
    protect(pages.sheet)


class _Pages:
    """Writes from top to bottom; `row` is the next free row."""

    def __init__(self, book: Book, form: FormVersion, content: Mapping[str, Any]) -> None:
        self._book, self._form, self._content = book, form, content
        self.sheet = book.workbook.add_worksheet(PAGES_SHEET)
        self.row = 0
        for column, width in enumerate(WIDTHS):
            self.sheet.set_column(column, column, width)

    def supplements(self) -> None:
        """Numbers that the notice wants and the table has no column for; a blank is allowed."""
        values = self._content.get("supplements", {})
        self._open(SUPPLEMENTS)
        reported = [s for s in self._form.supplements if s.code in self._form.reported_supplements]
        for number, supplement in enumerate(reported, start=1):
            self._fixed(0, number)
            self._fixed(1, supplement.label.zh)
            self._count(2, values.get(supplement.code))
            self._fixed(3, supplement.unit.zh)
            self._fixed(4, supplement.definition.zh)
            self._next(supplement.definition.zh)

    def items(self) -> None:
        """The items of the narrative that a unit may enter."""
        said = {entry["item"]: entry for entry in self._content.get("activities", [])}
        self._open(ITEMS)
        for item in (item for item in self._form.items if item.number in self._form.entered_items):
            entry = said.get(item.number)
            self._fixed(0, item.number)
            self._fixed(1, f"{item.label.zh}：{item.content.zh}")
            self._choice(2, "" if entry is None else YES if entry["done"] else NO, (YES, NO))
            self._count(3, entry["count"] if entry else None)
            self._text(4, entry["text"] if entry else "")
            self._next(f"{item.label.zh}：{item.content.zh}", entry["text"] if entry else "")

    def narrative(self) -> None:
        """One large field."""
        text = self._content.get("narrative", "")
        self._heading(NARRATIVE)
        self._merged(0, text)
        self._next(text, tallest=150.0)

    def explanations(self) -> None:
        """Why rules that failed are nevertheless in order, with room for more."""
        given: Sequence[Mapping[str, str]] = self._content.get("explanations", [])
        categories = [category.label.zh for category in self._form.categories]
        label = {category.code: category.label.zh for category in self._form.categories}
        blank = {"rule": "", "category": "", "text": ""}
        self._open(EXPLANATIONS)
        for explanation in [*given, *[blank] * SPARE_EXPLANATIONS]:
            self._text(0, explanation["rule"])
            self._choice(1, label.get(explanation["category"], explanation["category"]), categories)
            self._merged(2, explanation["text"])
            self._next(explanation["text"])

    def finish(self) -> None:
        """Set up the page."""
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.print_black_and_white()
        self.sheet.hide_gridlines(2)

    def _heading(self, text: str) -> None:
        self.sheet.set_row(self.row, 24)
        self.sheet.merge_range(self.row, 0, self.row, len(WIDTHS) - 1, text, self._book.style("block"))
        self.row += 1

    def _open(self, block: str) -> None:
        self._heading(block)
        *first, last = HEADINGS[block]
        for column, text in enumerate(first):
            self.sheet.write_string(self.row, column, text, self._book.style("heading"))
        if len(first) < len(WIDTHS) - 1:
            end = len(WIDTHS) - 1
            self.sheet.merge_range(self.row, len(first), self.row, end, "", self._book.style("heading"))
        self.sheet.write_string(self.row, len(first), last, self._book.style("heading"))
        self.row += 1

    def _fixed(self, column: int, value: str | int) -> None:
        style = self._book.style("boxed_words" if isinstance(value, str) else "box")
        self.sheet.write(self.row, column, value, style)

    def _text(self, column: int, text: str, look: str = "words") -> None:
        style = self._book.words(look, text)
        if text:
            self.sheet.write_string(self.row, column, text, style)
        else:
            self.sheet.write_blank(self.row, column, None, style)

    def _merged(self, column: int, text: str) -> None:
        style = self._book.words("words", text)
        self.sheet.merge_range(self.row, column, self.row, len(WIDTHS) - 1, "", style)
        self._text(column, text)

    def _choice(self, column: int, value: str, allowed: Iterable[str]) -> None:
        self._text(column, value, "choice")
        # The whole list must stay under 255 characters; longer ones are typed.
        if len(",".join(allowed)) < 255:
            self.sheet.data_validation(
                self.row, column, self.row, column, {"validate": "list", "source": [*allowed]}
            )

    def _count(self, column: int, value: int | None) -> None:
        if value is None:
            self.sheet.write_blank(self.row, column, None, self._book.style("number"))
        else:
            self.sheet.write_number(self.row, column, value, self._book.style("number"))
        self.sheet.data_validation(
            self.row,
            column,
            self.row,
            column,
            {
                "validate": "integer",
                "criteria": "between",
                "minimum": 0,
                "maximum": self._form.largest_figure,
            },
        )

    def _next(self, *texts: str, tallest: float = 20.0) -> None:
        lines = max(lines_of(text, 22) for text in texts) if texts else 1
        self.sheet.set_row(self.row, min(TALLEST, max(tallest, 15.0 * lines + 6)))
        self.row += 1
