"""Reports: one per form, unit and period, and every content that was ever saved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, text
from sqlmodel import Field, SQLModel

from app.models.base import FiguresJson, Instant, Json

STATUSES = " or ".join(f"status = '{word}'" for word in ("draft", "submitted", "returned", "accepted"))
"""Not as IN: of its words SQLite makes a table, anew for each row that is written."""

IS_ACCEPTED = text("report.status = 'accepted'")
"""Written out, not as a parameter: only then do both databases use the index below."""

_ACCEPTED: Any = {
    "sqlite_where": text("status = 'accepted'"),
    "postgresql_where": text("status = 'accepted'"),
}
"""Finds a unit's last accepted report however many others it has, and costs nothing when one is filed."""


class Report(SQLModel, table=True):
    """Where a unit's report of a period stands. `version` counts its saved contents.

    The month comes first in the key: what is filed in the same days lies on the same pages.
    """

    __tablename__ = "report"
    __table_args__ = (
        CheckConstraint(STATUSES, name="status"),
        CheckConstraint("timeliness is null or timeliness in ('on_time', 'late')", name="timeliness"),
        CheckConstraint("(accepted_at is null) = (accepted_by is null)", name="accepted_pair"),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
        PrimaryKeyConstraint("period", "unit_code", "form_code"),
        Index("ix_report_accepted", "unit_code", "period", **_ACCEPTED),
    )

    form_code: str = Field(primary_key=True, max_length=40)
    unit_code: str = Field(primary_key=True, max_length=9)
    period: str = Field(primary_key=True, max_length=7)
    form_version: int
    status: str = Field(max_length=10)
    version: int
    content_hash: str = Field(max_length=64)
    received_at: datetime = Field(sa_type=Instant)
    first_submitted_at: datetime | None = Field(default=None, sa_type=Instant)
    timeliness: str | None = Field(default=None, max_length=8)
    accepted_at: datetime | None = Field(default=None, sa_type=Instant)
    accepted_by: str | None = Field(default=None, max_length=64)
    accepted_version: int | None = None
    findings: Any = Field(default=None, sa_column=Column(Json))
    """What the checks say now, when a correction of the month before ran them anew; else null: what the
    version says still holds."""
    reasons: Any = Field(default=None, sa_column=Column(Json))
    """Why it was returned or reopened: a list of {pointer, text}, or null."""


class ReportVersion(SQLModel, table=True):
    """A saved content, never changed afterwards."""

    __tablename__ = "report_version"
    __table_args__ = (
        PrimaryKeyConstraint("period", "unit_code", "form_code", "number"),
        ForeignKeyConstraint(
            ["form_code", "unit_code", "period"],
            ["report.form_code", "report.unit_code", "report.period"],
        ),
    )

    form_code: str = Field(primary_key=True, max_length=40)
    unit_code: str = Field(primary_key=True, max_length=9)
    period: str = Field(primary_key=True, max_length=7)
    number: int = Field(primary_key=True)
    form_version: int
    draft: bool
    content: Any = Field(sa_column=Column(Json, nullable=False))
    content_hash: str = Field(max_length=64)
    findings: Any = Field(sa_column=Column(Json, nullable=False))
    author: str = Field(max_length=64)
    received_at: datetime = Field(sa_type=Instant)


class Figures(SQLModel, table=True):
    """The four values of a unit and period, keyed by indicator code; every sum reads this table.

    Rewritten in the same transaction as whatever changed it: a report, a ledger, a claim, a close.
    """

    __tablename__ = "figures"
    __table_args__ = (ForeignKeyConstraint(["unit_code"], ["unit.code"]),)

    period: str = Field(primary_key=True, max_length=7)
    unit_code: str = Field(primary_key=True, max_length=9)
    form_code: str = Field(max_length=40)
    form_version: int
    reported: Any = Field(default=None, sa_column=Column(FiguresJson))
    evidenced: Any = Field(default=None, sa_column=Column(FiguresJson))
    ledger: Any = Field(default=None, sa_column=Column(FiguresJson))
    effective: Any = Field(sa_column=Column(FiguresJson, nullable=False))
    sources: Any = Field(sa_column=Column(FiguresJson, nullable=False))
    flags: Any = Field(sa_column=Column(FiguresJson, nullable=False))
    closed_under: str | None = Field(default=None, max_length=9)
    """The unit whose close made the six values final; null while the period is open for the unit."""
    pending: Any = Field(default=None, sa_column=Column(Json))
    """The six values as they would be, where a source changed after the close; a restatement takes them over."""
    reopening: Any = Field(default=None, sa_column=Column(Json))
    """The leave to correct after the close: {reason, expires_at, pointers, by, at}; a restatement ends it."""
