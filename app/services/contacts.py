"""Who is responsible for a unit's reports (专人负责): named, handed over, masked, and shown in full with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from app.db import Row, Session, prepared
from app.domain.canonical import digest
from app.domain.contact import is_phone, masked_email, masked_name, masked_phone
from app.domain.ids import new_id
from app.domain.permission import Action, Actor
from app.errors import Finding, Invalid, NotFound, Severity, Text
from app.models import Contact, Disclosure
from app.services import audit, events, units
from app.services.mail import is_email

LONGEST_NAME = 40
HISTORY = 50
"""Persons in charge that a history shows, the latest."""

_CONTACTS = Contact.__table__  # type: ignore[attr-defined]
_SHOWINGS = Disclosure.__table__  # type: ignore[attr-defined]
_OF_UNIT = _CONTACTS.c.unit_code == bindparam("unit")
_CURRENT = prepared(select(_CONTACTS).where(_OF_UNIT, _CONTACTS.c.until_at.is_(None)))
_LAST = prepared(select(func.max(_CONTACTS.c.number).label("number")).where(_OF_UNIT))
_ADD = prepared(insert(_CONTACTS))
_END = prepared(
    update(_CONTACTS)
    .where(_OF_UNIT, _CONTACTS.c.until_at.is_(None))
    .values(
        name=bindparam("masked_name"),
        phone=bindparam("masked_phone"),
        email=bindparam("masked_email"),
        until_at=bindparam("at"),
        until_by=bindparam("who"),
    )
)
_HISTORY = prepared(select(_CONTACTS).where(_OF_UNIT).order_by(_CONTACTS.c.number.desc()))
_SHOWN_TO = prepared(
    select(_SHOWINGS)
    .where(_SHOWINGS.c.unit_code == bindparam("unit"), _SHOWINGS.c.number == bindparam("number"))
    .order_by(_SHOWINGS.c.shown_at.desc(), _SHOWINGS.c.id)
)
_SHOW = prepared(insert(_SHOWINGS))


def get(session: Session, unit_code: str, *, by: Actor) -> Row:
    """Who is in charge: in full for the unit itself, masked for everybody above it.

    The unit itself also sees who had the number shown, and why. Raises NotFound, also when nobody is named.
    """
    path = units.get(session, unit_code)["report_path"]
    by.check(Action.READ_CONTACT, path)
    row = session.one(_CURRENT, unit=unit_code)
    if row is None:
        raise NotFound()
    if not by.stands_at(Action.NAME_CONTACT, path):
        return _public(row)
    shown = session.all(_SHOWN_TO, unit=unit_code, number=row["number"])
    told = [{name: each[name] for name in ("shown_at", "shown_to", "reason")} for each in shown]
    return _whole(row) | {"shown": told}


def history(session: Session, unit_code: str, *, by: Actor) -> list[Row]:
    """Everybody who was in charge, the latest first, all of them masked; with who handed over, and when."""
    by.check(Action.READ_CONTACT, units.get(session, unit_code)["report_path"])
    return [_public(row) for row in session.all(_HISTORY, unit=unit_code)[:HISTORY]]


def hand_over(
    session: Session, unit_code: str, *, name: str, phone: str, email: str | None, by: Actor, now: datetime
) -> Row:
    """Name who is in charge from now on. What is kept of the one before is what a list would show.

    Neither name nor number nor address reach the audit: it outlives them. Raises NotFound, Forbidden, Invalid.
    """
    path = units.get(session, unit_code)["report_path"]
    by.check(Action.NAME_CONTACT, path)
    _check(name, phone, email)
    before = session.one(_CURRENT, unit=unit_code)
    if before is not None:
        shown = {f"masked_{name}": value for name, value in masked(before).items()}
        session.run(_END, unit=unit_code, at=now, who=by.id, **shown)
    last = session.one(_LAST, unit=unit_code)
    number = (last["number"] or 0) + 1 if last else 1
    session.run(
        _ADD,
        unit_code=unit_code,
        number=number,
        name=name,
        phone=phone,
        email=email,
        from_at=now,
        from_by=by.id,
        until_at=None,
        until_by=None,
    )
    _trail(session, "contact.hand-over", unit_code, path, number, by=by, now=now)
    events.emit(session, "contact.changed", unit=unit_code, data={"number": number}, now=now)
    return get(session, unit_code, by=by)


def reveal(session: Session, unit_code: str, *, reason: str, by: Actor, now: datetime) -> Row:
    """The contact in full, for a reviewer with a reason, which the unit can read. Raises NotFound, Forbidden."""
    path = units.get(session, unit_code)["report_path"]
    by.check(Action.REVEAL_CONTACT, path)
    row = session.one(_CURRENT, unit=unit_code)
    if row is None:
        raise NotFound()
    session.run(
        _SHOW,
        id=new_id(now),
        unit_code=unit_code,
        number=row["number"],
        shown_at=now,
        shown_to=by.id,
        reason=reason,
    )
    _trail(session, "contact.reveal", unit_code, path, row["number"], by=by, now=now, after=digest([reason]))
    return _whole(row)


def _public(row: Row) -> Row:
    """What a list shows; of a person who is no longer in charge nothing else is kept."""
    is_over = row["until_at"] is not None
    return {
        "unit": row["unit_code"],
        "number": row["number"],
        **(_personal(row) if is_over else masked(row)),
        "masked": True,
        "from_at": row["from_at"],
        "from_by": row["from_by"],
        "until_at": row["until_at"],
        "until_by": row["until_by"],
    }


def _whole(row: Row) -> Row:
    return _public(row) | _personal(row) | {"masked": False}


def _personal(row: Row) -> Row:
    return {name: row[name] for name in ("name", "phone", "email")}


def masked(row: Row) -> Row:
    """What a list shows of a person who is in charge."""
    email = masked_email(row["email"]) if row["email"] else None
    return {"name": masked_name(row["name"]), "phone": masked_phone(row["phone"]), "email": email}


def _trail(
    session: Session, action: str, unit: str, path: str, number: int, *, by: Actor, now: datetime, **more: Any
) -> None:
    thing = f"contact:{unit}"
    audit.record(session, by=by, action=action, path=path, thing=thing, version=number, now=now, **more)


def _check(name: str, phone: str, email: str | None) -> None:
    found = []
    if not (name.isprintable() and 0 < len(name.strip()) and len(name) <= LONGEST_NAME):
        text = Text(
            f"联系人须为1至{LONGEST_NAME}个可见字符", f"A name has 1 to {LONGEST_NAME} visible characters"
        )
        found.append(Finding("invalid-contact", "invalid-contact", Severity.ERROR, "/name", text))
    if not is_phone(phone):
        text = Text(
            "联系电话格式不正确，应为11位手机号，或区号加座机号",
            "Not a mobile number or a landline with area code",
        )
        found.append(Finding("invalid-phone", "invalid-phone", Severity.ERROR, "/phone", text))
    if email is not None and not is_email(email):
        text = Text("邮箱地址有误，例如 li@example.org", "This is no e-mail address, such as li@example.org")
        found.append(Finding("invalid-email", "invalid-email", Severity.ERROR, "/email", text))
    if found:
        raise Invalid(code=found[0].code if len(found) == 1 else "invalid", findings=found)
