"""A unit of the register: what it is, whom it reports to, and what is counted inside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NamedTuple

CENTRE = "000000"
COUNTED_KINDS = frozenset({1, 2, 3})
"""Kinds of township that are 乡镇: 镇, 乡, and the 51 old rows of kind 3, which are 乡 too."""


class Level(StrEnum):
    """Where a unit stands; a child always stands lower than both its parents."""

    CENTRE = "centre"
    PROVINCE = "province"
    PREFECTURE = "prefecture"
    COUNTY = "county"
    TOWNSHIP = "township"


DEPTH = {level: depth for depth, level in enumerate(Level)}
"""0 for the centre up to 4 for a township."""


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One line of the register; the fields are the columns of its file, in this order.

    `code` has six digits, nine for a township. Sums follow `report_parent`; `admin_parent` says where the
    unit lies (Shunde reports to Guangdong and lies in Foshan). Only the centre has no parents.
    `agri_related` is known for counties only, `township_kind` for townships only: the seventh digit of the
    code as issued, 0 街道, 1 镇, 2 and 3 乡, 4 and 5 similar units. `valid_to` is the first day on which the
    unit is no more. The three counts are those of `denominators`; None means that nobody has stated them.
    """

    code: str
    name: str
    level: Level
    report_parent: str | None
    admin_parent: str | None
    reports: bool
    agri_related: bool | None
    township_kind: int | None
    valid_from: date
    valid_to: date | None
    counties_count: int | None
    agri_counties_count: int | None
    townships_count: int | None

    def is_in_force(self, day: date) -> bool:
        """Whether the unit exists on this day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    @property
    def is_counted_township(self) -> bool:
        """Whether it is one of the 乡镇: streets (街道), parks, farms and prisons are not."""
        return self.township_kind in COUNTED_KINDS


class Denominators(NamedTuple):
    """What a reporting unit answers for: county-level divisions, those related to farming, and 镇+乡."""

    counties: int
    agri_counties: int
    townships: int


def in_tree_order(units: Iterable[UnitRow]) -> list[UnitRow]:
    """Parents before children: by level, then by code."""
    return sorted(units, key=lambda unit: (DEPTH[unit.level], unit.code))


def report_paths(units: Iterable[UnitRow]) -> dict[str, str]:
    """Codes from the centre down to each unit, joined by "/" ("000000/440000/440100"), by code.

    Follows `report_parent`, so that a prefix is a reporting subtree. The units must have passed
    `read_register`: a missing parent is a KeyError.
    """
    paths: dict[str, str] = {}
    for unit in in_tree_order(units):
        above = unit.report_parent
        paths[unit.code] = unit.code if above is None else f"{paths[above]}/{unit.code}"
    return paths


def denominators(units: Iterable[UnitRow]) -> dict[str, Denominators]:
    """The three counts of every reporting unit, by its code.

    A unit's area is itself and all that reports to it, directly or not, down to but without any other
    reporting unit: Foshan's area is without Shunde, and a county that reports for itself counts as its own
    one county. Units with a `valid_to` are not counted; units younger than the period are, because the
    register is one state of the divisions and not their history.
    """
    answers_to: dict[str, str] = {}
    areas: dict[str, list[UnitRow]] = {}
    for unit in in_tree_order(units):
        owner = unit.code if unit.reports else answers_to.get(unit.report_parent or "")
        if owner is not None:
            answers_to[unit.code] = owner
            areas.setdefault(owner, []).append(unit)
    return {code: _count(area) for code, area in areas.items()}


def _count(area: list[UnitRow]) -> Denominators:
    living = [unit for unit in area if unit.valid_to is None]
    counties = [unit for unit in living if unit.level == Level.COUNTY]
    return Denominators(
        counties=len(counties),
        agri_counties=sum(unit.agri_related is True for unit in counties),
        townships=sum(unit.is_counted_township for unit in living),
    )


def with_counts(units: Collection[UnitRow]) -> list[UnitRow]:
    """The units in their order, blank counts of reporting units filled in; what is stated stands."""
    counted = denominators(units)
    return [_filled(unit, counted[unit.code]) if unit.reports else unit for unit in units]


def _filled(unit: UnitRow, count: Denominators) -> UnitRow:
    return replace(
        unit,
        counties_count=_either(unit.counties_count, count.counties),
        agri_counties_count=_either(unit.agri_counties_count, count.agri_counties),
        townships_count=_either(unit.townships_count, count.townships),
    )


def _either(stated: int | None, counted: int) -> int:
    return counted if stated is None else stated


def counted_townships(units: Iterable[UnitRow], within: str = CENTRE) -> int:
    """Number of 镇+乡 in the whole reporting subtree of `within`, separately reporting units included."""
    inside = {within}
    count = 0
    for unit in in_tree_order(units):
        if unit.report_parent in inside:
            inside.add(unit.code)
            count += unit.valid_to is None and unit.is_counted_township
    return count
