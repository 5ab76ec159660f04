"""Subscriptions: the e-mail addresses that a unit's reminders go to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from app.db import Row, Session, prepared
from app.domain.ids import new_id
from app.domain.permission import Action, Actor
from app.errors import Finding, Invalid, Severity, Text
from app.models import Subscription
from app.services import audit, units
from app.services.mail import is_email

_SUBSCRIPTIONS = Subscription.__table__  # type: ignore[attr-defined]
_OF_UNIT = (_SUBSCRIPTIONS.c.unit_code == bindparam("unit"),)
_LIST = prepared(select(_SUBSCRIPTIONS.c.email).where(*_OF_UNIT).order_by(_SUBSCRIPTIONS.c.email))
_ADD = prepared(insert(_SUBSCRIPTIONS))
_REMOVE = prepared(delete(_SUBSCRIPTIONS).where(*_OF_UNIT, _SUBSCRIPTIONS.c.email == bindparam("address")))


def of_unit(session: Session, *, unit: str, by: Actor) -> Row:
    """The addresses of a unit, in order. Raises NotFound, Forbidden."""
    by.check(Action.MANAGE_SUBSCRIPTIONS, units.get(session, unit)["report_path"])
    return {"unit": unit, "emails": [row["email"] for row in session.all(_LIST, unit=unit)]}


def replace(session: Session, *, unit: str, emails: Sequence[str], by: Actor, now: datetime) -> Row:
    """Make these the addresses of a unit. The audit says that it was done, not what the addresses are.

    Raises NotFound, Forbidden, Invalid.
    """
    before = of_unit(session, unit=unit, by=by)["emails"]
    _check(emails)
    wanted = set(emails)
    for gone in set(before) - wanted:
        session.run(_REMOVE, unit=unit, address=gone)
    for new in sorted(wanted - set(before)):
        session.run(_ADD, unit_code=unit, email=new, id=new_id(now), created_at=now, created_by=by.id)
    path = units.get(session, unit)["report_path"]
    audit.record(session, by=by, action="subscription.set", path=path, thing=f"subscription:{unit}", now=now)
    return of_unit(session, unit=unit, by=by)


def _check(emails: Sequence[str]) -> None:
    findings = [
        Finding("invalid-email", "invalid-email", Severity.ERROR, f"/emails/{i}", _TEXT)
        for i, email in enumerate(emails)
        if not is_email(email)
    ]
    if findings:
        raise Invalid(code="invalid-email", findings=findings)


_TEXT = Text(
    "邮箱地址有误，例如 nongqing@example.org", "This is no e-mail address, such as nongqing@example.org"
)
