"""Ledger imports, the figures in force, and what reconciling them found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.models.base import Instant, Json


class LedgerImport(SQLModel, table=True):
    """One accepted ledger file; a later one supersedes it for the units and periods it names."""

    __tablename__ = "ledger_import"

    id: str = Field(primary_key=True, max_length=32)
    kind: str = Field(max_length=10)
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


class Mismatch(SQLModel, table=True):
    """A durable finding: reported and ledger differ. Difference = reported − ledger."""

    __tablename__ = "mismatch"
    __table_args__ = (
        CheckConstraint("difference = reported - ledger", name="difference"),
        CheckConstraint("difference <> 0", name="differs"),
        ForeignKeyConstraint(["reconciliation_id"], ["reconciliation.id"]),
        Index(None, "reconciliation_id", "position", unique=True),
    )

    id: str = Field(primary_key=True, max_length=32)
    reconciliation_id: str = Field(max_length=32)
    position: int
    unit_code: str = Field(max_length=9)
    indicator: str = Field(max_length=40)
    reported: int
    ledger: int
    difference: int
    state: str = Field(max_length=20)
