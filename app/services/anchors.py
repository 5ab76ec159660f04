"""Anchors: heads of the audit chain kept elsewhere, where whoever owns the database cannot reach them.

A chain shows every change but two: its end cut off, and all of it sealed anew. Both show against an anchor.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlalchemy import bindparam, func, or_, select

from app.db import Database, Session, prepared
from app.domain.address import Outgoing
from app.domain.period import china_date
from app.errors import Unavailable
from app.models import AuditEvent, AuditSegment, OutboxEvent
from app.services.outbound import call

CLOSING = ("period.closed", "circular.published")
"""Events after which the chain is anchored at once; else once a day."""

_EVENTS = AuditEvent.__table__  # type: ignore[attr-defined]
_SEGMENTS = AuditSegment.__table__  # type: ignore[attr-defined]
_OUTBOX = OutboxEvent.__table__  # type: ignore[attr-defined]
_HEAD = prepared(select(_EVENTS.c.seq, _EVENTS.c.hash).order_by(_EVENTS.c.seq.desc()).limit(1))
_HASH = prepared(select(_EVENTS.c.hash).where(_EVENTS.c.seq == bindparam("number")))
_SEALED = prepared(select(_SEGMENTS.c.last_hash).where(_SEGMENTS.c.last_seq == bindparam("number")))
_ARCHIVED = prepared(select(func.coalesce(func.max(_SEGMENTS.c.last_seq), 0).label("seq")))
_CLOSED = prepared(
    select(func.max(_OUTBOX.c.at).label("at")).where(or_(*(_OUTBOX.c.kind == kind for kind in CLOSING)))
)


class Anchor(NamedTuple):
    """The head of the chain at an instant."""

    seq: int
    hash: str
    at: datetime

    def line(self) -> bytes:
        """As it is kept: one line of JSON."""
        return orjson.dumps({"seq": self.seq, "hash": self.hash, "at": self.at.isoformat()}) + b"\n"


def anchor(database: Database, place: str, *, now: datetime, allowed: Outgoing) -> Anchor | None:
    """Keep the head of the chain at a file or an https URL; None for a chain without rows.

    Raises Unavailable when the receiver does not take it, OSError for the file.
    """
    session = database.connect_read_only()
    try:
        row = session.one(_HEAD)
    finally:
        session.connection.close()
    if row is None:
        return None
    head = Anchor(row["seq"], row["hash"], now)
    if not is_url(place):
        append(Path(place), head)
    elif not call(place, head.line(), {}, allowed=allowed).is_taken:
        raise Unavailable()
    return head


def is_url(place: str) -> bool:
    """Whether a place is asked over HTTP, else it is a file."""
    return place.startswith(("https://", "http://"))


def append(path: Path, head: Anchor) -> None:
    """Add a line to the file and bring it to the disk; the file may allow no more than that (chattr +a)."""
    with path.open("ab") as file:
        file.write(head.line())
        file.flush()
        os.fsync(file.fileno())


def parse_anchors(text: bytes) -> list[Anchor]:
    """The anchors of a file. ValueError when it holds none, or something else."""
    found = [_parsed(line) for line in text.splitlines() if line.strip()]
    if not found:
        raise ValueError("no anchor")
    return found


def _parsed(line: bytes) -> Anchor:
    try:
        made: dict[str, Any] = orjson.loads(line)
        return Anchor(int(made["seq"]), str(made["hash"]), datetime.fromisoformat(made["at"]))
    except (KeyError, TypeError) as error:
        raise ValueError("no anchor") from error


def denied(session: Session, anchors: Iterable[Anchor]) -> list[int]:
    """The numbers of anchors that the chain does not bear out: the row is gone, or is another one now.

    An anchor inside an archived segment is borne out by the archive (`yuebao audit verify --archive`).
    """
    archived = session.one(_ARCHIVED)
    last = archived["seq"] if archived else 0
    found = []
    for each in anchors:
        row = session.one(_HASH, number=each.seq)
        if row is None and each.seq == last:
            row = session.one(_SEALED, number=each.seq)
            row = row and {"hash": row["last_hash"]}
        if (row is None and each.seq >= last) or (row is not None and row["hash"] != each.hash):
            found.append(each.seq)
    return found


def is_due(database: Database, last: datetime | None, *, now: datetime) -> bool:
    """Whether the chain is to be anchored: never before, not yet today in China, or a period was closed since."""
    if last is None or china_date(last) != china_date(now):
        return True
    session = database.connect_read_only()
    try:
        row = session.one(_CLOSED)
    finally:
        session.connection.close()
    return bool(row and row["at"] is not None and row["at"] > last)


class Keeper:
    """Anchors when it is due, for one process; where it was killed in between, it anchors once more."""

    def __init__(self, place: str, allowed: Outgoing) -> None:
        self.place = place
        self.allowed = allowed
        self.last: datetime | None = None

    def keep(self, database: Database, *, now: datetime) -> None:
        """Anchor, if the chain is to be anchored now."""
        if is_due(database, self.last, now=now):
            anchor(database, self.place, now=now, allowed=self.allowed)
            self.last = now
