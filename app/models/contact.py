"""Who is responsible for a unit's reports (专人负责), one after another, and who looked at their number."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from app.models.base import Instant


class Contact(SQLModel, table=True):
    """One person's time in charge. At the hand-over name, phone and address are overwritten by what a list shows."""

    __tablename__ = "contact"
    __table_args__ = (
        CheckConstraint("(until_at is null) = (until_by is null)", name="until_pair"),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
        Index(
            "uq_contact_in_charge",
            "unit_code",
            unique=True,
            sqlite_where=text("until_at is null"),
            postgresql_where=text("until_at is null"),
        ),
    )

    unit_code: str = Field(primary_key=True, max_length=9)
    number: int = Field(primary_key=True)
    name: str = Field(max_length=40)
    phone: str = Field(max_length=40)
    email: str | None = Field(default=None, max_length=254)
    """Where reminders go; none unless the person wants them."""
    from_at: datetime = Field(sa_type=Instant)
    from_by: str = Field(max_length=64)
    until_at: datetime | None = Field(default=None, sa_type=Instant)
    until_by: str | None = Field(default=None, max_length=64)


class Disclosure(SQLModel, table=True):
    """That somebody had a contact shown in full, and why."""

    __tablename__ = "disclosure"
    __table_args__ = (
        ForeignKeyConstraint(["unit_code", "number"], ["contact.unit_code", "contact.number"]),
        Index(None, "unit_code", "number"),
    )

    id: str = Field(primary_key=True, max_length=32)
    unit_code: str = Field(max_length=9)
    number: int
    shown_at: datetime = Field(sa_type=Instant)
    shown_to: str = Field(max_length=64)
    reason: str = Field(max_length=500)
