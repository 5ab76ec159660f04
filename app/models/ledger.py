"""Ledger imports, their figures, and the runs that compared them with reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.models.base import Instant, Json


class LedgerImport(SQLModel, table=True):
    """One accepted ledger file; a later one supersedes it for the units and periods it names."""

    __tablename__ = "ledger_import"
    __table_args__ = (Index(None, "rank", unique=True),)

    id: str = Field(primary_key=True, max_length=32)
    kind: str = Field(max_length=10)
    unit_code: str = Field(max_length=9)
    """The unit in whose name it was brought: whoever reaches it may read and change what is in force."""
    source: str = Field(max_length=200)
    """Where it came from: upload, file, or the address of a database without its password."""
    sha256: str = Field(max_length=64)
    encoding: str = Field(max_length=16)
    rows: int
    accepted: int
    as_of: date | None = None
    supersedes: str | None = Field(default=None, max_length=32)
    findings: Any = Field(sa_column=Column(Json, nullable=False))
    summary: Any = Field(sa_column=Column(Json, nullable=False))
    """Periods, units and the counts of added, changed and removed figures."""
    imported_at: datetime = Field(sa_type=Instant)
    imported_by: str = Field(max_length=64)
    rank: int | None = None
    """Of the imports that name a unit and period, the one with the highest rank is in force there; None: taken back."""
    records: str | None = Field(default=None, max_length=64)
    """Of a roster: the hash under which its records are kept, beside the evidence."""
    purged_at: datetime | None = Field(default=None, sa_type=Instant)
    """When its figures were deleted, and its records given up; counts and hash stay."""


class LedgerFigure(SQLModel, table=True):
    """The ledger's figures of one reporting unit and period, as one import gave them."""

    __tablename__ = "ledger_figure"
    __table_args__ = (
        ForeignKeyConstraint(["import_id"], ["ledger_import.id"]),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
        Index(None, "period", "unit_code"),
    )

    import_id: str = Field(primary_key=True, max_length=32)
    period: str = Field(primary_key=True, max_length=7)
    unit_code: str = Field(primary_key=True, max_length=9)
    figures: Any = Field(sa_column=Column(Json, nullable=False))
    """Only figures that the file states: a blank is absent, an explicit 0 is there."""


class Reconciliation(SQLModel, table=True):
    """A run over a period and the reporting units below a unit."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        ForeignKeyConstraint(["ledger_import"], ["ledger_import.id"]),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
        Index(None, "period", "unit_code"),
    )

    id: str = Field(primary_key=True, max_length=32)
    period: str = Field(max_length=7)
    unit_code: str = Field(max_length=9)
    ledger_import: str | None = Field(default=None, max_length=32)
    summary: Any = Field(sa_column=Column(Json, nullable=False))
    missing: Any = Field(sa_column=Column(Json, nullable=False))
    """Cells that only one side has: {missing_in_ledger: [...], not_reported: [...]}."""
    created_at: datetime = Field(sa_type=Instant)
    created_by: str = Field(max_length=64)
