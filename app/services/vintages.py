"""Vintages: the snapshots of a closed period, each as it was published, and what changed between two."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import bindparam, func, select

from app.db import Row, Session, prepared
from app.domain.closing import changes
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.errors import NotFound
from app.models import Closing
from app.services import units

_CLOSINGS = Closing.__table__  # type: ignore[attr-defined]
_OF = (_CLOSINGS.c.period == bindparam("month"), _CLOSINGS.c.unit_code == bindparam("unit"))
_ONE = prepared(select(_CLOSINGS).where(*_OF, _CLOSINGS.c.vintage == bindparam("number")))
_LAST = prepared(select(func.max(_CLOSINGS.c.vintage).label("vintage")).where(*_OF))
_LIST = prepared(
    select(*(column for column in _CLOSINGS.columns if column.name != "snapshot"))
    .where(*_OF)
    .order_by(_CLOSINGS.c.vintage)
)


def last(session: Session, period: str, unit: str) -> int | None:
    """The number of the last vintage, or None while the unit has not closed the period."""
    row = session.one(_LAST, month=period, unit=unit)
    return row["vintage"] if row else None


def snapshot(session: Session, period: str, unit: str, number: int) -> dict[str, Any]:
    """The snapshot of a vintage, members in canonical order. Raises NotFound."""
    row = session.one(_ONE, month=period, unit=unit, number=number)
    if row is None:
        raise NotFound()
    found: dict[str, Any] = orjson.loads(row["snapshot"])
    return found


def get(session: Session, *, period: Period, unit_code: str, number: int, by: Actor) -> bytes:
    """The snapshot of a vintage as the bytes whose hash the list tells. Raises NotFound, Forbidden."""
    _check(session, unit_code, by)
    row = session.one(_ONE, month=str(period), unit=unit_code, number=number)
    if row is None:
        raise NotFound()
    return bytes(row["snapshot"])


def listed(session: Session, *, period: Period, unit_code: str, by: Actor) -> list[dict[str, Any]]:
    """Every vintage without its snapshot, oldest first. Raises NotFound, Forbidden."""
    _check(session, unit_code, by)
    return [as_json(row) for row in session.all(_LIST, month=str(period), unit=unit_code)]


def compared(
    session: Session, *, period: Period, unit_code: str, first: int, second: int, by: Actor
) -> dict[str, Any]:
    """The cells in which two vintages differ, each with old and new, and with the reason and approver of the
    later one. Raises NotFound, Forbidden."""
    _check(session, unit_code, by)
    old, new = (snapshot(session, str(period), unit_code, number) for number in (first, second))
    why = {"reason": new["reason"], "approver": new["closed_by"]}
    cells = [{**cell, **why} for cell in changes(rows_of(old["aggregate"]), rows_of(new["aggregate"]))]
    return {"from": first, "to": second, "cells": cells}


def rows_of(aggregate: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of all units of an aggregate, also of those that its sums leave out."""
    return [*aggregate["units"], *aggregate["separate"]]


def as_json(row: Row) -> dict[str, Any]:
    """A vintage in a list."""
    same = ("vintage", "closed_at", "closed_by", "reason", "ledger_import", "sha256")
    return {**{name: row[name] for name in same}, "form": f"{row['form_code']}/{row['form_version']}"}


def _check(session: Session, unit_code: str, by: Actor) -> None:
    by.check(Action.READ_AGGREGATES, units.get(session, unit_code)["report_path"])
