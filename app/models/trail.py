"""The trail: audit, events, idempotency keys, and the counters that versions of answers hang on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from app.models.base import Instant, Json, Sequence


class AuditEvent(SQLModel, table=True):
    """One write, in the transaction of its effect; hash = H(prev_hash, this row). No foreign keys:
    the log outlives its subjects."""

    __tablename__ = "audit_event"

    seq: int = Field(sa_column=Column(Sequence, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_type=Instant)
    actor: str = Field(max_length=64)
    role: str = Field(max_length=14)
    unit: str = Field(max_length=9)
    action: str = Field(max_length=40)
    object: str = Field(max_length=120)
    version: int | None = None
    before_hash: str | None = Field(default=None, max_length=64)
    after_hash: str | None = Field(default=None, max_length=64)
    request_id: str = Field(max_length=64)
    address: str = Field(max_length=64)
    alg: str = Field(max_length=10)
    prev_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


_KINDS = "kind in ('report.returned', 'report.reopened')"
IS_BACK = text(f"outbox_event.{_KINDS}")
"""Written out, not as parameters: only then do both databases use the index below."""

_BACK: Any = {"sqlite_where": text(_KINDS), "postgresql_where": text(_KINDS)}
"""Finds what brought a unit's reports back, and costs nothing when one is filed."""


class OutboxEvent(SQLModel, table=True):
    """Something that happened, for those who ask `GET /events?after=`."""

    __tablename__ = "outbox_event"
    __table_args__ = (Index("ix_outbox_event_back", "unit", **_BACK),)

    seq: int = Field(sa_column=Column(Sequence, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_type=Instant)
    kind: str = Field(max_length=40)
    unit: str = Field(max_length=9)
    data: Any = Field(sa_column=Column(Json, nullable=False))


class IdempotencyKey(SQLModel, table=True):
    """The answer to a request that carried a key, stored with its effect."""

    __tablename__ = "idempotency_key"

    actor: str = Field(primary_key=True, max_length=64)
    key: str = Field(primary_key=True, max_length=255)
    fingerprint: str = Field(max_length=64)
    status: int
    headers: Any = Field(sa_column=Column(Json, nullable=False))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(sa_type=Instant, index=True)


class Revision(SQLModel, table=True):
    """A counter per thing that answers are computed from; an ETag names its value."""

    __tablename__ = "revision"

    name: str = Field(primary_key=True, max_length=40)
    number: int = Field(sa_column=Column(BigInteger, nullable=False))


class DeadlineOverride(SQLModel, table=True):
    """A deadline moved by hand for one period, with its reason."""

    __tablename__ = "deadline_override"

    period: str = Field(primary_key=True, max_length=7)
    unit_code: str = Field(primary_key=True, max_length=9)
    """The unit that is reported to: its decision moves the deadline of all that report to it."""
    due_on: str = Field(max_length=10)
    reason: str = Field(max_length=500)
    set_at: datetime = Field(sa_type=Instant)
    set_by: str = Field(max_length=64)


class AuditSegment(SQLModel, table=True):
    """Rows of the audit that were moved to an archive: the chain goes on from the last one's hash."""

    __tablename__ = "audit_segment"

    last_seq: int = Field(sa_column=Column(Sequence, primary_key=True, autoincrement=False))
    first_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    last_at: datetime = Field(sa_type=Instant)
    last_hash: str = Field(max_length=64)
    sha256: str = Field(max_length=64)
    """Of the archive file, whole."""
    archived_at: datetime = Field(sa_type=Instant)
    archived_by: str = Field(max_length=64)
