"""The register: who reports, to whom, and what the region counts."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from app.models.base import Path


class Unit(SQLModel, table=True):
    """One division or office. Sums follow `report_parent`: Shunde reports to Guangdong, not to Foshan."""

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("level in ('centre', 'province', 'prefecture', 'county', 'township')", name="level"),
        CheckConstraint("code <> report_parent", name="not_its_own_parent"),
        Index(None, "report_path"),
        Index(None, "report_parent"),
        Index(None, "reports", "report_path"),
    )

    code: str = Field(primary_key=True, max_length=9)
    name: str = Field(max_length=80)
    level: str = Field(max_length=10)
    report_parent: str | None = Field(default=None, max_length=9)
    admin_parent: str | None = Field(default=None, max_length=9)
    report_path: str = Field(sa_type=Path)
    """Codes from the centre down to this unit, joined by "/": a prefix is a subtree."""
    reports: bool = False
    agri_related: bool | None = None
    township_kind: int | None = None
    valid_from: date
    valid_to: date | None = None
    counties_count: int | None = None
    agri_counties_count: int | None = None
    townships_count: int | None = None
