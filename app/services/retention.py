"""Retention: rows of the audit older than six months move to a file, and the chain stays whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

import orjson
from sqlalchemy import bindparam, delete, func, insert, select

from app.db import Row, Session, prepared
from app.domain.permission import Actor
from app.domain.unit import CENTRE
from app.errors import Conflict, Finding, Invalid, Severity, Text
from app.models import AuditEvent, AuditSegment
from app.models.base import iso
from app.services import audit

KEPT = timedelta(days=184)
"""Six months at their longest: network logs are kept at least as long (Cybersecurity Law, article 21)."""

_EVENTS = AuditEvent.__table__  # type: ignore[attr-defined]
_SEGMENTS = AuditSegment.__table__  # type: ignore[attr-defined]
_YOUNG = prepared(select(func.min(_EVENTS.c.seq).label("seq")).where(_EVENTS.c.at >= bindparam("since")))
_LAST = prepared(select(func.max(_EVENTS.c.seq).label("seq")))
_PAGE = prepared(
    select(_EVENTS)
    .where(_EVENTS.c.seq > bindparam("after"), _EVENTS.c.seq < bindparam("end"))
    .order_by(_EVENTS.c.seq)
    .limit(5000)
)
_ADD = prepared(insert(_SEGMENTS))
_DELETE = prepared(delete(_EVENTS).where(_EVENTS.c.seq <= bindparam("last")))
_KNOWN = prepared(select(_SEGMENTS).where(_SEGMENTS.c.sha256 == bindparam("digest")))
_BEFORE = prepared(select(_SEGMENTS.c.last_hash).where(_SEGMENTS.c.last_seq == bindparam("number")))


def archive(session: Session, *, before: datetime, to: Path, by: Actor, now: datetime) -> Row:
    """Move all rows from before an instant to a new file, one line of JSON each; the segment that covers them.

    The last row always stays, for the next one to seal. Raises Invalid for an instant within six months,
    Conflict when there is nothing to move, FileExistsError. The database refuses younger rows as well.
    """
    if before > now - KEPT:
        text = Text("审计记录至少保存六个月", "Rows of the audit are kept for six months at least")
        found = Finding("too-young", "too-young", Severity.ERROR, "/before", text)
        raise Invalid(text, code="too-young", findings=[found])
    end = _end(session, before)
    rows = _pages(session, end)
    first = next(rows, None)
    if first is None:
        raise Conflict(Text("没有可归档的记录", "There is nothing to archive"), code="nothing-to-archive")
    sha256, last = _written(to, first, rows)
    segment: Row = {
        "first_seq": first["seq"],
        "last_seq": last["seq"],
        "last_at": last["at"],
        "last_hash": last["hash"],
        "sha256": sha256,
        "archived_at": now,
        "archived_by": by.id,
    }
    session.run(_ADD, **segment)
    session.run(_DELETE, last=last["seq"])
    thing = f"audit:{first['seq']}-{last['seq']}"
    audit.record(session, by=by, action="audit.archive", path=CENTRE, thing=thing, now=now, after=sha256)
    return segment


def broken(session: Session, path: Path) -> list[int]:
    """The rows of an archive at which it does not hold; [0] when no segment knows the file. Raises OSError."""
    segment = session.one(_KNOWN, digest=_digest(path))
    if segment is None:
        return [0]
    first = segment["first_seq"]
    before = session.one(_BEFORE, number=first - 1) if first > 1 else {"last_hash": audit.GENESIS}
    if before is None:
        return [first]
    return audit.breaks(_read(path), first, before["last_hash"])


def _end(session: Session, before: datetime) -> int:
    """The number up to which rows may go: the first young one, or the last of all."""
    young, last = session.one(_YOUNG, since=before), session.one(_LAST)
    numbers = [row["seq"] for row in (young, last) if row and row["seq"] is not None]
    return min(numbers, default=0)


def _pages(session: Session, end: int) -> Iterator[Row]:
    after = 0
    while page := session.all(_PAGE, after=after, end=end):
        yield from page
        after = page[-1]["seq"]


def _written(to: Path, first: Row, rest: Iterator[Row]) -> tuple[str, Row]:
    sha256, last = hashlib.sha256(), first
    with to.open("xb") as file:
        for row in chain([first], rest):
            line = orjson.dumps({**row, "at": iso(row["at"])}) + b"\n"
            file.write(line)
            sha256.update(line)
            last = row
        file.flush()
        os.fsync(file.fileno())
    return sha256.hexdigest(), last


def _read(path: Path) -> Iterator[Row]:
    with path.open("rb") as lines:
        for line in lines:
            row = orjson.loads(line)
            yield {**row, "at": datetime.fromisoformat(row["at"])}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
