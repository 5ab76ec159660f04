"""Sums over units: every total with the units it consists of, and ratios as ratios of sums."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import chain, compress
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeVar

from app.domain.ratio import all_units_basis, complete_pairs, reporting_basis
from app.domain.values import FiguresRow, Flag, Governed, figures_row

Marks = tuple[tuple[str, str], ...]
"""Lists, each with the indicator that it is of."""

_V = TypeVar("_V", int, str)

PREFECTURES_TOTAL = "prefectures_total"
"""D0: no column, but the number of expected units; the denominator of column 1."""


class View(StrEnum):
    """Which units are summed."""

    ALL = "all"
    """Every reporting unit: a province's own circular (22 in Guangdong)."""
    CENTRE = "centre"
    """Prefectures only (21); any other reporting unit is shown separately (顺德区单列)."""


class RatioSpec(Protocol):
    """A ratio that a form version defines: codes of indicators, or PREFECTURES_TOTAL below."""

    @property
    def code(self) -> str: ...

    @property
    def numerator(self) -> str: ...

    @property
    def denominator(self) -> str: ...


class UnitFigures(NamedTuple):
    """What one expected unit brings to a sum.

    `row` is None when nothing is stored for it. `not_applicable` holds the indicators that make no sense for
    it (column 1 below a municipality): they are null and the unit is not expected there. `last` holds its
    last accepted or else register value of each denominator, for the all-units basis.
    """

    code: str
    name: str
    level: str
    status: str | None = None
    timeliness: str | None = None
    row: FiguresRow | None = None
    not_applicable: frozenset[str] = frozenset()
    last: Mapping[str, int | None] = MappingProxyType({})


class Entry(NamedTuple):
    """A unit as a sum takes it: its values in the indicators' order, null where one does not apply, and its line.

    `marks` are the lists that it stands in, so that no sum has to look for nulls.
    `line` is what is shown of it, JSON-ready; whoever keeps entries may put the same there as JSON.
    """

    unit: UnitFigures
    reported: Sequence[int | None]
    effective: Sequence[int | None]
    marks: Marks
    line: Any


class _Summed(NamedTuple):
    """The units of a sum in code order, their values by indicator, and the codes that do not apply to some of them.

    `marked` are by indicator those lists of units that are not empty.
    """

    entries: Sequence[Entry]
    reported: Mapping[str, Sequence[int | None]]
    effective: Mapping[str, Sequence[int | None]]
    exceptions: frozenset[str]
    marked: Mapping[str, Mapping[str, list[str]]]

    def expected(self, codes: Collection[str], *columns: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """Of columns with a line per unit those to which every one of `codes` applies; seldom fewer than all."""
        if self.exceptions.isdisjoint(codes):
            return columns
        applies = [entry.unit.not_applicable.isdisjoint(codes) for entry in self.entries]
        return [[*compress(column, applies)] for column in columns]

    def counted(self, code: str) -> Sequence[int | None]:
        """The effective values of an indicator, or of another code, which has none."""
        return self.effective.get(code) or [None] * len(self.entries)


_LIST_OF: Mapping[str, str] = {
    Flag.UNVERIFIED: "units_unverified",
    Flag.PENDING: "units_pending",
    Flag.DEEMED_NOT_HELD: "units_deemed",
    Flag.PARTLY_DEEMED: "units_deemed",
    Flag.LEDGER_CORRECTED: "units_ledger_corrected",
    Flag.NOT_REPORTED: "units_ledger_only",
}
_MISSING = "units_missing"
_NO_LISTS: Mapping[str, list[str]] = {name: [] for name in (_MISSING, *_LIST_OF.values())}


def aggregate(
    indicators: Sequence[Governed],
    ratios: Iterable[RatioSpec],
    units: Iterable[UnitFigures],
    *,
    provisional: bool,
    vintage: int | None,
    view: View = View.ALL,
) -> dict[str, Any]:
    """The body of `GET /aggregates/{period}/{unit}`, JSON-ready, without its period, unit and form.

    `units` are the expected units in any order; `indicators` those that are summed, in the form's order.
    Units and every list of units come in code order. A sum over no value is None, never 0. `separate` holds
    the units that the view leaves out of every sum. Stored dicts are passed through, not copied: do not
    change them afterwards.
    """
    made = entries(indicators, sorted(units, key=attrgetter("code")), view)
    return added_up(indicators, ratios, made, provisional=provisional, vintage=vintage, view=view)


def entries(indicators: Sequence[Governed], units: Iterable[UnitFigures], view: View) -> list[Entry]:
    """The units as a sum takes them, in the same order."""
    codes = [i.code for i in indicators]
    return [_entry(unit, unit.row or _nothing(indicators), codes, view) for unit in units]


def _nothing(indicators: Sequence[Governed]) -> FiguresRow:
    """The row of a unit of which nothing is known."""
    return figures_row(indicators, None, {}, None, closed=False)


def added_up(
    indicators: Sequence[Governed],
    ratios: Iterable[RatioSpec],
    found: Sequence[Entry],
    *,
    provisional: bool,
    vintage: int | None,
    view: View,
) -> dict[str, Any]:
    """What `aggregate` answers, from entries of the same indicators and view in code order."""
    codes = [i.code for i in indicators]
    summed = _summed(codes, [e for e in found if _is_summed(e.unit, view)])
    return {
        "provisional": provisional,
        "vintage": vintage,
        "view": view.value,
        "units_expected": len(summed.entries),
        "cells": {code: _cell(code, summed) for code in codes},
        "ratios": {spec.code: _ratio(spec, summed) for spec in ratios},
        "units": [e.line for e in summed.entries],
        "separate": [e.line for e in found if not _is_summed(e.unit, view)],
    }


def _is_summed(unit: UnitFigures, view: View) -> bool:
    return view is View.ALL or unit.level == "prefecture"


def _summed(codes: Sequence[str], found: Sequence[Entry]) -> _Summed:
    return _Summed(
        found,
        _columns(codes, [e.reported for e in found]),
        _columns(codes, [e.effective for e in found]),
        frozenset().union(*{e.unit.not_applicable for e in found}),
        _marked(found),
    )


def _marked(found: Sequence[Entry]) -> Mapping[str, Mapping[str, list[str]]]:
    """Units that stand in the same lists together, for there are few such kinds."""
    alike: dict[Marks, list[str]] = {}
    for entry in found:
        alike.setdefault(entry.marks, []).append(entry.unit.code)
    pieces: dict[str, dict[str, list[list[str]]]] = {}
    for marks, units in alike.items():
        for code, name in marks:
            pieces.setdefault(code, {}).setdefault(name, []).append(units)
    return {code: {name: _in_order(p) for name, p in lists.items()} for code, lists in pieces.items()}


def _in_order(pieces: Sequence[list[str]]) -> list[str]:
    return pieces[0] if len(pieces) == 1 else sorted(chain.from_iterable(pieces))


def _columns(codes: Sequence[str], lines: Sequence[Sequence[int | None]]) -> dict[str, Sequence[int | None]]:
    columns: Iterable[Sequence[int | None]] = zip(*lines, strict=True) if lines else ((),) * len(codes)
    return dict(zip(codes, columns, strict=True))


def _entry(unit: UnitFigures, row: FiguresRow, codes: Sequence[str], view: View) -> Entry:
    if unit.not_applicable:
        row = without(row, unit.not_applicable)
    reported, effective = ([part.get(code) for code in codes] for part in (row.reported, row.effective))
    line = _line(unit, row) if _is_summed(unit, view) else _separate_line(unit, row)
    marks = [(code, _LIST_OF[flag]) for code in codes for flag in row.flags.get(code, ())]
    if None in effective:
        pairs = zip(codes, effective, strict=True)
        marks += [(code, _MISSING) for code, v in pairs if v is None and code not in unit.not_applicable]
    return Entry(unit, reported, effective, _shared(tuple(marks)), line)


@lru_cache(maxsize=4096)
def _shared(marks: Marks) -> Marks:
    """Units that are alike hold one and the same."""
    return marks


def without(row: FiguresRow, codes: frozenset[str]) -> FiguresRow:
    """The row with every value of `codes` null and their flags gone."""
    return FiguresRow(
        _nulled(row.reported, codes),
        _nulled(row.evidenced, codes),
        _nulled(row.ledger, codes),
        _nulled(row.effective, codes),
        _nulled(row.sources, codes),
        {code: flags for code, flags in row.flags.items() if code not in codes},
    )


def _nulled(part: Mapping[str, _V | None], codes: frozenset[str]) -> dict[str, _V | None]:
    return {code: None if code in codes else value for code, value in part.items()}


def _cell(code: str, summed: _Summed) -> dict[str, Any]:
    """The sums of one indicator.

    `effective_sum` includes the ledger's figures of units that did not report (含未报单位台账数), listed in
    `units_ledger_only`; `effective_sum_reporting_only` leaves them out. `units_missing` are those without
    any effective value.
    """
    reported, effective = summed.expected((code,), summed.reported[code], summed.effective[code])
    lists, total = summed.marked.get(code, _NO_LISTS), _sum(effective)
    is_alike = reported == effective or None not in reported
    return {
        "reported_sum": _sum(reported),
        "effective_sum": total,
        "effective_sum_reporting_only": total if is_alike else _sum_of_reporting(effective, reported),
        "units_expected": len(effective),
        "units_with_value": len(effective) - len(lists.get(_MISSING, ())),
        **_NO_LISTS,
        **lists,
    }


def _sum(values: Sequence[int | None]) -> int | None:
    """The sum of what is known, null if nothing is."""
    # The filter leaves zeros out too, which add nothing.
    return sum(filter(None, values)) or (0 if values.count(None) < len(values) else None)


def _sum_of_reporting(values: Sequence[int | None], reported: Sequence[int | None]) -> int | None:
    return _sum([value for value, said in zip(values, reported, strict=True) if said is not None])


def _ratio(spec: RatioSpec, summed: _Summed) -> dict[str, Any]:
    """One ratio in both bases (domain.md 3.2), each a sum over a sum of the same units.

    D0 is the register's count of expected units in both bases, because it is known whoever reports. Units
    for which nobody knows a denominator are listed: the all-units basis is a lower bound without them.
    """
    both = spec.numerator, spec.denominator
    columns = summed.counted(spec.numerator), _denominators(spec, summed)
    expected, numerators, denominators = summed.expected(both, summed.entries, *columns)
    known = _known(spec, denominators, expected)
    complete, over = complete_pairs(numerators, denominators)
    reporting = reporting_basis(complete, over)
    if spec.denominator == PREFECTURES_TOTAL:
        reporting = reporting._replace(denominator=len(expected))
    everyone = all_units_basis(reporting, known)
    of_reporting = reporting.as_json()
    of_everyone = of_reporting if everyone == reporting else everyone.as_json()
    return {
        **of_reporting,
        **{f"all_units_{name}": value for name, value in of_everyone.items()},
        "units_expected": len(expected),
        "units_with_both": len(complete),
        "units_without_denominator": _codes_where_null(known, expected),
    }


def _codes_where_null(values: Sequence[int | None], expected: Sequence[Entry]) -> list[str]:
    if None not in values:
        return []
    return [e.unit.code for value, e in zip(values, expected, strict=True) if value is None]


def _denominators(spec: RatioSpec, summed: _Summed) -> Sequence[int | None]:
    if spec.denominator == PREFECTURES_TOTAL:
        return [1] * len(summed.entries)
    return summed.counted(spec.denominator)


def _known(
    spec: RatioSpec, denominators: Sequence[int | None], expected: Sequence[Entry]
) -> Sequence[int | None]:
    """Each unit's own denominator, else its last known one."""
    if None not in denominators:
        return denominators
    pairs = zip(denominators, expected, strict=True)
    return [e.unit.last.get(spec.denominator) if own is None else own for own, e in pairs]


def _line(unit: UnitFigures, row: FiguresRow) -> dict[str, Any]:
    return {
        "unit": unit.code,
        "name": unit.name,
        "level": unit.level,
        "status": unit.status,
        "timeliness": unit.timeliness,
        "reported": row.reported,
        "evidenced": row.evidenced,
        "ledger": row.ledger,
        "effective": row.effective,
        "sources": row.sources,
        "flags": row.flags,
    }


def _separate_line(unit: UnitFigures, row: FiguresRow) -> dict[str, Any]:
    remark = {"zh": f"{unit.name}单列", "en": "Shown separately, not in the sums"}
    return {**_line(unit, row), "remark": remark}
