"""What a reconciliation comes to: over- and under-reporting per figure, the largest differences, who is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from app.db import Row, Session
from app.domain.permission import Actor
from app.models import Unit
from app.services import reconciliations

_UNITS = Unit.__table__  # type: ignore[attr-defined]

TOP = 10
"""How many of the largest differences are named."""


def of_run(session: Session, run_id: str, *, by: Actor) -> dict[str, Any]:
    """The summary of a run, as a whole and for each province. Raises NotFound, Forbidden.

    `over` are differences above 0 (多报), `under` those below (少报): cells and their sum, never netted
    against each other. Of equal differences the one of the lower unit code comes first.
    """
    run = reconciliations.get(session, run_id, by=by)
    found = reconciliations.mismatches(session, run_id)
    missing, silent = (_units(run["missing"][side]) for side in ("missing_in_ledger", "not_reported"))
    places = _places(session, {row["unit_code"] for row in found} | missing | silent)
    provinces = sorted({place["province"] for place in places.values()})
    return {
        "id": run_id,
        "period": run["period"],
        "unit": run["unit_code"],
        "ledger_import": run["ledger_import"],
        "summary": run["summary"],
        **_sums(found, missing, silent, places),
        "provinces": [
            {"province": code, **_sums(*_inside(code, found, missing, silent, places), places)}
            for code in provinces
        ],
    }


def _units(cells: Iterable[Row]) -> set[str]:
    return {cell["unit"] for cell in cells}


def _places(session: Session, codes: set[str]) -> dict[str, Row]:
    """The name of each unit, and the province that it counts for."""
    rows = session.all(select(_UNITS.c.code, _UNITS.c.name, _UNITS.c.report_path))
    return {
        row["code"]: {"name": row["name"], "province": _province(row["report_path"])}
        for row in rows
        if row["code"] in codes
    }


def _province(path: str) -> str:
    """The second unit of a path is a province, or one that reports to the centre itself (兵团)."""
    parts = path.split("/")
    return parts[1] if len(parts) > 1 else parts[0]


def _inside(
    province: str, found: Sequence[Row], missing: set[str], silent: set[str], places: dict[str, Row]
) -> tuple[list[Row], set[str], set[str]]:
    def is_inside(code: str) -> bool:
        return places[code]["province"] == province  # type: ignore[no-any-return]

    lines = [row for row in found if is_inside(row["unit_code"])]
    return lines, set(filter(is_inside, missing)), set(filter(is_inside, silent))


def _sums(
    found: Sequence[Row], missing: set[str], silent: set[str], places: dict[str, Row]
) -> dict[str, Any]:
    largest = sorted(found, key=lambda row: (-abs(row["difference"]), row["unit_code"], row["position"]))
    return {
        "figures": _per_figure(found),
        "top": [_line(row, places) for row in largest[:TOP]],
        "missing_in_ledger": _named(missing, places),
        "not_reported": _named(silent, places),
    }


def _per_figure(found: Iterable[Row]) -> dict[str, Any]:
    sums: dict[str, Any] = defaultdict(lambda: {side: {"cells": 0, "sum": 0} for side in ("over", "under")})
    for row in found:
        side = sums[row["indicator"]]["over" if row["difference"] > 0 else "under"]
        side["cells"] += 1
        side["sum"] += row["difference"]
    return dict(sums)


def _line(row: Row, places: dict[str, Row]) -> Row:
    return {**reconciliations.mismatch_json(row), "name": places[row["unit_code"]]["name"]}


def _named(codes: set[str], places: dict[str, Row]) -> list[Row]:
    return [{"unit": code, "name": places[code]["name"]} for code in sorted(codes)]
