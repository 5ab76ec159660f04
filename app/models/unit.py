"""The register: who reports, to whom, and what the region counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, Index, and_, or_
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


def below(path: str, column: Any) -> ColumnElement[bool]:
    """The units strictly below a path: a range of the sorted paths ("0" follows "/")."""
    return and_(column >= path + "/", column < path + "0")


def within(paths: Iterable[str], column: Any) -> ColumnElement[bool]:
    """The units at or below any of the paths; nothing when there is none."""
    return or_(*(or_(column == path, below(path, column)) for path in paths), column == "")
