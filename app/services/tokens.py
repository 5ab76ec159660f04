"""Bearer tokens: made once, shown once, looked up by id and compared by hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, select, update

from app.db import Row, Session, prepared
from app.domain.ids import new_id
from app.domain.network import bad_networks, parse_network
from app.domain.permission import Actor, Grant, Role
from app.domain.unit import CENTRE
from app.errors import Finding, Invalid, NotFound, Severity, Text
from app.models import Grant as GrantRow
from app.models import Token, Unit
from app.services import audit, units

PREFIX = "yb_"
LONGEST_LIFE = timedelta(days=365)
LONGEST_NAME = 80

_TOKENS = Token.__table__  # type: ignore[attr-defined]
_GRANTS = GrantRow.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_ADD = prepared(insert(_TOKENS))
_GRANT = prepared(insert(_GRANTS))
_FIND = prepared(
    select(
        _TOKENS.c.id,
        _TOKENS.c.name,
        _TOKENS.c.secret_sha256,
        _TOKENS.c.scopes,
        _TOKENS.c.networks,
        _TOKENS.c.expires_at,
        _TOKENS.c.revoked_at,
        _GRANTS.c.role,
        _GRANTS.c.unit_code,
        _UNITS.c.report_path,
    )
    .join(_GRANTS, _GRANTS.c.holder == _TOKENS.c.id)
    .join(_UNITS, _UNITS.c.code == _GRANTS.c.unit_code)
    .where(_TOKENS.c.id == bindparam("id"))
)
_REVOKE = prepared(
    update(_TOKENS)
    .where(_TOKENS.c.id == bindparam("token_id"), _TOKENS.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"))
)
_LIST = prepared(select(_TOKENS.c.id, _TOKENS.c.name, _TOKENS.c.expires_at, _TOKENS.c.revoked_at))


def create(
    session: Session,
    *,
    role: Role,
    unit: str,
    name: str,
    scopes: Sequence[str] = (),
    networks: Sequence[str] = (),
    life: timedelta = LONGEST_LIFE,
    by: Actor,
    now: datetime,
) -> str:
    """Make a token for one role at one unit; the text returned is kept nowhere.

    `networks` are addresses that it may be used from, as CIDR; none for any. Raises NotFound for an unknown
    unit, and Invalid for a name that is blank or too long, and for what is no network.
    """
    path = units.get(session, unit)["report_path"]
    _check_name(name)
    _check_networks(networks)
    token_id, secret = new_id(now), secrets.token_urlsafe(32)
    session.run(
        _ADD,
        id=token_id,
        name=name,
        secret_sha256=_sha256(secret),
        scopes=sorted(scopes),
        networks=[str(parse_network(text)) for text in networks],
        created_at=now,
        created_by=by.id,
        expires_at=now + min(life, LONGEST_LIFE),
        last_used_at=None,
        revoked_at=None,
    )
    session.run(_GRANT, holder=token_id, token_id=token_id, account_id=None, role=role.value, unit_code=unit)
    audit.record(session, by=by, action="token.create", path=path, thing=f"token:{token_id}", now=now)
    return f"{PREFIX}{token_id}_{secret}"


def revoke(session: Session, token_id: str, *, by: Actor, now: datetime) -> None:
    """End a token at once. Raises NotFound when there is no such token in force."""
    if session.run(_REVOKE, token_id=token_id, at=now) != 1:
        raise NotFound()
    row = session.one(_FIND, id=token_id)
    path = row["report_path"] if row else CENTRE
    audit.record(session, by=by, action="token.revoke", path=path, thing=f"token:{token_id}", now=now)


def listed(session: Session) -> list[Row]:
    """Every token without its secret, in order of making."""
    return sorted(session.all(_LIST), key=lambda row: row["id"])


def authenticate(session: Session, token: str, *, now: datetime) -> Actor | None:
    """Who holds this token, or None. The secret is compared in constant time."""
    token_id, _, secret = token.removeprefix(PREFIX).partition("_")
    rows = session.all(_FIND, id=token_id) if token.startswith(PREFIX) else []
    expected = rows[0]["secret_sha256"] if rows else "0" * 64
    if not hmac.compare_digest(_sha256(secret), expected):
        return None
    first = rows[0]
    if first["revoked_at"] is not None or first["expires_at"] <= now:
        return None
    grants = tuple(Grant(Role(row["role"]), row["unit_code"], row["report_path"]) for row in rows)
    return Actor(
        id=f"token:{token_id}",
        name=first["name"],
        kind="token",
        grants=grants,
        scopes=frozenset(first["scopes"]),
        networks=tuple(first["networks"] or ()),
    )


def _check_name(name: str) -> None:
    if not (name.isprintable() and 0 < len(name.strip()) and len(name) <= LONGEST_NAME):
        text = Text(
            f"名称须为1到{LONGEST_NAME}个可见字符", f"A name has 1 to {LONGEST_NAME} visible characters"
        )
        found = Finding("invalid-text", "invalid-text", Severity.ERROR, "/name", text)
        raise Invalid(text, code="invalid-text", findings=[found])


def _check_networks(networks: Sequence[str]) -> None:
    text = Text(
        "网络须写作 192.0.2.0/24 或单个地址", "A network is written 192.0.2.0/24, or as a single address"
    )
    found = [
        Finding("invalid-format", "invalid-format", Severity.ERROR, f"/networks/{place}", text)
        for place in bad_networks(networks)
    ]
    if found:
        raise Invalid(text, code="invalid-format", findings=found)


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
