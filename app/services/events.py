"""The outbox: what happened, written with the effect and read by those who follow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, insert, select

from app.db import Session, prepared
from app.models import OutboxEvent

_EVENTS = OutboxEvent.__table__  # type: ignore[attr-defined]
_LAST = prepared(select(func.max(_EVENTS.c.seq).label("seq")))
_APPEND = prepared(insert(_EVENTS))


def emit(session: Session, kind: str, *, unit: str, data: Mapping[str, object], now: datetime) -> None:
    """Add an event of a kind (`report.submitted`) about a unit; numbers rise without gaps."""
    last = session.one(_LAST)
    seq = ((last["seq"] if last else None) or 0) + 1
    session.run(_APPEND, seq=seq, at=now, kind=kind, unit=unit, data=dict(data))
