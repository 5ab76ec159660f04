"""Whether stocks follow from flows month by month, unit by unit, on the ledger's and on the effective figures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from app.errors import Text


class Identity(NamedTuple):
    """stock now = stock before + increase − decrease, for each unit (domain.md R10, R11)."""

    stock: str
    increase: str
    decrease: str


IDENTITIES = (
    Identity("members_total", "members_added", "members_left"),
    Identity("orgs_total", "orgs_new", "orgs_dissolved"),
)


class Basis(StrEnum):
    """Which series is checked."""

    EFFECTIVE = "effective"
    LEDGER = "ledger"


SOURCES_DIFFER = Text("来源不同", "The sources differ between the months")
"""Ledger in one month and report in the next: that such a series does not balance says nothing (note d)."""

Unit = Mapping[str, Any]
"""One unit of an answer of `/aggregates`: effective, ledger and sources by code."""


def balances(before: Iterable[Unit], now: Iterable[Unit], codes: Collection[str]) -> list[dict[str, Any]]:
    """One entry for each identity whose codes are all in `codes`, and each basis; units in their own order.

    `unbalanced` lists the units that break the identity, with the difference stock now − expected stock;
    `sources_differ` those that break it while their figures come from different sources, and carry `note`;
    `undecidable` counts units without all four figures. The three and `balanced` make all units of `now`.
    """
    last = {unit["unit"]: unit for unit in before}
    current = list(now)
    return [
        _checked(identity, basis, last, current)
        for identity in IDENTITIES
        if set(identity) <= set(codes)
        for basis in Basis
    ]


def _checked(
    identity: Identity, basis: Basis, last: Mapping[str, Unit], current: Iterable[Unit]
) -> dict[str, Any]:
    found: dict[str, Any] = {"balanced": 0, "undecidable": 0, "unbalanced": [], "sources_differ": []}
    for unit in current:
        before = last.get(unit["unit"])
        difference = _difference(identity, basis, before, unit)
        if difference is None:
            found["undecidable"] += 1
        elif not difference:
            found["balanced"] += 1
        else:
            is_mixed = basis is Basis.EFFECTIVE and len(_sources(identity, before, unit)) > 1
            entry = {"unit": unit["unit"], "difference": difference}
            found["sources_differ" if is_mixed else "unbalanced"].append(entry)
    note = SOURCES_DIFFER._asdict() if found["sources_differ"] else None
    return {**identity._asdict(), "basis": basis.value, **found, "note": note}


def _difference(identity: Identity, basis: Basis, before: Unit | None, unit: Unit) -> int | None:
    opening = before[basis].get(identity.stock) if before else None
    stock, added, left = (unit[basis].get(code) for code in identity)
    if opening is None or stock is None or added is None or left is None:
        return None
    return int(stock - opening - added + left)


def _sources(identity: Identity, before: Unit | None, unit: Unit) -> set[str | None]:
    opening = before["sources"].get(identity.stock) if before else None
    return {opening, *(unit["sources"].get(code) for code in identity)}
