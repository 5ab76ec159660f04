"""The audit: every write leaves a row in its own transaction, and each row seals the one before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select

from app.db import Row, Session, prepared
from app.domain.canonical import digest
from app.domain.permission import Action, Actor
from app.models import AuditEvent
from app.models.base import iso

ALGORITHM = "sha256"
GENESIS = "0" * 64

_EVENTS = AuditEvent.__table__  # type: ignore[attr-defined]
_LAST = select(func.max(_EVENTS.c.seq)).scalar_subquery()
_HEAD = prepared(select(_EVENTS.c.seq, _EVENTS.c.hash).where(_EVENTS.c.seq == _LAST))
_APPEND = prepared(insert(_EVENTS))


def record(
    session: Session,
    *,
    by: Actor,
    action: str,
    path: str,
    thing: str,
    now: datetime,
    version: int | None = None,
    before: str | None = None,
    after: str | None = None,
) -> None:
    """Append one event. `path` is the report path of the unit it concerns; `before` and `after` are hashes.

    Rows are numbered without gaps, because writers take turns (app.db); a failure here undoes the write.
    """
    head = session.one(_HEAD)
    seq, previous = (head["seq"] + 1, head["hash"]) if head else (1, GENESIS)
    row: Row = {
        "seq": seq,
        "at": now,
        "actor": by.id,
        "role": by.role_at(path),
        "unit": path.rpartition("/")[2],
        "action": action,
        "object": thing,
        "version": version,
        "before_hash": before,
        "after_hash": after,
        "request_id": by.request_id,
        "address": by.address,
        "alg": ALGORITHM,
        "prev_hash": previous,
    }
    row["hash"] = seal(row)
    session.run(_APPEND, **row)


def seal(row: Row) -> str:
    """The hash of a row: over its every field and the hash of the row before."""
    sealed = {key: value for key, value in row.items() if key != "hash"}
    sealed["at"] = iso(row["at"])
    return digest(sealed)


def listed(session: Session, *, after: int, limit: int, by: Actor) -> list[Row]:
    """Audit rows after a number, oldest first. Raises Forbidden for all but auditors."""
    by.check_role(Action.READ_AUDIT)
    statement = select(_EVENTS).where(_EVENTS.c.seq > after).order_by(_EVENTS.c.seq).limit(limit)
    return session.all(statement)
