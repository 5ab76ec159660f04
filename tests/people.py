"""People with accounts: made by the command line's hand, signed in through the service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from app.cli.account import BY
from app.db import Database, Row
from app.domain.permission import Role
from app.services import accounts, grants, passwords, sessions
from app.services.sessions import Rules
from tests.seed import OPENED
from tests.service import Answer, Asked, Service

PASSWORD = "示例 长江 算盘 四月 4711"
SESSIONS = "/api/v1/sessions"
CURRENT = "/api/v1/sessions/current"


@cache
def kept(password: str = PASSWORD) -> str:
    """The hash of a password, made once: it takes a tenth of a second."""
    return passwords.hashed(password)


def add(
    service: Service,
    name: str,
    role: Role | str | None = None,
    unit: str = "440100",
    *,
    at: str | None = None,
    is_initial: bool = False,
    now: datetime = OPENED,
) -> Row:
    """An account with PASSWORD at a unit (`at`, else where its role is), holding perhaps a role."""
    with Database(service.database_url).transaction() as session:
        made = accounts.create(
            session,
            name=name.replace("_", "-"),
            display_name=f"示例{name}",
            unit=at or unit,
            password_hash=kept(),
            is_initial=is_initial,
            by=BY,
            now=now,
        )
        if role is not None:
            grants.grant(session, made["id"], role=Role(role), unit=unit, by=BY, now=now)
        return made


def enter(service: Service, name: str, account: Row) -> None:
    """Give the service a cookie for an account without typing its password: for tests of what comes after."""
    with Database(service.database_url).transaction() as session:
        service.cookies[name] = sessions.start(
            session, account["id"], rules=Rules(is_secure=False), now=service.clock.now()
        )


def enter_all(service: Service, people: dict[str, tuple[Role, str, tuple[str, ...]]]) -> Iterable[str]:
    """Accounts and cookies for people given by role and unit; the names of the cookies, `name@cookie`."""
    made = []
    for name, (role, unit, _) in people.items():
        enter(service, f"{name}@cookie", add(service, name, role, unit))
        made.append(f"{name}@cookie")
    return made


def sign_in(service: Service, name: str, password: str = PASSWORD, **more: str) -> Answer:
    """Sign in as a browser does; a good cookie is kept under the name."""
    body = {"name": name, "password": password, **more}
    answer = service.ask(Asked("POST", SESSIONS, None, body, {"sec-fetch-site": "same-origin"}))
    if answer.status == 201:
        service.cookies[name] = cookie_of(answer)
    return answer


def cookie_of(answer: Answer) -> str:
    """The secret of the session that an answer sets."""
    return answer.headers["set-cookie"].split(";")[0].partition("=")[2]
