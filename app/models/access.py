"""Who may come in: tokens and grants."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from app.models.base import Instant, Json


class Token(SQLModel, table=True):
    """A bearer token: only the SHA-256 of its 256-bit secret is kept."""

    __tablename__ = "token"

    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=80)
    secret_sha256: str = Field(max_length=64)
    scopes: Any = Field(sa_column=Column(Json, nullable=False))
    created_at: datetime = Field(sa_type=Instant)
    created_by: str = Field(max_length=64)
    expires_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class Grant(SQLModel, table=True):
    """A role at a unit, held by a token."""

    __tablename__ = "grant"
    __table_args__ = (
        CheckConstraint(
            "role in ('reporter', 'reviewer', 'integrator', 'auditor', 'administrator')", name="role"
        ),
        ForeignKeyConstraint(["holder"], ["token.id"]),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
    )

    holder: str = Field(primary_key=True, max_length=32)
    role: str = Field(primary_key=True, max_length=14)
    unit_code: str = Field(primary_key=True, max_length=9)
