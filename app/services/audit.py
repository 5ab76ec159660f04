"""The audit: every write leaves a row in its own transaction, and each row seals the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select

from app.db import Row, Session, prepared, question
from app.domain.canonical import digest
from app.domain.permission import Action, Actor
from app.models import AuditEvent, AuditSegment, Unit
from app.models.base import iso
from app.models.unit import within

ALGORITHM = "sha256"
GENESIS = "0" * 64

_EVENTS = AuditEvent.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_LAST = select(func.max(_EVENTS.c.seq)).scalar_subquery()
_HEAD = prepared(select(_EVENTS.c.seq, _EVENTS.c.hash).where(_EVENTS.c.seq == _LAST))
_APPEND = prepared(insert(_EVENTS))
ASKED = question(_HEAD)
"""The question that `record` asks, once in a group."""
_PAGE = prepared(
    select(_EVENTS).where(_EVENTS.c.seq > bindparam("after")).order_by(_EVENTS.c.seq).limit(5000)
)
_SEGMENTS = AuditSegment.__table__  # type: ignore[attr-defined]
_SEGMENT = prepared(select(_SEGMENTS).order_by(_SEGMENTS.c.last_seq.desc()).limit(1))


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
    head = session.kept.get(_HEAD) or session.one(_HEAD)
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
    session.defer(_APPEND, **row)
    session.kept[_HEAD] = row


def seal(row: Row) -> str:
    """The hash of a row: over its every field and the hash of the row before."""
    sealed = {**row, "at": iso(row["at"])}
    sealed.pop("hash", None)
    return digest(sealed)


def listed(session: Session, *, after: int, limit: int, by: Actor) -> list[Row]:
    """Audit rows about units within the caller's reach, after a number, oldest first.

    Raises Forbidden for all but auditors. Only one who reaches the whole tree sees the chain without gaps.
    """
    by.check_role(Action.READ_AUDIT)
    statement = (
        select(_EVENTS)
        .outerjoin(_UNITS, _UNITS.c.code == _EVENTS.c.unit)
        .where(_EVENTS.c.seq > after, within(by.reach(Action.READ_AUDIT), _UNITS.c.report_path))
        .order_by(_EVENTS.c.seq)
        .limit(limit)
    )
    return session.all(statement)


def broken(session: Session) -> list[int]:
    """The numbers of the rows at which the chain does not hold: changed, missing before it, or out of place.

    Empty for a sound chain, which begins where the last archived segment ended. Cutting its end, or sealing it
    anew from some row on, shows only against a head that was kept elsewhere (app.services.anchors).
    """
    segment = session.one(_SEGMENT)
    start = (segment["last_seq"] + 1, segment["last_hash"]) if segment else (1, GENESIS)
    return breaks(_rows(session), *start)


def breaks(rows: Iterable[Row], expected: int, previous: str) -> list[int]:
    """The same for rows that ought to begin with a number and to seal a hash."""
    found = []
    for row in rows:
        if row["seq"] != expected or row["prev_hash"] != previous or row["hash"] != seal(row):
            found.append(row["seq"])
        expected, previous = row["seq"] + 1, row["hash"]
    return found


def _rows(session: Session) -> Iterator[Row]:
    """The whole chain in order, a page at a time: it grows for years."""
    page: list[Row] = session.all(_PAGE, after=0)
    while page:
        yield from page
        page = session.all(_PAGE, after=page[-1]["seq"])
