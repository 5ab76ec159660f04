"""One's own account: who am I, what must I do first, and the second factor."""

from __future__ import annotations

from datetime import datetime

from app.db import Row, Session
from app.domain.permission import Actor
from app.errors import NotFound
from app.services import accounts, audit, second_factor, sessions
from app.services.sessions import Rules


def shown(session: Session, *, rules: Rules, by: Actor) -> Row:
    """Who is asking: of an account its stored roles, also while it may not use them yet; of a token its own."""
    if by.kind == "account":
        return of_id(session, account_id=by.id.removeprefix("account:"), rules=rules)
    grants = [{"role": grant.role.value, "unit": grant.unit} for grant in by.grants]
    return {
        "id": by.id,
        "name": by.name,
        "kind": by.kind,
        "needs": None,
        "second_factor": False,
        "grants": grants,
    }


def of_id(session: Session, *, account_id: str, rules: Rules) -> Row:
    """An account as its owner sees it. Raises NotFound."""
    row = accounts.by_id(session, account_id)
    if row is None:
        raise NotFound()
    return {
        "id": f"account:{row['id']}",
        "name": row["display_name"],
        "account": row["name"],
        "kind": "account",
        "needs": _needs(row, rules),
        "second_factor": row["is_totp_confirmed"],
        "grants": [{"role": role, "unit": unit} for role, unit in row["grants"]],
    }


def _needs(row: Row, rules: Rules) -> str | None:
    if row["is_password_initial"]:
        return "password"
    roles = frozenset(role for role, _ in row["grants"])
    return (
        "second-factor" if rules.lacks_second_factor(roles, has_one=sessions.has_second_factor(row)) else None
    )


def begin_second_factor(session: Session, *, rules: Rules, by: Actor, now: datetime) -> Row:
    """A secret for an authenticator app: {secret, uri}, not yet in force."""
    account = accounts.of(session, by)
    found = second_factor.begin(session, account, seal=rules.seal)
    _trail(session, "second-factor.begin", account, by=by, now=now)
    return found


def confirm_second_factor(
    session: Session, *, code: str, cookie: str, rules: Rules, by: Actor, now: datetime
) -> list[str]:
    """Put the secret in force; the recovery codes. Every other session ends: it was opened without the factor."""
    account = accounts.of(session, by)
    made = second_factor.confirm(session, account, code, seal=rules.seal, now=now)
    sessions.close_others(session, account["id"], cookie)
    _trail(session, "second-factor.confirm", account, by=by, now=now)
    return made


def _trail(session: Session, action: str, account: Row, *, by: Actor, now: datetime) -> None:
    thing, path = f"account:{account['id']}", account["report_path"]
    audit.record(session, by=by, action=action, path=path, thing=thing, now=now)
