"""The outbox: what happened, written with the effect and read by those who follow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, insert, select

from app.db import Row, Session, prepared
from app.domain.permission import Action, Actor
from app.models import OutboxEvent, Unit
from app.models.unit import within

_EVENTS = OutboxEvent.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_NAMES = ("at", "kind", "unit", "data")
_NEXT = select(func.coalesce(func.max(_EVENTS.c.seq), 0) + 1).scalar_subquery()
# Not INSERT from SELECT: for that SQLite copies through a table of its own, each time a new one.
_APPEND = prepared(insert(_EVENTS).inline().values(seq=_NEXT), names=_NAMES)


def emit(session: Session, kind: str, *, unit: str, data: Mapping[str, object], now: datetime) -> None:
    """Add an event of a kind (`report.submitted`) about a unit; numbers rise without gaps."""
    session.defer(_APPEND, at=now, kind=kind, unit=unit, data=dict(data))


def listed(session: Session, *, after: int, limit: int, by: Actor) -> list[Row]:
    """Events after a number about units within the caller's reach, oldest first.

    Raises Forbidden for who may read no report: events tell of them.
    """
    by.check_role(Action.READ_REPORT)
    statement = (
        select(_EVENTS)
        .outerjoin(_UNITS, _UNITS.c.code == _EVENTS.c.unit)
        .where(_EVENTS.c.seq > after, within(by.reach(Action.READ_REPORT), _UNITS.c.report_path))
        .order_by(_EVENTS.c.seq)
        .limit(limit)
    )
    return session.all(statement)
