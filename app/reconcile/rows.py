"""The specification of a summary row: what one line of a ledger says, and all that is wrong with it."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from app.errors import Severity
from app.reconcile.cells import (
    LARGEST_FIGURE,
    LARGEST_TOTAL,
    Reading,
    T,
    is_formula,
    read_code,
    read_date,
    read_figure,
    read_period,
    tidy,
)
from app.reconcile.columns import Column, Kind, Layout
from app.reconcile.findings import LedgerFinding, finding

_PADDING = re.compile(r"[\s:：()（）]+")
_TOTAL = re.compile(r"合计|总计|共计|总数|小计|total|grandtotal|subtotal|sum", re.IGNORECASE)
_ENDS_AS_TOTAL = re.compile(r".*(?:合计|总计|共计|小计|total)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """The figures of one unit in one period, in the file's order of columns; None is missing."""

    period: str
    unit: str
    name: str
    figures: tuple[int | None, ...]
    as_of: date | None


@dataclass(frozen=True, slots=True)
class Total:
    """A row of totals: over its period if it has one, else the file; a subtotal over the rows above it."""

    period: str | None
    is_subtotal: bool
    figures: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a line is: an entry, a total, or neither (blank, or refused by an error among the findings)."""

    entry: Entry | None = None
    total: Total | None = None
    is_blank: bool = False
    findings: list[LedgerFinding] = field(default_factory=list)


def judge(line: str, number: int, layout: Layout) -> Judged:
    """Read one line of a summary ledger. Empty cells beyond the header's width are passed over."""
    cells = split(line, layout.delimiter)
    if cells is None:
        return Judged(findings=[finding("broken-quotes", number)])
    if not any(tidy(cell)[0] for cell in cells):
        return Judged(is_blank=True)
    width = len(layout.columns)
    if len(cells) < width or any(cells[width:]):
        return Judged(findings=[finding("ragged", number, found=len(cells), expected=width)])
    row = Row(layout, cells[:width], number)
    label = total_label(row.text("period"), row.text("unit_code"), row.text("unit_name"))
    return _entry(row) if label is None else _total(row, label)


def split(line: str, delimiter: str) -> list[str] | None:
    """The cells of a line, None if its quotes do not fit the delimiter."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def total_label(period: str, code: str, name: str) -> str | None:
    """What makes a row one of totals: a cell that says so alone, or a name that ends so without a code.

    广州市合计 beside Guangzhou's code is Guangzhou's own row, whatever the file calls it.
    """
    texts = [_PADDING.sub("", tidy(text)[0]) for text in (name, code, period)]
    alone = next((text for text in texts if _TOTAL.fullmatch(text)), None)
    if alone is None and not texts[1] and _ENDS_AS_TOTAL.fullmatch(texts[0]):
        return texts[0]
    return alone


class Row:
    """A line while its cells are read; keeps what is wrong with them."""

    def __init__(self, layout: Layout, cells: Sequence[str], number: int) -> None:
        self.figures = layout.of(Kind.FIGURE)
        self.findings: list[LedgerFinding] = []
        self._columns = {column.code: column for column in layout.columns}
        self._texts = dict(zip(self._columns, cells, strict=True))
        self._number = number

    def text(self, code: str) -> str:
        """The cell as written, empty where the file has no such column."""
        return self._texts.get(code, "")

    def read(self, code: str, reader: Callable[[str], Reading[T]]) -> T | None:
        """The cell's value; None for a blank, for a column that is not there, and for what is refused."""
        if code not in self._texts:
            return None
        reading = reader(self._texts[code])
        for found in (reading.refused, *reading.notes):
            if found is not None:
                self._note(found, self._columns[code])
        return reading.value

    def name(self) -> str:
        """The unit's name, which may be anything but a formula."""
        text = self.text("unit_name")
        if is_formula(text):
            self._note("formula", self._columns["unit_name"])
        return tidy(text)[0]

    @property
    def is_refused(self) -> bool:
        """Whether any cell has an error."""
        return any(found.severity is Severity.ERROR for found in self.findings)

    def _note(self, code: str, column: Column) -> None:
        value = None if column.kind is Kind.NAME else self._texts[column.code]
        limit = {"limit": LARGEST_FIGURE}
        self.findings.append(
            finding(code, self._number, column=column.code, value=value, **column.labels, **limit)
        )


def _entry(row: Row) -> Judged:
    period, unit = row.read("period", read_period), row.read("unit_code", read_code)
    name = row.name()
    figures = tuple(row.read(column.code, read_figure) for column in row.figures)
    as_of = row.read("as_of", read_date)
    if row.is_refused or period is None or unit is None:
        return Judged(findings=row.findings)
    return Judged(Entry(period, unit, name, figures, as_of), findings=row.findings)


def _total(row: Row, label: str) -> Judged:
    period = read_period(row.text("period")).value
    read = partial(read_figure, largest=LARGEST_TOTAL)
    figures = tuple(row.read(column.code, read) for column in row.figures)
    if row.is_refused:
        return Judged(findings=row.findings)
    is_subtotal = label.casefold().endswith(("小计", "subtotal"))
    return Judged(total=Total(period, is_subtotal, figures), findings=row.findings)
