"""Reminders (催报): before and after a deadline, to the units that have not reported, once each."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from app.db import Database, Row, Session, prepared
from app.domain.completeness import UnitState, is_excused, is_submitted
from app.domain.deadline import Deadline
from app.domain.ids import new_id
from app.domain.period import FIRST, SHANGHAI, Period
from app.domain.permission import SYSTEM, Action, Actor
from app.models import Contact, Reminder, Report, Subscription, Unit
from app.models.unit import within
from app.services import audit, events, excuses, forms, mail, periods, units

KINDS = {3: "D-3", 1: "D-1", 0: "D", -1: "D+1"}
"""Days left until the deadline, in China, and the reminder that is due then (domain.md section 5: 催报)."""

_REMINDERS = Reminder.__table__  # type: ignore[attr-defined]
_SUBSCRIPTIONS = Subscription.__table__  # type: ignore[attr-defined]
_CONTACTS = Contact.__table__  # type: ignore[attr-defined]
_REPORTS = Report.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_KEY = ("unit_code", "period", "due_on", "kind", "channel", "addressee")
_IN_USE = prepared(
    select(_UNITS)
    .where(
        _UNITS.c.reports,
        _UNITS.c.report_parent.is_not(None),
        _UNITS.c.valid_from <= bindparam("on"),
        or_(_UNITS.c.valid_to.is_(None), _UNITS.c.valid_to > bindparam("on")),
    )
    .order_by(_UNITS.c.code)
)
_STATES = prepared(
    select(_REPORTS.c.unit_code, _REPORTS.c.status, _REPORTS.c.timeliness).where(
        _REPORTS.c.period == bindparam("month")
    )
)
_IN_CHARGE = prepared(
    select(_CONTACTS.c.number, _CONTACTS.c.email).where(
        _CONTACTS.c.unit_code == bindparam("unit"),
        _CONTACTS.c.until_at.is_(None),
        _CONTACTS.c.email.is_not(None),
    )
)
_SUBSCRIBED = prepared(
    select(_SUBSCRIPTIONS.c.id, _SUBSCRIPTIONS.c.email)
    .where(_SUBSCRIPTIONS.c.unit_code == bindparam("unit"))
    .order_by(_SUBSCRIPTIONS.c.email)
)
_LOG = prepared(insert(_REMINDERS).on_conflict_do_nothing())
_SAME = [_REMINDERS.c[name] == bindparam(f"its_{name}") for name in _KEY]
_RETRY = prepared(
    update(_REMINDERS)
    .where(*_SAME, _REMINDERS.c.outcome == "failed")
    .values(outcome="sending", sent_at=bindparam("at"))
)
_SETTLE = prepared(update(_REMINDERS).where(*_SAME).values(outcome=bindparam("now_is")))


OPENING_HOUR = 9
"""In China; a letter that comes at midnight is not read any sooner."""


class Due(NamedTuple):
    """A unit that is to be reminded of a period today."""

    unit: str
    name: str
    path: str
    period: str
    due_on: date
    kind: str


def due(session: Session, *, now: datetime, policy: periods.Policy) -> list[Due]:
    """Who is to be reminded today: expected units without a submitted report or an excuse, 3 days and 1 day before the
    deadline, on its day and the day after, by the calendar of China. In order of period and unit.

    A deadline may lie in the month after its period, so both months are looked at. A day on which nobody ran
    this is not made up for.
    """
    today = now.astimezone(SHANGHAI).date()
    this = Period(today.year, today.month)
    months = [period for period in (this.previous, this) if period >= FIRST]
    return [found for period in months for found in _due(session, period, today, policy)]


def remind(
    database: Database,
    *,
    now: datetime,
    policy: periods.Policy,
    mailbox: mail.Mailbox | None,
    by: Actor,
) -> list[Row]:
    """Send what is due today and was not sent; the rows of the log that this wrote.

    The webhook event `report.reminder` goes with its row, exactly once. A letter is entered in the log before it
    is sent: after a crash it is not sent again. One that the server refused is tried again by the next run of
    the day.
    """
    with database.transaction() as session:
        found = due(session, now=now, policy=policy)
        rows = [row for each in found for row in _announced(session, each, bool(mailbox), by=by, now=now)]
        letters = [(each, to) for each in found for to in _addresses(session, each.unit)]
    if mailbox is not None and letters:
        rows += _mailed(database, mailbox, letters, now=now, by=by)
    return rows


def remind_by_day(
    database: Database, now: datetime, policy: periods.Policy, mailbox: mail.Mailbox
) -> list[Row]:
    """The same for a server, which sends nothing before the offices open."""
    if now.astimezone(SHANGHAI).hour < OPENING_HOUR:
        return []
    return remind(database, now=now, policy=policy, mailbox=mailbox, by=SYSTEM)


def listed(
    session: Session, *, period: str, unit: str | None, after: tuple[str, ...], limit: int, by: Actor
) -> list[Row]:
    """The log of a period for units within reach (and below `unit`), by unit, day, kind and channel.

    Raises NotFound and Forbidden.
    """
    reach = by.reach(Action.READ_REPORT)
    conditions = [_REMINDERS.c.period == period, within(reach, _UNITS.c.report_path)]
    if unit is not None:
        path = units.get(session, unit)["report_path"]
        by.check(Action.READ_REPORT, path)
        conditions.append(within([path], _UNITS.c.report_path))
    else:
        by.check_role(Action.READ_REPORT)
    key = tuple_(*(_REMINDERS.c[name] for name in PAGE_KEY))
    statement = select(_REMINDERS).join(_UNITS, _UNITS.c.code == _REMINDERS.c.unit_code)
    return session.all(statement.where(*conditions, key > tuple_(*after)).order_by(*key).limit(limit))


PAGE_KEY = ("unit_code", "due_on", "kind", "channel", "addressee")
"""What rows of one period are in order of."""


def _due(session: Session, period: Period, today: date, policy: periods.Policy) -> Iterator[Due]:
    form = forms.in_force(session, period)
    deadlines: dict[str, Deadline] = {}
    let_off = excuses.of_period(session, period)
    states = {row["unit_code"]: row for row in session.all(_STATES, month=str(period))}
    for unit in session.all(_IN_USE, on=form.window(period).end):
        parent = unit["report_parent"]
        if parent not in deadlines:
            above = units.get(session, parent)
            deadlines[parent], _ = periods.deadline_of(
                session, parent=above, period=period, form=form, policy=policy
            )
        day = deadlines[parent].due
        kind = KINDS.get((day - today).days)
        report = states.get(unit["code"])
        status, timeliness = (report["status"], report["timeliness"]) if report else (None, None)
        state = UnitState(unit["code"], status, timeliness, unit["code"] in let_off)
        if kind is not None and not is_submitted(state) and not is_excused(state):
            yield Due(unit["code"], unit["name"], unit["report_path"], str(period), day, kind)


def _announced(session: Session, each: Due, has_mail: bool, *, by: Actor, now: datetime) -> list[Row]:
    """The event of one unit, and a line where it has nobody to write to."""
    rows = [_row(each, "webhook", "", "sent", now)]
    if has_mail and not _addresses(session, each.unit):
        rows.append(_row(each, "email", "", "no_address", now))
    new = [row for row in rows if session.run(_LOG, **row) == 1]
    if new and new[0]["channel"] == "webhook":
        data = {
            "period": each.period,
            "unit": each.unit,
            "kind": each.kind,
            "due_on": each.due_on.isoformat(),
        }
        events.emit(session, "report.reminder", unit=each.unit, data=data, now=now)
        _record(session, each, by=by, now=now)
    return new


def _addresses(session: Session, unit: str) -> list[Row]:
    """Whom to write to, with the id that the log knows them by: who is in charge first, then who subscribed; an
    address that is both gets one letter."""
    in_charge = [
        {"id": f"contact-{row['number']}", "email": row["email"]}
        for row in session.all(_IN_CHARGE, unit=unit)
    ]
    taken = {row["email"].lower() for row in in_charge}
    subscribed = [row for row in session.all(_SUBSCRIBED, unit=unit) if row["email"].lower() not in taken]
    return [*in_charge, *subscribed]


def _mailed(
    database: Database, mailbox: mail.Mailbox, letters: list[tuple[Due, Row]], *, now: datetime, by: Actor
) -> list[Row]:
    rows = []
    for each, to in letters:
        row = _row(each, "email", to["id"], "sending", now)
        with database.transaction() as session:
            is_mine = session.run(_LOG, **row) == 1 or session.run(_RETRY, at=now, **_its(row)) == 1
            if is_mine:
                _record(session, each, by=by, now=now)
        if is_mine:
            row["outcome"] = "sent" if _is_sent(mailbox, each, to, now) else "failed"
            with database.transaction() as session:
                session.run(_SETTLE, now_is=row["outcome"], **_its(row))
            rows.append(row)
    return rows


def _is_sent(mailbox: mail.Mailbox, each: Due, to: Row, now: datetime) -> bool:
    subject, text = wording(each)
    letter = mail.letter(
        sender=mailbox.sender, to=to["email"], subject=subject, text=text, message_id=new_id(now), at=now
    )
    try:
        with mail.connected(mailbox) as server:
            server.send_message(letter)
    except (OSError, smtplib.SMTPException):
        return False
    return True


def wording(each: Due) -> tuple[str, str]:
    """Subject and text in Chinese and English: the unit, the period and the day; nobody's name or number."""
    day = f"{each.due_on:%Y-%m-%d}"
    zh, en = _WORDS[each.kind]
    subject = f"[催报] {each.name} {each.period} 月报 / reminder: monthly report due {day}"
    body = (
        f"{each.name}（{each.unit}）：\n\n{zh.format(period=each.period, day=day)}\n\n"
        f"{en.format(period=each.period, day=day, unit=each.unit)}\n\n"
        "本邮件由月报系统自动发送，请勿回复。 / Sent by the reporting service; please do not reply.\n"
    )
    return subject, body


_BEFORE = (
    "{period} 月报应于 {day} 24:00（北京时间）前报送，目前尚未收到，请按时报送。",
    "The report of {period} of unit {unit} is due on {day}, 24:00 in Beijing, and has not arrived yet.",
)
_AFTER = (
    "{period} 月报已于 {day} 截止，目前尚未收到，请立即补报；补报将记为迟报。",
    "The report of {period} of unit {unit} was due on {day} and has not arrived: file it now, it counts as late.",
)
_WORDS = {"D-3": _BEFORE, "D-1": _BEFORE, "D": _BEFORE, "D+1": _AFTER}


def _row(each: Due, channel: str, addressee: str, outcome: str, now: datetime) -> Row:
    return {
        "unit_code": each.unit,
        "period": each.period,
        "due_on": each.due_on.isoformat(),
        "kind": each.kind,
        "channel": channel,
        "addressee": addressee,
        "sent_at": now,
        "outcome": outcome,
    }


def _its(row: Row) -> Row:
    return {f"its_{name}": row[name] for name in _KEY}


def _record(session: Session, each: Due, *, by: Actor, now: datetime) -> None:
    thing = f"reminder:{each.period}/{each.unit}/{each.kind}"
    audit.record(session, by=by, action="reminder.send", path=each.path, thing=thing, now=now)
