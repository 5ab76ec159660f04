"""Webhooks: addresses that are told of events, and what became of each telling."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.models.base import Instant, Json


class Webhook(SQLModel, table=True):
    """An address that is told of events about a unit and all that report to it."""

    __tablename__ = "webhook"
    __table_args__ = (
        CheckConstraint("(disabled_at is null) = (disabled_because is null)", name="disabled_pair"),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
        Index(None, "unit_code"),
    )

    id: str = Field(primary_key=True, max_length=32)
    unit_code: str = Field(max_length=9)
    url: str = Field(max_length=500)
    secret: str = Field(max_length=64)
    """Signs what is sent, so it is needed as it is; shown once, when the webhook is made."""
    kinds: Any = Field(sa_column=Column(Json, nullable=False))
    """The kinds of events it is told of; an empty list means all."""
    seen: int = Field(sa_column=Column(BigInteger, nullable=False))
    """The number of the last event that was looked at for it."""
    created_at: datetime = Field(sa_type=Instant)
    created_by: str = Field(max_length=64)
    disabled_at: datetime | None = Field(default=None, sa_type=Instant)
    disabled_because: str | None = Field(default=None, max_length=40)


class WebhookDelivery(SQLModel, table=True):
    """One event on its way to one webhook. The service takes it from pending to delivered or failed;
    an administrator or integrator may make a failed one pending again."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint("status in ('pending', 'delivered', 'failed')", name="status"),
        ForeignKeyConstraint(["webhook_id"], ["webhook.id"]),
        Index(None, "webhook_id", "id"),
        Index(None, "status", "next_at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    """Sent as `webhook-id`, the same in every attempt: what a receiver recognises a repetition by."""
    webhook_id: str = Field(max_length=32)
    event_seq: int | None = Field(default=None, sa_column=Column(BigInteger))
    """The event's number in the outbox; null for a test, which no event stands behind."""
    status: str = Field(max_length=9)
    attempts: int
    next_at: datetime = Field(sa_type=Instant)
    answered: int | None = None
    """The status of the last answer; null when there was none."""
    error: str | None = Field(default=None, max_length=40)
    created_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
