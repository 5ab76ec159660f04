"""The register's file: a CSV with one unit a line, read with all its defects at once, and written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from itertools import chain
from operator import call
from typing import Any
from unicodedata import category

from app.domain.normal_form import normal
from app.domain.register_checks import (
    Defect,
    Tree,
    count_defects,
    findings_in_order,
    row_defects,
    tree_defects,
)
from app.domain.unit import (
    CENTRE,
    DEPTH,
    Denominators,
    Level,
    UnitRow,
    counted_townships,
    denominators,
    in_tree_order,
    report_paths,
    with_counts,
)
from app.errors import Finding

__all__ = [
    "CENTRE",
    "COLUMNS",
    "DEPTH",
    "Denominators",
    "Level",
    "UnitRow",
    "counted_townships",
    "denominators",
    "in_tree_order",
    "read_register",
    "register_text",
    "report_paths",
    "shipped_register",
    "with_counts",
]

_CODE = re.compile(r"[0-9]{6}|[0-9]{9}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COUNT = re.compile(r"[0-9]{1,6}")
_KIND = re.compile(r"[0-5]")
_PLAIN_NAME = re.compile("[\u4e00-\u9fff]{1,80}")
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters that are letters or marks by their category and still show nothing."""
_LEVELS = {level.value: level for level in Level}
_remembered = lru_cache(maxsize=4096)
"""For the columns that say the same thing over and over: 44,000 lines are read in half the time."""


class _Refused(Exception):
    """A field that cannot be read; its one argument is the reason."""


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise _Refused("bad-code")
    return text


@_remembered
def _parent(text: str) -> str | None:
    return _code(text) if text else None


def _name(text: str) -> str:
    if _PLAIN_NAME.fullmatch(text):
        return text
    if _UNSEEN.search(text) or any(map(_is_invisible, text)):
        raise _Refused("invisible-character")
    # A spreadsheet runs what starts like a formula, in full width too.
    if not 1 <= len(text) <= 80 or text != text.strip() or normal("NFKC", text)[0] in "=+-@'\"":
        raise _Refused("bad-name")
    return text


def _is_invisible(character: str) -> bool:
    kind = category(character)
    # New ideographs are unassigned to this Python's tables; a place may well be named with one.
    return kind in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} or (
        kind == "Cn" and not "\U00020000" <= character < "\U0003fffe"
    )


@_remembered
def _level(text: str) -> Level:
    if text not in _LEVELS:
        raise _Refused("bad-level")
    return _LEVELS[text]


@_remembered
def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise _Refused("bad-flag")
    return text == "1"


@_remembered
def _known_flag(text: str) -> bool | None:
    return _flag(text) if text else None


@_remembered
def _kind(text: str) -> int | None:
    if text and not _KIND.fullmatch(text):
        raise _Refused("bad-kind")
    return int(text) if text else None


@_remembered
def _day(text: str) -> date:
    # date.fromisoformat alone would also take 20150430 and 2015-W18-4.
    if not _DAY.fullmatch(text):
        raise _Refused("bad-date")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _Refused("bad-date") from None


@_remembered
def _last_day(text: str) -> date | None:
    return _day(text) if text else None


@_remembered
def _count(text: str) -> int | None:
    if text and not _COUNT.fullmatch(text):
        raise _Refused("bad-count")
    return int(text) if text else None


_PARSERS: dict[str, Callable[[str], Any]] = {
    "code": _code,
    "name": _name,
    "level": _level,
    "report_parent": _parent,
    "admin_parent": _parent,
    "reports": _flag,
    "agri_related": _known_flag,
    "township_kind": _kind,
    "valid_from": _day,
    "valid_to": _last_day,
    "counties_count": _count,
    "agri_counties_count": _count,
    "townships_count": _count,
}
COLUMNS = tuple(_PARSERS)
"""The header of the file, in this order: the fields of `UnitRow`."""


@dataclass(slots=True)
class _Reading:
    """What has been read so far: the rows, the line of each code, and what was wrong."""

    units: dict[str, UnitRow] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    defects: list[Defect] = field(default_factory=list)


def read_register(lines: Iterable[str], known: Iterable[UnitRow] = ()) -> tuple[list[UnitRow], list[Finding]]:
    """The rows of a register file in the file's order, and everything that is wrong with them.

    `lines` are decoded text, the header first; a byte order mark before it is dropped. Lines are counted
    from 1 as an editor counts them, so the first unit stands in line 2. `known` are the units that exist
    already: a file of corrections holds only the changed and new units, and is judged as it lies over the
    known ones. Rows with an unreadable field, and second rows of one code, are not among the rows returned.
    Nothing may be stored while a finding is an error; a warning (`count-differs`) forbids nothing.
    """
    reading = _Reading()
    records = _records(lines, reading)
    number, header = next(records, (1, []))
    if tuple(header) != COLUMNS:
        return [], findings_in_order([*reading.defects, Defect(number, "", "wrong-header")], COLUMNS)
    for number, record in records:
        _take(reading, number, record)
    units = {unit.code: unit for unit in known if unit.code not in reading.units} | reading.units
    tree = Tree(units, reading.lines)
    defects = [*reading.defects, *row_defects(tree), *tree_defects(tree)]
    return list(reading.units.values()), findings_in_order(defects or count_defects(tree), COLUMNS)


def _records(lines: Iterable[str], reading: _Reading) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not empty, with their numbers; stops at the first that is not CSV at all."""
    rest = iter(lines)
    first = next(rest, "").removeprefix("\ufeff")
    reader = csv.reader(chain([first], rest), strict=True)
    try:
        for record in reader:
            if record:
                yield reader.line_num, record
    except csv.Error:
        reading.defects.append(Defect(reader.line_num, "", "unreadable"))


def _take(reading: _Reading, number: int, record: list[str]) -> None:
    code = record[0]
    unit = _unit(number, record, reading.defects)
    if code in reading.lines:
        reading.defects.append(Defect(number, "code", "duplicate-code", {"other": reading.lines[code]}))
        return
    if unit is not None:
        reading.units[code] = unit
    if unit is not None or _CODE.fullmatch(code):
        reading.lines[code] = number


def _unit(number: int, record: list[str], defects: list[Defect]) -> UnitRow | None:
    """The row, or None if a field cannot be read; every such field is a defect."""
    if len(record) != len(COLUMNS):
        defects.append(Defect(number, "", "wrong-columns"))
        return None
    try:
        return UnitRow(*map(call, _PARSERS.values(), record))
    except _Refused:
        defects += _refused_fields(number, record)
        return None


def _refused_fields(number: int, record: list[str]) -> Iterator[Defect]:
    for (column, parse), text in zip(_PARSERS.items(), record, strict=True):
        try:
            parse(text)
        except _Refused as refused:
            yield Defect(number, column, str(refused))


def register_text(units: Iterable[UnitRow]) -> str:
    """The file that `read_register` reads back to the same rows; lines end in a line feed."""
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_field(getattr(unit, column)) for column in COLUMNS] for unit in units)
    return page.getvalue()


def _field(value: StrEnum | str | date | bool | int | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)


def shipped_register() -> list[UnitRow]:
    """The register of the nation that comes with the product, parents before children (docs/register.md)."""
    with files("app.domain").joinpath("register.csv").open(encoding="utf-8") as lines:
        units, findings = read_register(lines)
    assert not findings, "the shipped file is damaged: make it again with scripts/make_register.py"
    return units
