"""Sessions of accounts: opened by signing in, known by the hash of their cookie, ended in many ways."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select, update

from app.db import Row, Session, prepared
from app.domain.permission import Actor, Grant, Role
from app.models import Account, AccountSession, Unit
from app.models import Grant as GrantRow
from app.services.second_factor import Seal

SEEN_EVERY = timedelta(minutes=1)
"""How exactly the time of the last request is kept: one write a minute, not one a request."""

_ACCOUNTS = Account.__table__  # type: ignore[attr-defined]
_SESSIONS = AccountSession.__table__  # type: ignore[attr-defined]
_GRANTS = GrantRow.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_OPEN = prepared(insert(_SESSIONS))
_FIND = prepared(
    select(
        _SESSIONS.c.seen_at,
        _SESSIONS.c.expires_at,
        _ACCOUNTS.c.id,
        _ACCOUNTS.c.display_name,
        _ACCOUNTS.c.is_password_initial,
        _ACCOUNTS.c.is_totp_confirmed,
        _ACCOUNTS.c.oidc_subject,
        _ACCOUNTS.c.disabled_at,
        _GRANTS.c.role,
        _GRANTS.c.unit_code,
        _UNITS.c.report_path,
    )
    .join(_ACCOUNTS, _ACCOUNTS.c.id == _SESSIONS.c.account_id)
    .outerjoin(_GRANTS, _GRANTS.c.holder == _ACCOUNTS.c.id)
    .outerjoin(_UNITS, _UNITS.c.code == _GRANTS.c.unit_code)
    .where(_SESSIONS.c.secret_sha256 == bindparam("secret"))
)
_SEE = prepared(
    update(_SESSIONS).where(_SESSIONS.c.secret_sha256 == bindparam("secret")).values(seen_at=bindparam("at"))
)
_CLOSE = prepared(delete(_SESSIONS).where(_SESSIONS.c.secret_sha256 == bindparam("secret")))
_CLOSE_ALL = prepared(delete(_SESSIONS).where(_SESSIONS.c.account_id == bindparam("account")))
_CLOSE_OTHERS = prepared(
    delete(_SESSIONS).where(
        _SESSIONS.c.account_id == bindparam("account"), _SESSIONS.c.secret_sha256 != bindparam("kept")
    )
)
_PRUNE = prepared(delete(_SESSIONS).where(_SESSIONS.c.expires_at <= bindparam("at")))


@dataclass(frozen=True)
class Rules:
    """What the settings say of signing in."""

    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=8)
    second_factor_for: frozenset[str] = frozenset()
    """Roles that open nothing until the account has a second factor."""
    seal: Seal = field(default_factory=lambda: Seal(""))
    is_secure: bool = True
    """Whether browsers reach the service by HTTPS only."""

    @property
    def cookie_name(self) -> str:
        """`__Host-` binds the cookie to this host; browsers take such a name only with Secure."""
        return "__Host-yuebao" if self.is_secure else "yuebao"

    def cookie(self, secret: str) -> str:
        """The Set-Cookie header for a session, or with an empty secret for none."""
        seconds = int(self.longest.total_seconds()) if secret else 0
        secure = "; Secure" if self.is_secure else ""
        return f"{self.cookie_name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"

    def lacks_second_factor(self, roles: frozenset[str], *, has_one: bool) -> bool:
        """Whether an account of these roles must set up a second factor before it may do anything else."""
        return not has_one and bool(roles & self.second_factor_for)


@dataclass(frozen=True, slots=True)
class Found:
    """Who a session belongs to, and whether it is time to note that it was used."""

    actor: Actor
    is_stale: bool


def start(session: Session, account_id: str, *, rules: Rules, now: datetime) -> str:
    """A new session; the secret returned is the cookie and is kept nowhere. Whatever cookie came before is ended."""
    session.run(_PRUNE, at=now)
    secret = secrets.token_urlsafe(32)
    session.run(
        _OPEN,
        secret_sha256=_sha256(secret),
        account_id=account_id,
        created_at=now,
        seen_at=now,
        expires_at=now + rules.longest,
    )
    return secret


def authenticate(session: Session, secret: str, *, rules: Rules, now: datetime) -> Found | None:
    """Who is signed in with this cookie; None once it is idle, old, ended, or its account disabled.

    An account whose password is not yet its own, or that lacks a second factor it needs, has no grants: it
    can do nothing but put that right.
    """
    rows = session.all(_FIND, secret=_sha256(secret))
    if not rows or not _is_alive(rows[0], rules, now):
        return None
    first = rows[0]
    roles = frozenset(row["role"] for row in rows if row["role"] is not None)
    is_limited = first["is_password_initial"] or rules.lacks_second_factor(
        roles, has_one=has_second_factor(first)
    )
    held = [] if is_limited else [row for row in rows if row["role"] is not None]
    actor = Actor(
        id=f"account:{first['id']}",
        name=first["display_name"],
        kind="account",
        grants=tuple(Grant(Role(row["role"]), row["unit_code"], row["report_path"]) for row in held),
    )
    return Found(actor, now - first["seen_at"] >= SEEN_EVERY)


def has_second_factor(account: Row) -> bool:
    """Whether an account has one of its own, or signs in at the provider, who answers for it."""
    return account["is_totp_confirmed"] or account["oidc_subject"] is not None


def _is_alive(row: Row, rules: Rules, now: datetime) -> bool:
    return row["disabled_at"] is None and now < row["expires_at"] and now < row["seen_at"] + rules.idle


def see(session: Session, secret: str, *, now: datetime) -> None:
    """Note that a session was used."""
    session.run(_SEE, secret=_sha256(secret), at=now)


def close(session: Session, secret: str) -> None:
    """End one session."""
    session.run(_CLOSE, secret=_sha256(secret))


def close_all(session: Session, account_id: str) -> None:
    """End every session of an account."""
    session.run(_CLOSE_ALL, account=account_id)


def close_others(session: Session, account_id: str, secret: str) -> None:
    """End every session of an account but this one."""
    session.run(_CLOSE_OTHERS, account=account_id, kept=_sha256(secret))


def form_token(secret: str) -> str:
    """What a form of our own pages carries to prove that it came from one; tells nothing of the cookie."""
    return _sha256(f"form\0{secret}")


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
