"""Signing in, out and changing one's password: what the API and the pages share, hashing aside from the lanes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from app.db import Database, Row, Session
from app.domain.password import password_findings
from app.domain.permission import Actor
from app.domain.unit import CENTRE
from app.errors import Invalid, Text, Unauthenticated
from app.services import accounts, attempts, audit, passwords, second_factor, sessions
from app.services.passwords import Hashing
from app.services.sessions import Rules

_STRANGER = Actor(id="anonymous", name="", kind="anonymous")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody typed, and where: `address` is the client's. `code` is the second factor's."""

    name: str
    password: str
    code: str = ""
    address: str = ""
    request_id: str = ""
    cookie: str = ""
    """The session that the browser had before, which ends."""

    @property
    def account_name(self) -> str:
        """The name as accounts are kept under it."""
        return self.name.strip().lower()

    def stranger(self) -> Actor:
        """Who tries, before it is known who it is."""
        return replace(_STRANGER, request_id=self.request_id, address=self.address)


@dataclass(frozen=True, slots=True)
class Opened:
    """A session was opened: its secret, once."""

    secret: str
    account_id: str


async def sign_in(
    database: Database, hashing: Hashing, given: Credentials, *, rules: Rules, now: datetime
) -> Opened:
    """Open a session. Raises Unauthenticated: alike, and as slowly, for a wrong name, password or account.

    TooMany after five tries for a name from an address; Unavailable when too many passwords are being hashed.
    """
    account = await database.write(_try, given=given, now=now)
    is_right = await hashing.run(
        passwords.matches, account["password_hash"] if account else None, given.password
    )
    outcome = await database.write(
        _decide, proved=account if is_right else None, given=given, rules=rules, now=now
    )
    # Raised after the commit, because what was counted and recorded must stay.
    if isinstance(outcome, Opened):
        return outcome
    raise outcome


def _try(session: Session, *, given: Credentials, now: datetime) -> Row | None:
    attempts.take(session, name=given.account_name, address=given.address, now=now)
    return accounts.named(session, given.account_name)


def _decide(
    session: Session,
    *,
    proved: Row | None,
    given: Credentials,
    rules: Rules,
    now: datetime,
) -> Opened | Unauthenticated:
    # Read again: while the password was hashed the account may have been disabled, or given another one.
    account = accounts.named(session, given.account_name)
    if account is None or proved is None or not _is_unchanged(account, proved, now):
        return _refused(session, account, given, now)
    if account["is_totp_confirmed"]:
        if not given.code:
            attempts.give_back(session, name=given.account_name, address=given.address)
            return Unauthenticated(
                Text("请输入两步验证的验证码", "Enter the code of your second factor"),
                code="second-factor-needed",
            )
        if not second_factor.is_good(session, account, given.code, seal=rules.seal, now=now):
            return _refused(session, account, given, now)
    attempts.succeed(session, name=given.account_name, address=given.address)
    return open_for(session, account, given, rules=rules, now=now)


def open_for(session: Session, account: Row, given: Credentials, *, rules: Rules, now: datetime) -> Opened:
    """Open a session for an account that has proved itself; the cookie that came along is ended."""
    if given.cookie:
        sessions.close(session, given.cookie)
    secret = sessions.start(session, account["id"], rules=rules, now=now)
    by = replace(given.stranger(), id=f"account:{account['id']}", kind="account")
    _record(session, "session.open", account, by, now)
    return Opened(secret, account["id"])


def enter_linked(
    session: Session, *, issuer: str, subject: str, given: Credentials, rules: Rules, now: datetime
) -> Opened | None:
    """Open a session for the account that an identity of the provider is linked with; None where there is none."""
    account = accounts.linked(session, issuer=issuer, subject=subject)
    if account is None or account["disabled_at"] is not None:
        _record(session, "session.refuse", account, given.stranger(), now)
        return None
    return open_for(session, account, given, rules=rules, now=now)


def _is_unchanged(account: Row, proved: Row, now: datetime) -> bool:
    until = account["password_until"]
    is_usable = account["disabled_at"] is None and (until is None or now < until)
    return is_usable and account["password_hash"] == proved["password_hash"]


def _refused(session: Session, known: Row | None, given: Credentials, now: datetime) -> Unauthenticated:
    _record(session, "session.refuse", known, given.stranger(), now)
    return Unauthenticated(
        Text(
            "账号或密码不正确，或账号不可用",
            "The name or the password is wrong, or the account cannot be used",
        ),
        code="sign-in-refused",
    )


def _record(session: Session, action: str, account: Row | None, by: Actor, now: datetime) -> None:
    path, thing = (
        (account["report_path"], f"account:{account['id']}") if account else (CENTRE, "account:unknown")
    )
    audit.record(session, by=by, action=action, path=path, thing=thing, now=now)


def sign_out(session: Session, *, secret: str, by: Actor, now: datetime) -> None:
    """End the session of this cookie."""
    account = accounts.of(session, by)
    sessions.close(session, secret)
    _record(session, "session.close", account, by, now)


async def check_password(
    database: Database, hashing: Hashing, password: str, *, by: Actor, now: datetime
) -> Row:
    """The caller's account, once its password was typed again. Counted like a sign-in: a stolen session guesses too.

    Raises Invalid `password-wrong`, TooMany, Forbidden for a token.
    """
    account = await database.read(partial(accounts.of, by=by))
    place = {"name": account["name"], "address": by.address}
    await database.write(attempts.take, now=now, **place)
    if not await hashing.run(passwords.matches, account["password_hash"], password):
        raise Invalid(Text("当前密码不正确", "The current password is wrong"), code="password-wrong")
    await database.write(attempts.succeed, **place)
    return account


async def change_password(
    database: Database,
    hashing: Hashing,
    *,
    current: str,
    new: str,
    rules: Rules,
    by: Actor,
    now: datetime,
) -> Opened:
    """Replace one's own password: every session ends, and a new one is opened for who changed it.

    Raises Invalid with findings for a weak one, or `password-same`.
    """
    account = await check_password(database, hashing, current, by=by, now=now)
    if current == new:
        raise Invalid(
            Text("新密码不能与当前密码相同", "The new password is the current one"), code="password-same"
        )
    about = [account["name"], account["display_name"], account["unit_code"], "yuebao", "月报"]
    findings = await hashing.run(password_findings, new, about=about, pointer="/new")
    if findings:
        raise Invalid(findings[0].message, code=findings[0].code, findings=findings)
    password_hash = await hashing.run(passwords.hashed, new)
    return await database.write(_replace, password_hash=password_hash, rules=rules, by=by, now=now)


def _replace(session: Session, *, password_hash: str, rules: Rules, by: Actor, now: datetime) -> Opened:
    account = accounts.set_own_password(session, password_hash=password_hash, by=by, now=now)
    return Opened(sessions.start(session, account["id"], rules=rules, now=now), account["id"])
