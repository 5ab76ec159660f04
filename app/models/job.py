"""Jobs: long work that is answered later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index
from sqlmodel import Field, SQLModel

from app.models.base import Instant, Json


class Job(SQLModel, table=True):
    """One piece of long work: what was asked, how far it is, and how it ended."""

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("state in ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
        CheckConstraint("percent between 0 and 100", name="percent"),
        Index(None, "state"),
    )

    id: str = Field(primary_key=True, max_length=32)
    kind: str = Field(max_length=20)
    unit_code: str = Field(max_length=9)
    """The unit in whose name it runs."""
    state: str = Field(max_length=10)
    phase: str = Field(max_length=10)
    rows: int | None = None
    percent: int
    result: Any = Field(default=None, sa_column=Column(Json, nullable=True))
    """The address of what it made."""
    problem: Any = Field(default=None, sa_column=Column(Json, nullable=True))
    """The refusal it ended with, as the same request would have been answered at once."""
    created_at: datetime = Field(sa_type=Instant)
    created_by: str = Field(max_length=64)
    seen_at: datetime = Field(sa_type=Instant)
    """When its worker last gave a sign of life."""
