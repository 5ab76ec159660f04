"""Mismatches: where reported and ledger differ, what was said about it, and which runs saw it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.models.base import Instant


class Mismatch(SQLModel, table=True):
    """A durable finding about one figure of one unit and period. Difference = reported − ledger.

    There is at most one for a figure, whatever run sees it: it is closed and opened again, never replaced.
    """

    __tablename__ = "mismatch"
    __table_args__ = (
        CheckConstraint("difference = reported - ledger", name="difference"),
        CheckConstraint("difference <> 0 or state = 'closed'", name="differs"),
        CheckConstraint("state in ('open', 'explained', 'confirmed', 'disputed', 'closed')", name="state"),
        CheckConstraint("(state = 'closed') = (resolution is not null)", name="resolution"),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
        Index(None, "period", "unit_code", "indicator", unique=True),
    )

    id: str = Field(primary_key=True, max_length=32)
    period: str = Field(max_length=7)
    unit_code: str = Field(max_length=9)
    indicator: str = Field(max_length=40)
    reported: int
    ledger: int
    difference: int
    state: str = Field(max_length=20)
    resolution: str | None = Field(default=None, max_length=20)
    revision: int
    """Rises with every entry of the thread: what an update compares and sets."""
    opened_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class MismatchEntry(SQLModel, table=True):
    """One line of a mismatch's thread: who did what, when, in which words, and how the figures stood then."""

    __tablename__ = "mismatch_entry"
    __table_args__ = (ForeignKeyConstraint(["mismatch_id"], ["mismatch.id"]),)

    mismatch_id: str = Field(primary_key=True, max_length=32)
    number: int = Field(primary_key=True)
    step: str = Field(max_length=20)
    state: str = Field(max_length=20)
    """The state after the step."""
    text: str = Field(max_length=2000)
    reported: int
    ledger: int
    at: datetime = Field(sa_type=Instant)
    by: str = Field(max_length=64)
    role: str = Field(max_length=14)


class ReconciliationMismatch(SQLModel, table=True):
    """What one run found, as it stood then.

    `mismatch_id` is None where the run compared with an import that was not in force: such a run changes nothing.
    """

    __tablename__ = "reconciliation_mismatch"
    __table_args__ = (
        CheckConstraint("difference = reported - ledger", name="difference"),
        CheckConstraint("difference <> 0", name="differs"),
        ForeignKeyConstraint(["reconciliation_id"], ["reconciliation.id"]),
        ForeignKeyConstraint(["mismatch_id"], ["mismatch.id"]),
    )

    reconciliation_id: str = Field(primary_key=True, max_length=32)
    position: int = Field(primary_key=True)
    mismatch_id: str | None = Field(default=None, max_length=32)
    unit_code: str = Field(max_length=9)
    indicator: str = Field(max_length=40)
    reported: int
    ledger: int
    difference: int
