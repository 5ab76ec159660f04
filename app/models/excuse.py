"""Excuses (免报): a unit from which no report is expected in a month, and why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from app.models.base import Instant


class Excuse(SQLModel, table=True):
    """What a unit was let off by whoever collects from it. Taking it back deletes the row; the audit has both."""

    __tablename__ = "excuse"
    __table_args__ = (ForeignKeyConstraint(["unit_code"], ["unit.code"]),)

    period: str = Field(primary_key=True, max_length=7)
    unit_code: str = Field(primary_key=True, max_length=9)
    reason: str = Field(max_length=500)
    set_at: datetime = Field(sa_type=Instant)
    set_by: str = Field(max_length=64)
