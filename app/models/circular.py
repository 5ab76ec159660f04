"""Circulars: what was told about a month, edited until it is approved and never afterwards."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.models.base import Instant, Json

STATES = "'draft', 'submitted', 'approved', 'published', 'corrected'"


class Circular(SQLModel, table=True):
    """One edition of a unit's circular of a period; a correction is the next edition and names the one before."""

    __tablename__ = "circular"
    __table_args__ = (
        CheckConstraint(f"state in ({STATES})", name="state"),
        CheckConstraint("(approved_at is null) = (approved_by is null)", name="approved_pair"),
        CheckConstraint("(published_at is null) = (published_by is null)", name="published_pair"),
        CheckConstraint(
            "state not in ('published', 'corrected') or (approved_at is not null and published_at is not null)",
            name="signed_off",
        ),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
        ForeignKeyConstraint(["corrects"], ["circular.id"]),
        UniqueConstraint("unit_code", "period", "edition"),
    )

    id: str = Field(primary_key=True, max_length=32)
    unit_code: str = Field(max_length=9)
    period: str = Field(max_length=7)
    edition: int
    state: str = Field(max_length=10)
    version: int
    """Counts the changes to what it says; the ETag of a draft."""
    vintage: int | None = None
    """The vintage whose figures it tells; null while the period was not closed."""
    content: Any = Field(sa_column=Column(Json, nullable=False))
    content_hash: str = Field(max_length=64)
    corrects: str | None = Field(default=None, max_length=32)
    reason: str | None = Field(default=None, max_length=500)
    """Why it was returned, or why it corrects another."""
    created_at: datetime = Field(sa_type=Instant)
    created_by: str = Field(max_length=64)
    submitted_at: datetime | None = Field(default=None, sa_type=Instant)
    submitted_by: str | None = Field(default=None, max_length=64)
    approved_at: datetime | None = Field(default=None, sa_type=Instant)
    approved_by: str | None = Field(default=None, max_length=64)
    approver: str | None = Field(default=None, max_length=100)
    """The leader who signed, when another person entered it."""
    published_at: datetime | None = Field(default=None, sa_type=Instant)
    published_by: str | None = Field(default=None, max_length=64)
    number: str | None = Field(default=None, max_length=60)
    dated: date | None = None
