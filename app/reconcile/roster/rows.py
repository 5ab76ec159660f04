"""The specification of a roster's row: what one line says, and all that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
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
    tidy,
)
from app.reconcile.columns import Kind, Layout
from app.reconcile.findings import LedgerFinding, finding
from app.reconcile.roster.columns import TERMS, VILLAGE, Shape
from app.reconcile.rows import split, total_label

EARLIEST_YEAR = 1950
"""Organizations are older than the ledger; a year before this one is a slip of the finger."""
LONGEST_ID = 32

_HALF = re.compile(r"[0-9]{4}(?:[-/.年]?(?:0?[1-9]|1[0-2])月?|年)?")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+|[0-9]{4,}\.0*")
_COUNT = re.compile(r"(?:共|计)?([0-9]{1,9})(?:人|名|个|条)?")
_BETWEEN = re.compile("[;；、]")


@dataclass(frozen=True, slots=True)
class Record:
    """A row that may count. `terms` and `figures` are in the order of the shape's columns; None is blank."""

    identity: str
    township: str
    township_name: str
    begun: date
    ended: date | None
    terms: tuple[str, ...]
    rectified: tuple[date, ...]
    figures: tuple[int | None, ...]
    is_village: bool


@dataclass(frozen=True, slots=True)
class RosterTotal:
    """A row of totals: the number of records it states, or the sum of each column of figures."""

    is_subtotal: bool
    count: int | None
    figures: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a line is: a record, a total, or neither (blank, or refused by an error among the findings)."""

    record: Record | None = None
    total: RosterTotal | None = None
    is_blank: bool = False
    findings: list[LedgerFinding] = field(default_factory=list)


def judge(line: str, number: int, layout: Layout, shape: Shape, today: date | None = None) -> Judged:
    """Read one line of a roster. Empty cells beyond the header's width are passed over.

    Days after `today` are warned of.
    """
    cells = split(line, layout.delimiter)
    if cells is None:
        return Judged(findings=[finding("broken-quotes", number)])
    if not any(tidy(cell)[0] for cell in cells):
        return Judged(is_blank=True)
    width = len(layout.columns)
    if len(cells) < width or any(cells[width:]):
        return Judged(findings=[finding("ragged", number, found=len(cells), expected=width)])
    row = _Row(layout, shape, cells[:width], number)
    code = row.text("township_code")
    # A row with a township's code is a record, whatever it calls itself.
    label = (
        None
        if read_code(code).value
        else total_label(row.text(shape.identity), code, row.text("township_name"))
    )
    return _record(row, today) if label is None else _total(row, label)


class _Row:
    """A line while its cells are read; keeps what is wrong with them."""

    def __init__(self, layout: Layout, shape: Shape, cells: Sequence[str], number: int) -> None:
        self.shape = shape
        self.findings: list[LedgerFinding] = []
        self._texts = {column.code: cell for column, cell in zip(layout.columns, cells, strict=True)}
        self._number = number

    def text(self, code: str) -> str:
        """The cell as written, empty where the file has no such column."""
        return self._texts.get(code, "")

    def read(self, code: str, reader: Callable[[str], Reading[T]]) -> T | None:
        """The cell's value; None for a blank and for what is refused."""
        reading = reader(self.text(code))
        for found in (reading.refused, *reading.notes):
            if found is not None:
                self.note(found, code)
        return reading.value

    def note(self, found: str, code: str) -> None:
        """Add a finding about a cell; names, terms and free texts are never shown."""
        column = self.shape.column(code)
        hidden = column.kind in (Kind.NAME, Kind.TEXT, Kind.TERM)
        self.findings.append(
            finding(
                found,
                self._number,
                column=code,
                value=None if hidden else self.text(code),
                **column.labels,
                limit=LARGEST_FIGURE,
            )
        )

    @property
    def numbers(self) -> list[str]:
        """All cells, tidied."""
        return [tidy(text)[0] for text in self._texts.values()]

    @property
    def is_refused(self) -> bool:
        """Whether any cell has an error."""
        return any(found.severity is Severity.ERROR for found in self.findings)


def _record(row: _Row, today: date | None) -> Judged:
    shape = row.shape
    identity, township = row.read(shape.identity, read_identity), row.read("township_code", read_township)
    if is_formula(row.text("township_name")):
        row.note("formula", "township_name")
    begun, ended = _term_of_office(row, today)
    terms = tuple(_term(row, code) for code in shape.terms)
    rectified = _rectified(row, today) if "rectified_on" in _codes(shape) else ()
    figures = tuple(row.read(code, read_figure) for code in shape.figures)
    if row.is_refused or identity is None or township is None or begun is None:
        return Judged(findings=row.findings)
    is_village = "org_type" in shape.terms and terms[shape.terms.index("org_type")] in VILLAGE
    name = tidy(row.text("township_name"))[0]
    record = Record(identity, township, name, begun, ended, terms, rectified, figures, is_village)
    return Judged(record, findings=row.findings)


def _codes(shape: Shape) -> set[str]:
    return {column.code for column in shape.columns}


def _term_of_office(row: _Row, today: date | None) -> tuple[date | None, date | None]:
    shape = row.shape
    begun, ended = _day(row, shape.begins, today), _day(row, shape.ends, today)
    if not tidy(row.text(shape.begins))[0]:
        row.note("missing-start", shape.begins)
    if begun is not None and ended is not None and ended < begun:
        row.note("ends-before-start", shape.ends)
    return begun, ended


def _day(row: _Row, code: str, today: date | None) -> date | None:
    day = row.read(code, read_day)
    if day is not None and today is not None and day > today:
        row.note("future-date", code)
    return day


def _rectified(row: _Row, today: date | None) -> tuple[date, ...]:
    days = row.read("rectified_on", read_days)
    if days and today is not None and max(days) > today:
        row.note("future-date", "rectified_on")
    return days or ()


def _term(row: _Row, code: str) -> str:
    text = row.text(code)
    bare, notes = tidy(text)
    for note in notes:
        row.note(note, code)
    if code == "org_type" and bare in VILLAGE:
        row.note("village-organization", code)
    elif is_formula(text):
        row.note("formula", code)
    elif bare not in ("", *TERMS[code]):
        row.note("unknown-term", code)
    return bare


def read_identity(text: str) -> Reading[str]:
    """A number or code of at most 32 characters; one that a spreadsheet has damaged is refused."""
    bare, notes = tidy(text)
    if not bare:
        return Reading(None, "missing-id")
    if is_formula(bare):
        return Reading(None, "formula")
    if _SCIENTIFIC.fullmatch(bare):
        return Reading(None, "scientific-notation")
    return Reading(None, "bad-id") if len(bare) > LONGEST_ID else Reading(bare, None, notes)


def read_township(text: str) -> Reading[str]:
    """A township's code of nine digits, or of twelve that end in 000."""
    reading = read_code(text)
    if reading.value is not None and len(reading.value) != 9:
        return Reading(None, "not-township")
    return reading


def read_day(text: str) -> Reading[date]:
    """A day, from 1950 on. A month or a year alone is refused as half a date."""
    reading = read_date(text, EARLIEST_YEAR)
    if reading.refused == "bad-date" and _HALF.fullmatch(tidy(text)[0]):
        return Reading(None, "half-date")
    return reading


def read_days(text: str) -> Reading[tuple[date, ...]]:
    """Days with semicolons between them, in order and each once; the first that is none refuses all."""
    bare, notes = tidy(text)
    if not bare:
        return Reading((), None, notes)
    days: set[date] = set()
    parts = _BETWEEN.split(bare)
    for part in parts:
        reading = read_day(part)
        if reading.value is None:
            return Reading(None, reading.refused or "bad-date")
        notes += reading.notes
        days.add(reading.value)
    return Reading(tuple(sorted(days)), None, tuple(dict.fromkeys(notes)))


def _total(row: _Row, label: str) -> Judged:
    read = partial(read_figure, largest=LARGEST_TOTAL)
    figures = {code: value for code in row.shape.figures if (value := row.read(code, read)) is not None}
    if row.is_refused:
        return Judged(findings=row.findings)
    counts = [found[1] for text in row.numbers if (found := _COUNT.fullmatch(text))]
    count = int(counts[0]) if counts and not row.shape.figures else None
    is_subtotal = label.casefold().endswith(("小计", "subtotal"))
    return Judged(total=RosterTotal(is_subtotal, count, figures), findings=row.findings)
