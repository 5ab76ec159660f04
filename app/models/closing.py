"""Closings: what a period was for a unit when it was closed, one row per vintage."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, LargeBinary
from sqlmodel import Field, SQLModel

from app.models.base import Instant


class Closing(SQLModel, table=True):
    """One vintage, never changed afterwards: the snapshot is canonical JSON, its hash proves it."""

    __tablename__ = "closing"
    __table_args__ = (
        CheckConstraint("vintage > 0", name="vintage"),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
    )

    period: str = Field(primary_key=True, max_length=7)
    unit_code: str = Field(primary_key=True, max_length=9)
    """The unit that collects: everything that reports to it was closed."""
    vintage: int = Field(primary_key=True)
    form_code: str = Field(max_length=40)
    form_version: int
    closed_at: datetime = Field(sa_type=Instant)
    closed_by: str = Field(max_length=64)
    reason: str | None = Field(default=None, max_length=500)
    ledger_import: str | None = Field(default=None, max_length=32)
    snapshot: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sha256: str = Field(max_length=64)
