"""Sums over units: every total with the units it consists of, and ratios as ratios of sums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeVar

from app.domain.ratio import all_units_basis, complete_pairs, reporting_basis
from app.domain.values import FiguresRow, Flag, Governed, figures_row

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


class _Entry(NamedTuple):
    """A unit with a row for certain, null where an indicator does not apply."""

    unit: UnitFigures
    row: FiguresRow


class _Summed(NamedTuple):
    """The units of a sum in code order, and the codes that do not apply to some of them."""

    entries: Sequence[_Entry]
    exceptions: frozenset[str]

    def expected(self, *codes: str) -> Sequence[_Entry]:
        """The units to which every one of `codes` applies; seldom fewer than all."""
        if self.exceptions.isdisjoint(codes):
            return self.entries
        return [e for e in self.entries if e.unit.not_applicable.isdisjoint(codes)]


_LIST_OF: Mapping[str, str] = {
    Flag.UNVERIFIED: "units_unverified",
    Flag.PENDING: "units_pending",
    Flag.DEEMED_NOT_HELD: "units_deemed",
    Flag.PARTLY_DEEMED: "units_deemed",
    Flag.LEDGER_CORRECTED: "units_ledger_corrected",
    Flag.NOT_REPORTED: "units_ledger_only",
}


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
    entries = [_entry(unit, indicators) for unit in sorted(units, key=attrgetter("code"))]
    summed = _summed([e for e in entries if _is_summed(e.unit, view)])
    return {
        "provisional": provisional,
        "vintage": vintage,
        "view": view.value,
        "units_expected": len(summed.entries),
        "cells": _cells([i.code for i in indicators], summed),
        "ratios": {spec.code: _ratio(spec, summed) for spec in ratios},
        "units": [_unit(e) for e in summed.entries],
        "separate": [_separate_unit(e) for e in entries if not _is_summed(e.unit, view)],
    }


def _is_summed(unit: UnitFigures, view: View) -> bool:
    return view is View.ALL or unit.level == "prefecture"


def _summed(entries: Sequence[_Entry]) -> _Summed:
    return _Summed(entries, frozenset().union(*[e.unit.not_applicable for e in entries]))


def _entry(unit: UnitFigures, indicators: Sequence[Governed]) -> _Entry:
    row = unit.row or figures_row(indicators, None, {}, None, closed=False)
    return _Entry(unit, without(row, unit.not_applicable) if unit.not_applicable else row)


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


def _cells(codes: Sequence[str], summed: _Summed) -> dict[str, dict[str, Any]]:
    cells = {code: _cell(code, summed.expected(code)) for code in codes}
    for unit, row in summed.entries:
        for code, flags in row.flags.items():
            if code in cells:
                for flag in flags:
                    cells[code][_LIST_OF[flag]].append(unit.code)
    return cells


def _cell(code: str, expected: Sequence[_Entry]) -> dict[str, Any]:
    """The sums of one indicator; the lists that flags decide are still empty.

    `effective_sum` includes the ledger's figures of units that did not report (含未报单位台账数), listed in
    `units_ledger_only`; `effective_sum_reporting_only` leaves them out. `units_missing` are those without
    any effective value.
    """
    reported = [row.reported.get(code) for _, row in expected]
    effective = [row.effective.get(code) for _, row in expected]
    of_reporting = [value for value, said in zip(effective, reported, strict=True) if said is not None]
    return {
        "reported_sum": _sum(reported),
        "effective_sum": _sum(effective),
        "effective_sum_reporting_only": _sum(of_reporting),
        "units_expected": len(expected),
        "units_with_value": len(expected) - effective.count(None),
        "units_missing": _codes_where_null(effective, expected),
        **{name: [] for name in _LIST_OF.values()},
    }


def _codes_where_null(values: Sequence[int | None], entries: Sequence[_Entry]) -> list[str]:
    return [e.unit.code for value, e in zip(values, entries, strict=True) if value is None]


def _sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _ratio(spec: RatioSpec, summed: _Summed) -> dict[str, Any]:
    """One ratio in both bases (domain.md 3.2), each a sum over a sum of the same units.

    D0 is the register's count of expected units in both bases, because it is known whoever reports. Units
    for which nobody knows a denominator are listed: the all-units basis is a lower bound without them.
    """
    expected = summed.expected(spec.numerator, spec.denominator)
    numerators = [row.effective.get(spec.numerator) for _, row in expected]
    denominators = _denominators(spec, expected)
    known = [
        unit.last.get(spec.denominator) if own is None else own
        for own, (unit, _) in zip(denominators, expected, strict=True)
    ]
    complete = complete_pairs(numerators, denominators)
    reporting = reporting_basis(complete)
    if spec.denominator == PREFECTURES_TOTAL:
        reporting = reporting._replace(denominator=len(expected))
    everyone = all_units_basis(reporting, known)
    return {
        **reporting.as_json(),
        **{f"all_units_{name}": value for name, value in everyone.as_json().items()},
        "units_expected": len(expected),
        "units_with_both": len(complete),
        "units_without_denominator": _codes_where_null(known, expected),
    }


def _denominators(spec: RatioSpec, expected: Sequence[_Entry]) -> list[int | None]:
    if spec.denominator == PREFECTURES_TOTAL:
        return [1] * len(expected)
    return [row.effective.get(spec.denominator) for _, row in expected]


def _unit(entry: _Entry) -> dict[str, Any]:
    unit = entry.unit
    return {
        "unit": unit.code,
        "name": unit.name,
        "level": unit.level,
        "status": unit.status,
        "timeliness": unit.timeliness,
        "reported": entry.row.reported,
        "evidenced": entry.row.evidenced,
        "ledger": entry.row.ledger,
        "effective": entry.row.effective,
        "sources": entry.row.sources,
        "flags": entry.row.flags,
    }


def _separate_unit(entry: _Entry) -> dict[str, Any]:
    remark = {"zh": f"{entry.unit.name}单列", "en": "Shown separately, not in the sums"}
    return {**_unit(entry), "remark": remark}
