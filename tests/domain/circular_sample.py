"""The facts of a month of three units, from which cases of circulars depart."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.domain.aggregate import UnitFigures, aggregate
from app.domain.circular import Facts
from app.domain.completeness import UnitState, completeness
from app.domain.values import figures_row
from tests.domain.sample import APRIL, BEFORE, FORM, NOW

SAID = {**NOW, "coop_orgs_new": 6}
COVERED = {"prefectures_mobilized": 1, "counties_mobilized": 3, "townships_mobilized": 15}
LEDGER = {**{code: NOW[code] for code in FORM.ledger_codes}, "members_total": 210}
MISMATCH = {
    "unit": "999900",
    "indicator": "members_total",
    "reported": 202,
    "ledger": 210,
    "difference": -8,
    "state": "open",
}
STATES = [
    UnitState("999800", None, None),
    UnitState("999806", "accepted", "late"),
    UnitState("999900", "accepted", "on_time"),
]


def unit(code: str, name: str, said: Any, *, closed: bool = True, ledger: Any = None) -> UnitFigures:
    row = figures_row(FORM.summed, said, COVERED, ledger, closed)
    level = "county" if code == "999806" else "prefecture"
    last = {"counties_agri_total": 4, "townships_total": 15}
    return UnitFigures(code, name, level, row=row, last=last)


def sums(*units: UnitFigures) -> dict[str, Any]:
    body = aggregate(FORM.summed, FORM.ratios, units, provisional=False, vintage=1)
    return {"period": "2015-04", "unit": "999000", "name": "示例省", "form": FORM.id, **body}


def three(said: Any = None, *, closed: bool = True) -> dict[str, Any]:
    """One city that reported nothing, one district, one city that the ledger corrects."""
    given = said or SAID
    return sums(
        unit("999800", "示例甲市", None, closed=closed),
        unit("999806", "示例区", given, closed=closed),
        unit("999900", "示例乙市", given, closed=closed, ledger=LEDGER),
    )


def facts(**changes: Any) -> Facts:
    """A closed April, reconciled, without a month before."""
    given: dict[str, Any] = {
        "form": FORM,
        "period": APRIL,
        "aggregate": three(),
        "completeness": completeness(STATES),
        "reconciliation": {
            "summary": {"compared": 14, "matched": 13, "mismatched": 1, "missing_in_ledger": 7},
            "mismatches": [MISMATCH],
        },
        "activities": {},
        "previous": None,
        "cumulative": dict.fromkeys(FORM.flow_codes, 12),
        "rankings": [],
        "returns": 0,
        "vintage": 1,
        "closed_on": date(2015, 4, 30),
        "ledger_as_of": date(2015, 4, 25),
        "next_due": date(2015, 5, 25),
    }
    return Facts(**given | changes)


def last_month() -> dict[str, Any]:
    """The sums of a month with the predecessor's figures."""
    return three({**BEFORE, "counties_mobilized": 3, "coop_orgs_new": 6})
