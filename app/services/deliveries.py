"""Deliveries: events on their way from the outbox to webhooks, at least once each, under one id."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select, bindparam, delete, func, or_, select, update

from app.db import Database, Row, Session, prepared
from app.domain.address import Outgoing
from app.domain.signature import delay, signed_headers
from app.models import OutboxEvent, Unit, Webhook, WebhookDelivery
from app.models.unit import within
from app.services import webhooks
from app.services.outbound import Outcome, Resolve, addresses_of, call

LEASE = timedelta(seconds=60)
"""Longer than any attempt takes: after it, one that was cut short by a crash is made again."""

BATCH = 500
"""Events that are looked at for a webhook at a time."""

REMEMBERED = timedelta(days=30)
"""How long a delivery that was taken can still be seen and sent again."""

GONE = 410
"""The receiver's way of unsubscribing (Standard Webhooks)."""

_WEBHOOKS = Webhook.__table__  # type: ignore[attr-defined]
_DELIVERIES = WebhookDelivery.__table__  # type: ignore[attr-defined]
_OUTBOX = OutboxEvent.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_LAST = select(func.coalesce(func.max(_OUTBOX.c.seq), 0)).scalar_subquery()
_BEHIND = prepared(
    select(_WEBHOOKS.c.id, _WEBHOOKS.c.seen, _WEBHOOKS.c.kinds, _UNITS.c.report_path, _LAST.label("last"))
    .join(_UNITS, _UNITS.c.code == _WEBHOOKS.c.unit_code)
    .where(_WEBHOOKS.c.disabled_at.is_(None), _WEBHOOKS.c.seen < _LAST)
    .order_by(_WEBHOOKS.c.id)
)
_SEEN = prepared(
    update(_WEBHOOKS).where(_WEBHOOKS.c.id == bindparam("webhook")).values(seen=bindparam("last"))
)
_IS_DUE = (
    _DELIVERIES.c.status == "pending",
    _DELIVERIES.c.next_at <= bindparam("due_at"),
    _WEBHOOKS.c.disabled_at.is_(None),
)
_DUE = prepared(
    select(
        _DELIVERIES,
        _WEBHOOKS.c.url,
        _WEBHOOKS.c.secret,
        _WEBHOOKS.c.unit_code,
        _OUTBOX.c.at,
        _OUTBOX.c.kind,
        _OUTBOX.c.unit,
        _OUTBOX.c.data,
    )
    .join(_WEBHOOKS, _WEBHOOKS.c.id == _DELIVERIES.c.webhook_id)
    .outerjoin(_OUTBOX, _OUTBOX.c.seq == _DELIVERIES.c.event_seq)
    .where(*_IS_DUE)
    .order_by(_DELIVERIES.c.next_at, func.coalesce(_DELIVERIES.c.event_seq, 0), _DELIVERIES.c.id)
    .limit(1)
)
_CLAIM = prepared(
    update(_DELIVERIES)
    .where(_DELIVERIES.c.id == bindparam("delivery"))
    .values(attempts=bindparam("attempt"), next_at=bindparam("until"))
)
_SETTLE = prepared(
    update(_DELIVERIES)
    .where(_DELIVERIES.c.id == bindparam("delivery"), _DELIVERIES.c.attempts == bindparam("attempt"))
    .values(
        status=bindparam("now_is"),
        next_at=bindparam("next"),
        answered=bindparam("code"),
        error=bindparam("why"),
        finished_at=bindparam("done_at"),
    )
)
_HOLD = prepared(
    update(_DELIVERIES)
    .where(
        _DELIVERIES.c.webhook_id == bindparam("webhook"),
        _DELIVERIES.c.status == "pending",
        _DELIVERIES.c.next_at < bindparam("next"),
    )
    .values(next_at=bindparam("next"))
)
# Once delivered, `next_at` is the instant of it: the index on both finds the old ones.
_FORGET = prepared(
    delete(_DELIVERIES).where(
        _DELIVERIES.c.status == "delivered", _DELIVERIES.c.next_at < bindparam("before")
    )
)
_DISABLE = prepared(
    update(_WEBHOOKS)
    .where(_WEBHOOKS.c.id == bindparam("webhook"))
    .values(disabled_at=bindparam("at"), disabled_because="gone")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """What carrying events out needs beside the database: the time, what may be called, and how names resolve."""

    now: Callable[[], datetime]
    allowed: Outgoing
    resolve: Resolve = addresses_of
    chance: Callable[[], float] = random.random


class Done(NamedTuple):
    """How many attempts a pass made, and how many of them were taken."""

    attempted: int
    delivered: int


def deliver(database: Database, courier: Courier, *, most: int = 1000) -> Done:
    """One pass: put new events on their way, then attempt what is due, oldest first.

    No transaction is open while a receiver is called. Several processes may do this at once: an attempt
    belongs to whoever counted it.
    """
    if not _has_work(database, courier.now()):
        return Done(0, 0)
    with database.transaction() as session:
        plan(session, now=courier.now())
    attempted = delivered = 0
    while attempted < most and (work := _claimed(database, courier.now())) is not None:
        outcome = _send(work, courier)
        with database.transaction() as session:
            settle(session, work, outcome, now=courier.now(), chance=courier.chance())
        attempted, delivered = attempted + 1, delivered + outcome.is_taken
    return Done(attempted, delivered)


def plan(session: Session, *, now: datetime) -> None:
    """Make a delivery of every event that a webhook has not seen and wants, in the order of events.

    Forgets what was delivered long ago.
    """
    for hook in session.all(_BEHIND):
        while hook["seen"] < hook["last"]:
            through = min(hook["seen"] + BATCH, hook["last"])
            for event in session.all(_wanted(hook, through)):
                webhooks.queue(session, hook["id"], event["seq"], now)
            hook["seen"] = through
        session.run(_SEEN, webhook=hook["id"], last=hook["last"])
    session.run(_FORGET, before=now - REMEMBERED)


def settle(session: Session, work: Row, outcome: Outcome, *, now: datetime, chance: float) -> None:
    """Keep what an attempt came to: delivered, tried again later, or given up (failed).

    A failure also holds back what waits behind it for the same webhook, so that a receiver that is down is not
    called for every event. A receiver that answers 410 is disabled.
    """
    wait = None if outcome.is_taken or outcome.status == GONE else delay(work["attempts"], chance)
    status = "delivered" if outcome.is_taken else "failed" if wait is None else "pending"
    due = now + (wait or timedelta())
    session.run(
        _SETTLE,
        delivery=work["id"],
        attempt=work["attempts"],
        now_is=status,
        next=due,
        code=outcome.status,
        why=None if outcome.is_taken else outcome.error or "refused",
        done_at=None if status == "pending" else now,
    )
    if outcome.status == GONE:
        session.run(_DISABLE, webhook=work["webhook_id"], at=now)
    if wait is not None:
        session.run(_HOLD, webhook=work["webhook_id"], next=due)


def message_of(work: Row) -> bytes:
    """The body: the same bytes in every attempt, because an event never changes."""
    is_test = work["event_seq"] is None
    return orjson.dumps(
        {
            "type": webhooks.TEST if is_test else work["kind"],
            "timestamp": (work["created_at"] if is_test else work["at"]).isoformat(),
            "seq": work["event_seq"],
            "unit": work["unit_code"] if is_test else work["unit"],
            "data": {} if is_test else work["data"],
        }
    )


def _wanted(hook: Row, through: int) -> Select[Any]:
    kinds = hook["kinds"]
    exact = [kind for kind in kinds if not kind.endswith("*")]
    families = [_OUTBOX.c.kind.startswith(kind[:-1], autoescape=True) for kind in kinds if kind.endswith("*")]
    return (
        select(_OUTBOX.c.seq)
        .join(_UNITS, _UNITS.c.code == _OUTBOX.c.unit)
        .where(
            _OUTBOX.c.seq > hook["seen"],
            _OUTBOX.c.seq <= through,
            within([hook["report_path"]], _UNITS.c.report_path),
            or_(_OUTBOX.c.kind.in_(exact), *families) if kinds else _OUTBOX.c.seq > 0,
        )
        .order_by(_OUTBOX.c.seq)
    )


def _has_work(database: Database, now: datetime) -> bool:
    """Whether a pass would do anything; asked without taking a turn from those who write."""
    session = database.connect_read_only()
    try:
        return bool(session.all(_BEHIND) or session.one(_DUE, due_at=now))
    finally:
        session.connection.close()


def _claimed(database: Database, now: datetime) -> Row | None:
    """The delivery that is due first, its attempt counted. Writers take turns, so no other claims it as well."""
    with database.transaction() as session:
        work = session.one(_DUE, due_at=now)
        if work is not None:
            work["attempts"] += 1
            session.run(_CLAIM, delivery=work["id"], attempt=work["attempts"], until=now + LEASE)
    return work


def _send(work: Row, courier: Courier) -> Outcome:
    body = message_of(work)
    headers = signed_headers(work["secret"], message=work["id"], at=courier.now(), body=body)
    return call(work["url"], body, headers, allowed=courier.allowed, resolve=courier.resolve)
