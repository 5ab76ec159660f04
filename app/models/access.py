"""Who may come in: accounts of people, tokens of machines, their grants and their sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.models.base import Instant, Json

ROLE = "role in ('reporter', 'reviewer', 'integrator', 'auditor', 'administrator')"


class Account(SQLModel, table=True):
    """A person who signs in. Whoever administers the unit administers the account."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("(disabled_at is null) = (disabled_by is null)", name="disabled_pair"),
        CheckConstraint("(oidc_issuer is null) = (oidc_subject is null)", name="oidc_pair"),
        UniqueConstraint("oidc_issuer", "oidc_subject"),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
    )

    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=40, unique=True)
    display_name: str = Field(max_length=80)
    unit_code: str = Field(max_length=9, index=True)
    password_hash: str | None = Field(default=None, max_length=160)
    is_password_initial: bool = False
    """The password was set by somebody else: it opens nothing but the change to one's own."""
    password_until: datetime | None = Field(default=None, sa_type=Instant)
    """An initial password that nobody used by then is worth nothing."""
    totp_sealed: str | None = Field(default=None, max_length=200)
    is_totp_confirmed: bool = False
    totp_step: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """The last step of 30 seconds whose code was taken: no code is taken twice."""
    oidc_issuer: str | None = Field(default=None, max_length=200)
    oidc_subject: str | None = Field(default=None, max_length=200)
    created_at: datetime = Field(sa_type=Instant)
    created_by: str = Field(max_length=64)
    disabled_at: datetime | None = Field(default=None, sa_type=Instant)
    disabled_by: str | None = Field(default=None, max_length=64)


class RecoveryCode(SQLModel, table=True):
    """A code that replaces the second factor once; only its SHA-256 is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.id"]),)

    account_id: str = Field(primary_key=True, max_length=32)
    code_sha256: str = Field(primary_key=True, max_length=64)


class AccountSession(SQLModel, table=True):
    """A sign-in of an account; only the SHA-256 of the cookie is kept."""

    __tablename__ = "session"
    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.id"]),)

    secret_sha256: str = Field(primary_key=True, max_length=64)
    account_id: str = Field(max_length=32, index=True)
    created_at: datetime = Field(sa_type=Instant)
    seen_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant, index=True)


class Attempt(SQLModel, table=True):
    """Sign-ins tried lately, under the SHA-256 of whom they were tried for and from where."""

    __tablename__ = "attempt"

    key: str = Field(primary_key=True, max_length=64)
    number: int
    since: datetime = Field(sa_type=Instant, index=True)


class Token(SQLModel, table=True):
    """A bearer token: only the SHA-256 of its 256-bit secret is kept."""

    __tablename__ = "token"

    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=80)
    secret_sha256: str = Field(max_length=64)
    scopes: Any = Field(sa_column=Column(Json, nullable=False))
    networks: Any = Field(sa_column=Column(Json, nullable=True))
    """Addresses that it may be used from, as CIDR; null or empty for any."""
    created_at: datetime = Field(sa_type=Instant)
    created_by: str = Field(max_length=64)
    expires_at: datetime = Field(sa_type=Instant)
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)
    """To the minute: uses are written down together."""
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class Grant(SQLModel, table=True):
    """A role at a unit, held by a token or by an account. `holder` is the id of either."""

    __tablename__ = "grant"
    __table_args__ = (
        CheckConstraint(ROLE, name="role"),
        CheckConstraint("(token_id is null) <> (account_id is null)", name="one_holder"),
        CheckConstraint("holder = coalesce(token_id, account_id)", name="holder"),
        ForeignKeyConstraint(["token_id"], ["token.id"]),
        ForeignKeyConstraint(["account_id"], ["account.id"]),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
    )

    holder: str = Field(primary_key=True, max_length=32)
    role: str = Field(primary_key=True, max_length=14)
    unit_code: str = Field(primary_key=True, max_length=9)
    token_id: str | None = Field(default=None, max_length=32)
    account_id: str | None = Field(default=None, max_length=32)


class PendingGrant(SQLModel, table=True):
    """A role that takes two administrators: what the first one asked for."""

    __tablename__ = "pending_grant"
    __table_args__ = (
        CheckConstraint(ROLE, name="role"),
        ForeignKeyConstraint(["account_id"], ["account.id"]),
        ForeignKeyConstraint(["unit_code"], ["unit.code"]),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    role: str = Field(primary_key=True, max_length=14)
    unit_code: str = Field(primary_key=True, max_length=9)
    asked_at: datetime = Field(sa_type=Instant)
    asked_by: str = Field(max_length=64)
    """The person: where a token asked, who made the token."""
