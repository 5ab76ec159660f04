"""Accounts of people: who has one, its first password, and its end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, insert, select, update

from app.db import Row, Session, prepared
from app.domain.ids import new_id
from app.domain.permission import Action, Actor, Role
from app.errors import Conflict, Finding, Forbidden, Invalid, NotFound, Severity, Text
from app.models import Account, PendingGrant, Token, Unit
from app.models import Grant as GrantRow
from app.models.unit import within
from app.services import audit, events, second_factor, sessions, units

INITIAL_LIFE = timedelta(days=7)
"""How long a password that somebody else set waits to be replaced."""

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
"""Plain letters only: two names that look alike are the same name (promise 36)."""

_ACCOUNTS = Account.__table__  # type: ignore[attr-defined]
_GRANTS = GrantRow.__table__  # type: ignore[attr-defined]
_PENDING = PendingGrant.__table__  # type: ignore[attr-defined]
_TOKENS = Token.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_WHOLE = select(_ACCOUNTS, _UNITS.c.report_path).join(_UNITS, _UNITS.c.code == _ACCOUNTS.c.unit_code)
_BY_ID = prepared(_WHOLE.where(_ACCOUNTS.c.id == bindparam("account")))
_BY_NAME = prepared(_WHOLE.where(_ACCOUNTS.c.name == bindparam("account_name")))
_ADD = prepared(insert(_ACCOUNTS))
_MAKER = prepared(select(_TOKENS.c.created_by).where(_TOKENS.c.id == bindparam("token")))
_GRANTED = prepared(
    select(_GRANTS.c.role, _GRANTS.c.unit_code)
    .where(_GRANTS.c.account_id == bindparam("account"))
    .order_by(_GRANTS.c.role, _GRANTS.c.unit_code)
)
_ASKED = prepared(
    select(_PENDING.c.role, _PENDING.c.unit_code)
    .where(_PENDING.c.account_id == bindparam("account"))
    .order_by(_PENDING.c.role, _PENDING.c.unit_code)
)
_SET_PASSWORD = prepared(
    update(_ACCOUNTS)
    .where(_ACCOUNTS.c.id == bindparam("account"))
    .values(
        password_hash=bindparam("hash"),
        is_password_initial=bindparam("is_initial"),
        password_until=bindparam("until"),
        oidc_issuer=None,
        oidc_subject=None,
    )
)
_DISABLE = prepared(
    update(_ACCOUNTS)
    .where(_ACCOUNTS.c.id == bindparam("account"), _ACCOUNTS.c.disabled_at.is_(None))
    .values(disabled_at=bindparam("at"), disabled_by=bindparam("who"))
)
_ENABLE = prepared(
    update(_ACCOUNTS)
    .where(_ACCOUNTS.c.id == bindparam("account"), _ACCOUNTS.c.disabled_at.is_not(None))
    .values(disabled_at=None, disabled_by=None)
)
_LINK = prepared(
    update(_ACCOUNTS)
    .where(_ACCOUNTS.c.id == bindparam("account"))
    .values(
        oidc_issuer=bindparam("issuer"),
        oidc_subject=bindparam("subject"),
        password_hash=None,
        is_password_initial=False,
        password_until=None,
    )
)
_BY_SUBJECT = prepared(
    _WHOLE.where(
        _ACCOUNTS.c.oidc_issuer == bindparam("issuer"), _ACCOUNTS.c.oidc_subject == bindparam("subject")
    )
)


def create(
    session: Session,
    *,
    name: str,
    display_name: str,
    unit: str,
    password_hash: str,
    is_initial: bool = True,
    by: Actor,
    now: datetime,
) -> Row:
    """Make an account without any role. Its password is good for one thing: to be replaced within seven days.

    Raises NotFound or Forbidden by the unit, Invalid for a name of other characters, Conflict for a taken one.
    """
    path = units.get(session, unit)["report_path"]
    by.check(Action.MANAGE_ACCOUNTS, path)
    _check_names(name, display_name)
    if session.one(_BY_NAME, account_name=name) is not None:
        raise Conflict(Text("该账号名已被使用，请另选", "This account name is taken"), code="name-taken")
    account_id = new_id(now)
    session.run(
        _ADD,
        id=account_id,
        name=name,
        display_name=display_name,
        unit_code=unit,
        password_hash=password_hash,
        is_password_initial=is_initial,
        password_until=now + INITIAL_LIFE if is_initial else None,
        is_totp_confirmed=False,
        created_at=now,
        created_by=by.id,
    )
    _trail(session, "account.create", account_id, path, by=by, now=now)
    return get(session, account_id, by=by)


def check_may_create(session: Session, *, unit: str, by: Actor) -> None:
    """Refuse whoever may make no account at a unit. Raises NotFound or Forbidden."""
    by.check(Action.MANAGE_ACCOUNTS, units.get(session, unit)["report_path"])


def get(session: Session, account_id: str, *, by: Actor, action: Action = Action.READ_ACCOUNTS) -> Row:
    """An account with what it holds. Raises NotFound, also for one at a unit out of reach, and Forbidden."""
    row = session.one(_BY_ID, account=account_id)
    if row is None:
        raise NotFound()
    by.check(action, row["report_path"])
    return with_grants(session, row)


def by_id(session: Session, account_id: str) -> Row | None:
    """An account with what it holds, whoever asks: for its owner."""
    row = session.one(_BY_ID, account=account_id)
    return with_grants(session, row) if row else None


def with_grants(session: Session, row: Row) -> Row:
    """The account's row with `grants` and `pending`: lists of {role, unit}."""
    held = session.all(_GRANTED, account=row["id"])
    asked = session.all(_ASKED, account=row["id"])
    return row | {"grants": _pairs(held), "pending": _pairs(asked)}


def of(session: Session, by: Actor) -> Row:
    """The caller's own account. Raises Forbidden for a caller who is no account: a token has no password."""
    row = session.one(_BY_ID, account=by.id.removeprefix("account:")) if by.kind == "account" else None
    if row is None:
        raise Forbidden(
            Text("此操作须用账号登录后进行，令牌不可用", "This needs an account signed in, not a token"),
            code="account-needed",
        )
    return row


def named(session: Session, name: str) -> Row | None:
    """An account by its name, for signing in and for the command line."""
    return session.one(_BY_NAME, account_name=name.strip().lower())


def listed(session: Session, *, unit: str | None = None, after: str, limit: int, by: Actor) -> list[Row]:
    """Accounts at units within the caller's reach, by name, after a name."""
    by.check_role(Action.READ_ACCOUNTS)
    conditions: list[ColumnElement[bool]] = [
        within(by.reach(Action.READ_ACCOUNTS), _UNITS.c.report_path),
        _ACCOUNTS.c.name > after,
    ]
    if unit is not None:
        conditions.append(_ACCOUNTS.c.unit_code == unit)
    rows = session.all(_WHOLE.where(*conditions).order_by(_ACCOUNTS.c.name).limit(limit))
    return [with_grants(session, row) for row in rows]


def disable(session: Session, account_id: str, *, by: Actor, now: datetime) -> Row:
    """End an account: every session of it is dead at once. Raises Conflict when it is disabled already."""
    account = to_manage(session, account_id, by=by)
    if session.run(_DISABLE, account=account_id, at=now, who=by.id) != 1:
        raise Conflict(Text("该账号已停用", "The account is disabled already"), code="account-disabled")
    sessions.close_all(session, account_id)
    _trail(session, "account.disable", account_id, account["report_path"], by=by, now=now)
    return get(session, account_id, by=by)


def enable(session: Session, account_id: str, *, by: Actor, now: datetime) -> Row:
    """Let a disabled account sign in again, with the roles that it holds."""
    account = to_manage(session, account_id, by=by)
    if session.run(_ENABLE, account=account_id) != 1:
        raise Conflict(Text("该账号未停用", "The account is not disabled"), code="account-enabled")
    _trail(session, "account.enable", account_id, account["report_path"], by=by, now=now)
    return get(session, account_id, by=by)


def reset(session: Session, account_id: str, *, password_hash: str, by: Actor, now: datetime) -> Row:
    """A new initial password, the second factor removed, every session ended.

    Not for an administrator's account over HTTP: whoever hands out its password could act as the second
    administrator too. Raises Forbidden for that, and for one's own account.
    """
    account = to_manage(session, account_id, by=by)
    held = {*account["grants"], *account["pending"]}
    if any(role == Role.ADMINISTRATOR for role, _ in held) and by.kind != "operator":
        raise Forbidden(
            Text(
                "管理员账号的密码只能由运维人员在服务器上重置（yuebao account password）",
                "An administrator's password is reset on the server only: yuebao account password",
            ),
            code="administrator-account",
        )
    session.run(
        _SET_PASSWORD, account=account_id, hash=password_hash, is_initial=True, until=now + INITIAL_LIFE
    )
    second_factor.remove(session, account_id)
    sessions.close_all(session, account_id)
    _trail(session, "account.reset", account_id, account["report_path"], by=by, now=now)
    return get(session, account_id, by=by)


def set_own_password(session: Session, *, password_hash: str, by: Actor, now: datetime) -> Row:
    """Replace one's own password, which was checked before; every session of the account ends."""
    account = of(session, by)
    session.run(_SET_PASSWORD, account=account["id"], hash=password_hash, is_initial=False, until=None)
    sessions.close_all(session, account["id"])
    _trail(session, "account.password", account["id"], account["report_path"], by=by, now=now)
    return account


def link(session: Session, account_id: str, *, issuer: str, subject: str, by: Actor, now: datetime) -> Row:
    """Let an identity of the OpenID provider sign in as this account, which from then on has no password here.

    For the operator only: whoever links an account can be it. The second factor is the provider's matter too.
    Raises NotFound, Forbidden, Conflict when the identity belongs to another account.
    """
    if by.kind != "operator":
        raise Forbidden()
    account = to_manage(session, account_id, by=by)
    second_factor.remove(session, account_id)
    session.run(_LINK, account=account_id, issuer=issuer, subject=subject)
    sessions.close_all(session, account_id)
    _trail(session, "account.link", account_id, account["report_path"], by=by, now=now)
    return get(session, account_id, by=by)


def linked(session: Session, *, issuer: str, subject: str) -> Row | None:
    """The account that an identity of the provider is linked with."""
    return session.one(_BY_SUBJECT, issuer=issuer, subject=subject)


def to_manage(session: Session, account_id: str, *, by: Actor) -> Row:
    """An account that the caller may change: within reach, and not the caller's own.

    Raises NotFound, Forbidden, and Forbidden `own-account` for oneself, also through a token one has made.
    """
    account = get(session, account_id, by=by, action=Action.MANAGE_ACCOUNTS)
    if person(session, by) == f"account:{account_id}":
        raise Forbidden(
            Text(
                "不能更改自己的账号和权限，请由另一位管理员办理",
                "Nobody changes their own account or roles; ask another administrator",
            ),
            code="own-account",
        )
    return account


def person(session: Session, by: Actor) -> str:
    """The person behind a caller: of a token who made it, of all others the caller. Two tokens are not two people."""
    found = by.id
    while found.startswith("token:"):
        row = session.one(_MAKER, token=found.removeprefix("token:"))
        if row is None:
            break
        found = row["created_by"]
    return found


def _check_names(name: str, display_name: str) -> None:
    found = []
    if not NAME.fullmatch(name):
        text = Text(
            "账号名须为2至40个小写字母、数字或 . _ -，以字母或数字开头",
            "An account name has 2 to 40 lower-case letters, digits or . _ - and begins with a letter or digit",
        )
        found.append(Finding("invalid-format", "invalid-format", Severity.ERROR, "/name", text))
    if not (display_name.isprintable() and 0 < len(display_name.strip()) and len(display_name) <= 80):
        text = Text("姓名须为1至80个可见字符", "A person's name has 1 to 80 visible characters")
        found.append(Finding("invalid-text", "invalid-text", Severity.ERROR, "/display_name", text))
    if found:
        raise Invalid(code="invalid" if len(found) > 1 else found[0].code, findings=found)


def _pairs(rows: Sequence[Row]) -> list[tuple[str, str]]:
    return [(row["role"], row["unit_code"]) for row in rows]


def _trail(session: Session, action: str, account_id: str, path: str, *, by: Actor, now: datetime) -> None:
    audit.record(session, by=by, action=action, path=path, thing=f"account:{account_id}", now=now)
    kind = "account.changed"
    events.emit(session, kind, unit=path.rpartition("/")[2], data={"account": account_id}, now=now)
