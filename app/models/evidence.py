"""Evidence: files that were sent, and the claims that say what they prove."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.models.base import Instant, Json


class Evidence(SQLModel, table=True):
    """One file as a unit sent it. Access goes by this row, never by the hash, which others may know too."""

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
        Index(None, "unit_code"),
        Index(None, "sha256"),
    )

    id: str = Field(primary_key=True, max_length=32)
    unit_code: str = Field(max_length=9)
    sha256: str = Field(max_length=64)
    sm3: str | None = Field(default=None, max_length=64)
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    media_type: str = Field(max_length=100)
    filename: str = Field(max_length=255)
    uploaded_at: datetime = Field(sa_type=Instant)
    uploaded_by: str = Field(max_length=64)


class Claim(SQLModel, table=True):
    """What files are to prove: an activity, at a level, on a day, for the units in `claim_unit`."""

    __tablename__ = "claim"
    __table_args__ = (
        CheckConstraint("status in ('pending', 'accepted', 'rejected')", name="status"),
        CheckConstraint("level in ('prefecture', 'county', 'township')", name="level"),
        CheckConstraint("(decided_at is null) = (decided_by is null)", name="decided_pair"),
        CheckConstraint("(status = 'pending') = (decided_at is null)", name="decided"),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
        Index(None, "unit_code", "period"),
    )

    id: str = Field(primary_key=True, max_length=32)
    period: str = Field(max_length=7)
    """The period under whose report it was filed; what it covers goes by its date."""
    unit_code: str = Field(max_length=9)
    activity: str = Field(max_length=40)
    level: str = Field(max_length=10)
    dated: date
    title: str = Field(max_length=200)
    status: str = Field(max_length=8)
    findings: Any = Field(sa_column=Column(Json, nullable=False))
    """What was found when it was filed: units that were refused, files that others use too."""
    filed_at: datetime = Field(sa_type=Instant)
    filed_by: str = Field(max_length=64)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_by: str | None = Field(default=None, max_length=64)
    reason: str | None = Field(default=None, max_length=500)


class ClaimUnit(SQLModel, table=True):
    """A unit that a claim covers, eligible when it was filed."""

    __tablename__ = "claim_unit"
    __table_args__ = (
        ForeignKeyConstraint(["claim_id"], ["claim.id"]),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
    )

    claim_id: str = Field(primary_key=True, max_length=32)
    unit_code: str = Field(primary_key=True, max_length=9)


class ClaimEvidence(SQLModel, table=True):
    """A file that a claim rests on."""

    __tablename__ = "claim_evidence"
    __table_args__ = (
        ForeignKeyConstraint(["claim_id"], ["claim.id"]),
        ForeignKeyConstraint(["evidence_id"], ["evidence.id"]),
        Index(None, "evidence_id"),
    )

    claim_id: str = Field(primary_key=True, max_length=32)
    evidence_id: str = Field(primary_key=True, max_length=32)
