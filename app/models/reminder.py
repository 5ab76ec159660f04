"""Reminders (催报): whom to write to, and what was sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.models.base import Instant


class Subscription(SQLModel, table=True):
    """An e-mail address that a unit's reminders go to. Removed with the person; nothing else refers to it."""

    __tablename__ = "subscription"
    __table_args__ = (ForeignKeyConstraint(["unit_code"], ["unit.code"]),)

    unit_code: str = Field(primary_key=True, max_length=9)
    email: str = Field(primary_key=True, max_length=254)
    id: str = Field(max_length=32)
    """What the log and the audit know it by, so that neither holds an address."""
    created_at: datetime = Field(sa_type=Instant)
    created_by: str = Field(max_length=64)


class Reminder(SQLModel, table=True):
    """One reminder by one channel to one addressee. Its key is what keeps it from being sent twice."""

    __tablename__ = "reminder"
    __table_args__ = (
        CheckConstraint("kind in ('D-3', 'D-1', 'D', 'D+1')", name="kind"),
        CheckConstraint("channel in ('email', 'webhook')", name="channel"),
        CheckConstraint("outcome in ('sending', 'sent', 'failed', 'no_address')", name="outcome"),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
        Index(None, "period", "unit_code"),
    )

    unit_code: str = Field(primary_key=True, max_length=9)
    period: str = Field(primary_key=True, max_length=7)
    due_on: str = Field(primary_key=True, max_length=10)
    """The deadline that it speaks of: one that was moved is reminded of anew."""
    kind: str = Field(primary_key=True, max_length=3)
    channel: str = Field(primary_key=True, max_length=7)
    addressee: str = Field(primary_key=True, max_length=32)
    """The id of the subscription, `contact-N` for the person in charge; empty for the webhook channel and where
    there is nobody to write to."""
    sent_at: datetime = Field(sa_type=Instant)
    outcome: str = Field(max_length=10)
