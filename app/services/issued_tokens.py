"""Tokens as administrators handle them over HTTP: made for machines, listed with their last use, revoked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select, update

from app.db import Row, Session, prepared
from app.domain.permission import OPENED_BY_SCOPE, Action, Actor, Role
from app.errors import Finding, Invalid, NotFound, Severity, Text
from app.models import Grant as GrantRow
from app.models import Token, Unit
from app.models.unit import within
from app.services import tokens, units

_TOKENS = Token.__table__  # type: ignore[attr-defined]
_GRANTS = GrantRow.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_SHOWN = (
    select(
        _TOKENS.c.id,
        _TOKENS.c.name,
        _GRANTS.c.role,
        _GRANTS.c.unit_code.label("unit"),
        _TOKENS.c.scopes,
        _TOKENS.c.networks,
        _TOKENS.c.created_at,
        _TOKENS.c.created_by,
        _TOKENS.c.expires_at,
        _TOKENS.c.last_used_at,
        _TOKENS.c.revoked_at,
        _UNITS.c.report_path,
    )
    .join(_GRANTS, _GRANTS.c.token_id == _TOKENS.c.id)
    .join(_UNITS, _UNITS.c.code == _GRANTS.c.unit_code)
)
_GET = prepared(_SHOWN.where(_TOKENS.c.id == bindparam("token")))
_USED = prepared(
    update(_TOKENS)
    .where(
        _TOKENS.c.id == bindparam("token"),
        or_(_TOKENS.c.last_used_at.is_(None), _TOKENS.c.last_used_at < bindparam("at")),
    )
    .values(last_used_at=bindparam("at"))
)


def issue(
    session: Session,
    *,
    name: str,
    unit: str,
    scopes: Sequence[str],
    networks: Sequence[str],
    days: int,
    by: Actor,
    now: datetime,
) -> Row:
    """Make an integrator's token; its text stands under `token`, this once.

    Only that role: an administrator who could make a reviewer's token would have made himself a reviewer.
    Raises NotFound, Forbidden, Invalid for an unknown scope, a name or a network.
    """
    by.check(Action.MANAGE_TOKENS, units.get(session, unit)["report_path"])
    _check_scopes(scopes)
    text = tokens.create(
        session,
        role=Role.INTEGRATOR,
        unit=unit,
        name=name,
        scopes=sorted(set(scopes)),
        networks=networks,
        life=timedelta(days=days),
        by=by,
        now=now,
    )
    return get(session, text.split("_")[1], by=by) | {"token": text}


def get(session: Session, token_id: str, *, by: Actor, action: Action = Action.READ_TOKENS) -> Row:
    """A token without its secret. Raises NotFound, also out of reach, and Forbidden."""
    row = session.one(_GET, token=token_id)
    if row is None:
        raise NotFound()
    if by.id != f"token:{token_id}":
        by.check(action, row["report_path"])
    return row


def listed(session: Session, *, after: str, limit: int, by: Actor) -> list[Row]:
    """Tokens at units within the caller's reach, oldest first, after an id."""
    by.check_role(Action.READ_TOKENS)
    reach = within(by.reach(Action.READ_TOKENS), _UNITS.c.report_path)
    return session.all(_SHOWN.where(reach, _TOKENS.c.id > after).order_by(_TOKENS.c.id).limit(limit))


def revoke(session: Session, token_id: str, *, by: Actor, now: datetime) -> Row:
    """End a token at once; a token may also end itself. Raises NotFound when it is not in force, Forbidden."""
    get(session, token_id, by=by, action=Action.MANAGE_TOKENS)
    tokens.revoke(session, token_id, by=by, now=now)
    row = session.one(_GET, token=token_id)
    if row is None:
        raise NotFound()
    return row


def note_uses(session: Session, uses: Mapping[str, datetime]) -> None:
    """Write down when tokens, by their ids, were last used."""
    for token_id, at in sorted(uses.items()):
        session.run(_USED, token=token_id, at=at)


def _check_scopes(scopes: Sequence[str]) -> None:
    known = {action.value for action in OPENED_BY_SCOPE}
    text = Text("没有这种附加权限", f"A scope is one of {', '.join(sorted(known))}")
    found = [
        Finding("unknown-value", "unknown-value", Severity.ERROR, f"/scopes/{place}", text)
        for place, scope in enumerate(scopes)
        if scope not in known
    ]
    if found:
        raise Invalid(text, code="unknown-value", findings=found)
