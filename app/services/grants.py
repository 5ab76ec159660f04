"""Roles of accounts: given, asked for and confirmed, taken away. Nobody raises themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from app.db import Row, Session, prepared
from app.domain.canonical import digest
from app.domain.permission import Action, Actor, Role
from app.errors import Conflict, Forbidden, NotFound, Text
from app.models import Grant as GrantRow
from app.models import PendingGrant
from app.services import accounts, audit, sessions, units

_GRANTS = GrantRow.__table__  # type: ignore[attr-defined]
_PENDING = PendingGrant.__table__  # type: ignore[attr-defined]
_ADD = prepared(insert(_GRANTS))
_DROP = prepared(
    delete(_GRANTS).where(
        _GRANTS.c.account_id == bindparam("account"),
        _GRANTS.c.role == bindparam("which"),
        _GRANTS.c.unit_code == bindparam("unit"),
    )
)
_ASK = prepared(insert(_PENDING))
_THIS = (
    _PENDING.c.account_id == bindparam("account"),
    _PENDING.c.role == bindparam("which"),
    _PENDING.c.unit_code == bindparam("unit"),
)
_ASKED = prepared(select(_PENDING).where(*_THIS))
_ANSWER = prepared(delete(_PENDING).where(*_THIS))


def grant(session: Session, account_id: str, *, role: Role, unit: str, by: Actor, now: datetime) -> Row:
    """Give an account a role at a unit; `administrator` only waits until another administrator confirms it.

    The account's sessions end, so that nothing goes on under the old roles. The operator of the machine owns
    the data and needs no second. Raises NotFound, Forbidden (also for oneself), Conflict when it is held.
    """
    account, path = _checked(session, account_id, unit, by)
    if (role.value, unit) in account["grants"]:
        raise Conflict(
            Text("该账号已有此权限", "The account holds this role already"), code="granted-already"
        )
    if role is Role.ADMINISTRATOR and by.kind != "operator":
        if (role.value, unit) in account["pending"]:
            raise Conflict(
                Text(
                    "已申请，等待另一位管理员确认", "Asked for already; another administrator must confirm it"
                ),
                code="granted-already",
            )
        asked_by = accounts.person(session, by)
        session.run(
            _ASK, account_id=account_id, role=role.value, unit_code=unit, asked_at=now, asked_by=asked_by
        )
        return _done(session, "grant.ask", account_id, role, unit, path, by=by, now=now)
    _give(session, account_id, role, unit)
    return _done(session, "grant.give", account_id, role, unit, path, by=by, now=now)


def confirm(session: Session, account_id: str, *, role: Role, unit: str, by: Actor, now: datetime) -> Row:
    """The second administrator's word. Raises Forbidden for the one who asked, and NotFound when nobody did.

    Conflict while the account still has the password that was handed to it: whoever handed it out could
    otherwise sign in as an administrator of their own making.
    """
    account, path = _checked(session, account_id, unit, by)
    asked = session.one(_ASKED, account=account_id, which=role.value, unit=unit)
    if asked is None:
        raise NotFound()
    if asked["asked_by"] == accounts.person(session, by):
        raise Forbidden(
            Text("须由另一位管理员确认", "Another administrator must confirm this"),
            code="second-person-needed",
        )
    if account["is_password_initial"]:
        raise Conflict(
            Text("该账号须先登录并更换初始密码", "The account must replace its initial password first"),
            code="password-initial",
        )
    session.run(_ANSWER, account=account_id, which=role.value, unit=unit)
    _give(session, account_id, role, unit)
    return _done(session, "grant.confirm", account_id, role, unit, path, by=by, now=now)


def revoke(session: Session, account_id: str, *, role: Role, unit: str, by: Actor, now: datetime) -> Row:
    """Take a role away, held or only asked for; the account's sessions end. Raises NotFound when it is neither."""
    _, path = _checked(session, account_id, unit, by)
    which = {"account": account_id, "which": role.value, "unit": unit}
    if session.run(_DROP, **which) + session.run(_ANSWER, **which) == 0:
        raise NotFound()
    return _done(session, "grant.revoke", account_id, role, unit, path, by=by, now=now)


def _checked(session: Session, account_id: str, unit: str, by: Actor) -> tuple[Row, str]:
    """The account, to be changed, and the unit's path: both within the caller's reach."""
    account = accounts.to_manage(session, account_id, by=by)
    path = units.get(session, unit)["report_path"]
    by.check(Action.MANAGE_ACCOUNTS, path)
    return account, path


def _give(session: Session, account_id: str, role: Role, unit: str) -> None:
    session.run(
        _ADD, holder=account_id, account_id=account_id, token_id=None, role=role.value, unit_code=unit
    )


def _done(
    session: Session,
    action: str,
    account_id: str,
    role: Role,
    unit: str,
    path: str,
    *,
    by: Actor,
    now: datetime,
) -> Row:
    sessions.close_all(session, account_id)
    audit.record(
        session,
        by=by,
        action=action,
        path=path,
        thing=f"account:{account_id}:{role.value}",
        now=now,
        after=digest([account_id, role.value, unit]),
    )
    return accounts.get(session, account_id, by=by)
