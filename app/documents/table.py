"""Finds the official table in a received workbook by what can be seen: its labels, wherever they moved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.documents.layout import CONTACT_LABELS, UNIT_LABELS, Layout, plain
from app.documents.opened import OpenedBook, OpenedSheet, Place, Value
from app.domain.period import Period

_MONTH = re.compile(r"([0-9]{4})年([0-9]{1,2})月")
_UNITS = {plain(text) for text in ("市（区）", *UNIT_LABELS.values())}
_CONTACT = {plain(text): name for name, text in CONTACT_LABELS.items()}
_LABELS = _UNITS | _CONTACT.keys()
_NOTES = "注:"
FURTHEST = 60
"""Rows below the labels in which figures are looked for."""


@dataclass(frozen=True)
class Table:
    """Where the table stands in a sheet: the row of its labels and the column of each indicator."""

    sheet: OpenedSheet
    labels_row: int
    columns: Mapping[str, int]

    def data_rows(self) -> list[int]:
        """The rows between labels and notes in which some indicator is filled."""
        rows = []
        for row in range(self.labels_row + 1, min(len(self.sheet.rows), self.labels_row + FURTHEST)):
            first = next((value for value in self.sheet.rows[row] if value not in (None, "")), "")
            if plain(first).startswith(_NOTES):
                break
            if any(self.sheet.at(row, column) is not None for column in self.columns.values()):
                rows.append(row)
        return rows

    def place(self, row: int, code: str) -> Place:
        """The cell of an indicator in a row."""
        return Place(self.sheet.name, row, self.columns[code])

    def header(self) -> dict[str, tuple[Value, Place]]:
        """The fields above the table: unit, name, phone, each with its value and its cell."""
        found: dict[str, tuple[Value, Place]] = {}
        for row, column, text in self._texts_above():
            label, colon, rest = plain(text).partition(":")
            name = "unit" if label in _UNITS else _CONTACT.get(label)
            if name and colon:
                found.setdefault(name, self._field(row, column, text if rest else ""))
        return found

    def month(self) -> str | None:
        """The month in the title, YYYY-MM, if there is one."""
        for _, _, text in self._texts_above():
            if found := _MONTH.search(plain(text)):
                year, month = int(found[1]), int(found[2])
                return str(Period(year, month)) if 1 <= month <= 12 else None
        return None

    def _texts_above(self) -> Iterator[tuple[int, int, str]]:
        for row, values in enumerate(self.sheet.rows[: self.labels_row]):
            for column, value in enumerate(values):
                if isinstance(value, str) and value.strip():
                    yield row, column, value

    def _field(self, row: int, column: int, text: str) -> tuple[Value, Place]:
        """What stands beside a label, or behind its colon in the same cell."""
        if text:
            return re.split("[:：]", text, maxsplit=1)[1].strip(), Place(self.sheet.name, row, column)
        beside = self.sheet.beside(row, column)
        # Merged cells that a program took apart leave blanks before the value.
        for further in range(beside, len(self.sheet.rows[row])):
            value = self.sheet.at(row, further)
            if isinstance(value, str) and plain(value).partition(":")[0] in _LABELS:
                break
            if value is not None:
                return value, Place(self.sheet.name, row, further)
        return None, Place(self.sheet.name, row, beside)


def tables(book: OpenedBook, layout: Layout) -> list[Table]:
    """The tables with most of the form's labels: one, unless a sheet was copied. Empty when there is none."""
    found = [table for sheet in book.sheets if sheet.is_visible and (table := _in_sheet(sheet, layout))]
    most = max((len(table.columns) for table in found), default=0)
    return [table for table in found if len(table.columns) == most]


def _in_sheet(sheet: OpenedSheet, layout: Layout) -> Table | None:
    best: dict[str, int] = {}
    labels_row, codes = 0, _codes(layout)
    for row in range(len(sheet.rows)):
        columns = _columns(sheet.rows, row, layout, codes)
        if len(columns) > len(best):
            best, labels_row = columns, row
    is_ours = 2 * len(best) > len(layout.form.indicators)
    return Table(sheet, labels_row, best) if is_ours else None


def _columns(
    rows: Sequence[Sequence[Value]], row: int, layout: Layout, known: Mapping[str, list[str]]
) -> dict[str, int]:
    """The indicators whose labels stand in a row. Of equal labels, the heading above decides."""
    above = _headings(rows[row - 1]) if row else []
    columns: dict[str, int] = {}
    for column, value in enumerate(rows[row]):
        label = plain(value) if isinstance(value, str) else ""
        heading = above[column] if column < len(above) else ""
        codes = [c for c in known.get(label, ()) if c not in columns] if label else []
        if codes:
            own = [code for code in codes if plain(layout.group_of[code]) == heading]
            columns[(own or codes)[0]] = column
    return columns


def _codes(layout: Layout) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for indicator in layout.form.indicators:
        found.setdefault(plain(indicator.label.zh), []).append(indicator.code)
    return found


def _headings(values: Sequence[Value]) -> list[str]:
    """The heading over each column: a merged one stands in its first column only."""
    found: list[str] = []
    for value in values:
        found.append(plain(value) if value not in (None, "") else found[-1] if found else "")
    return found
