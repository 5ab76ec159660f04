"""A received workbook, opened: its sheets with values as an office program shows them, and its stamp."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum
from xlsxwriter.utility import xl_rowcol_to_cell

from app.documents.cells import SheetMarks, custom_properties, marks_by_sheet
from app.documents.package import open_package, packed, refused
from app.documents.stamp import Stamp, read_stamp

LARGEST = 4 * 1024 * 1024
"""Bytes of a workbook that is taken; a filled form has 15 thousand."""

Value = object
"""None or a number, text, truth, date or time."""


class Computed:
    """Stands in place of a formula's value, which nobody has checked; `code` names the defect."""

    code = "formula-refused"


@dataclass(frozen=True)
class OpenedSheet:
    """One sheet. Rows are counted from 0 and may be of any length."""

    name: str
    rows: Sequence[Sequence[Value]]
    marks: SheetMarks
    is_visible: bool

    def at(self, row: int, column: int) -> Value:
        """The value of a cell, None when it is blank; a computed one is never trusted."""
        if self.marks.is_computed(row, column):
            return Computed()
        value = self.rows[row][column] if row < len(self.rows) and column < len(self.rows[row]) else None
        return None if isinstance(value, str) and not value.strip() else value

    def beside(self, row: int, column: int) -> int:
        """The column right of a cell, or of the merged area it stands in."""
        return self.marks.last_column(row, column) + 1


@dataclass(frozen=True)
class Place:
    """A cell of a received workbook, under the sheet's name in that file."""

    sheet: str
    row: int
    column: int

    @property
    def address(self) -> str:
        """As a spreadsheet names the cell: J7."""
        return str(xl_rowcol_to_cell(self.row, self.column))


@dataclass(frozen=True)
class OpenedBook:
    """A whole workbook; `data` are its checked parts as one file."""

    sheets: tuple[OpenedSheet, ...]
    stamp: Stamp | None
    data: bytes


def open_book(data: bytes) -> OpenedBook:
    """Read a workbook that Excel, WPS, LibreOffice or a program saved. Raises Invalid when it cannot be read."""
    parts = open_package(data)
    marks = marks_by_sheet(parts)
    checked = packed(parts)
    try:
        sheets = tuple(_sheets(checked, marks))
    except (CalamineError, ValueError, OSError):
        raise refused("workbook-damaged") from None
    return OpenedBook(sheets, _stamp(sheets, parts), checked)


def _sheets(data: bytes, marks: dict[str, SheetMarks]) -> Iterator[OpenedSheet]:
    with CalamineWorkbook.from_filelike(BytesIO(data)) as book:
        for about in book.sheets_metadata:
            rows = book.get_sheet_by_name(about.name).to_python(skip_empty_area=False)
            is_visible = about.visible == SheetVisibleEnum.Visible
            yield OpenedSheet(about.name, rows, marks.get(about.name, SheetMarks()), is_visible)


def _stamp(sheets: tuple[OpenedSheet, ...], parts: dict[str, bytes]) -> Stamp | None:
    hidden = (sheet.at(0, 0) for sheet in sheets if not sheet.is_visible)
    candidates = (read_stamp(text) for text in (*hidden, *custom_properties(parts)))
    return next((stamp for stamp in candidates if stamp), None)
