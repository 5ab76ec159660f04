"""Units as a ledger needs them: a code, a name, what reports to what, and who answers for the figures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Protocol

_DEPTH = 8
"""More levels than a register has; a register that goes round in circles ends here."""


class LedgerUnit(NamedTuple):
    """A unit of the register. `reporting_unit` is the nearest one at or above it, by `report_parent`.

    `parent` is its `report_parent`. Without it a township is taken to lie in the county that its code
    starts with, and every other unit directly below its reporting unit.
    """

    code: str
    name: str
    reporting_unit: str | None
    parent: str | None = None


Units = Mapping[str, LedgerUnit]


class RegisterRow(Protocol):
    """What a row of the register must say."""

    @property
    def code(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def report_parent(self) -> str | None: ...

    @property
    def reports(self) -> bool: ...


def ledger_units(
    register: Iterable[RegisterRow], *, also_reporting: Collection[str] = ()
) -> dict[str, LedgerUnit]:
    """The units of a register by code, those named in `also_reporting` reporting whatever the register says.

    Named units that the register lacks are added, without a name and without a parent.
    """
    rows = {row.code: row for row in register}
    reporting = {code for code, row in rows.items() if row.reports}.union(also_reporting)
    units = {
        code: LedgerUnit(code, row.name, _reporting_unit(code, rows, reporting), row.report_parent)
        for code, row in rows.items()
    }
    return units | {code: LedgerUnit(code, "", code) for code in also_reporting if code not in rows}


def _reporting_unit(code: str, rows: Mapping[str, RegisterRow], reporting: set[str]) -> str | None:
    at: str | None = code
    for _ in range(_DEPTH):
        if at is None or at in reporting:
            return at
        at = rows[at].report_parent if at in rows else None
    return None


def by_code(units: Iterable[LedgerUnit] | Units) -> Units:
    """The units by code, whichever way they were given."""
    return units if isinstance(units, Mapping) else {unit.code: unit for unit in units}


def above(unit: LedgerUnit, units: Units) -> list[str]:
    """The codes above a unit, from its parent up."""
    path: list[str] = []
    parent = _parent(unit, units)
    while parent is not None and parent not in path and parent != unit.code:
        path.append(parent)
        parent = _parent(units[parent], units) if parent in units else None
    return path


def _parent(unit: LedgerUnit, units: Units) -> str | None:
    if unit.parent is not None:
        return unit.parent
    county = unit.code[:6]
    if len(unit.code) == 9 and county in units:
        return county
    return unit.reporting_unit if unit.reporting_unit != unit.code else None
