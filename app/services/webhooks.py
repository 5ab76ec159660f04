"""Webhooks: who is told of events, made and removed by administrators and integrators."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, insert, select, update

from app.db import Row, Session, prepared
from app.domain.address import Outgoing, parse_target
from app.domain.ids import new_id
from app.domain.permission import Action, Actor
from app.domain.signature import secret_text
from app.errors import Conflict, Finding, Invalid, NotFound, Severity, Text
from app.models import OutboxEvent, Unit, Webhook, WebhookDelivery
from app.models.unit import within
from app.services import audit, units

MOST = 20
"""Webhooks of one unit."""

_WEBHOOKS = Webhook.__table__  # type: ignore[attr-defined]
_DELIVERIES = WebhookDelivery.__table__  # type: ignore[attr-defined]
_OUTBOX = OutboxEvent.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_ADD = prepared(insert(_WEBHOOKS))
_LAST = prepared(select(func.coalesce(func.max(_OUTBOX.c.seq), 0).label("seq")))
_COUNT = prepared(select(func.count().label("n")).where(_WEBHOOKS.c.unit_code == bindparam("unit")))
_JOINED = select(_WEBHOOKS, _UNITS.c.report_path).join(_UNITS, _UNITS.c.code == _WEBHOOKS.c.unit_code)
_GET = prepared(_JOINED.where(_WEBHOOKS.c.id == bindparam("id")))
_FORGET = prepared(delete(_DELIVERIES).where(_DELIVERIES.c.webhook_id == bindparam("webhook")))
_DELETE = prepared(delete(_WEBHOOKS).where(_WEBHOOKS.c.id == bindparam("webhook")))
_QUEUE = prepared(insert(_DELIVERIES))
_AGAIN = (
    update(_DELIVERIES)
    .where(_DELIVERIES.c.webhook_id == bindparam("webhook"))
    .values(status="pending", attempts=0, next_at=bindparam("at"), error=None, finished_at=None)
)
_AGAIN_ONE = prepared(
    _AGAIN.where(_DELIVERIES.c.id == bindparam("delivery"), _DELIVERIES.c.status != "pending")
)
_AGAIN_FAILED = prepared(_AGAIN.where(_DELIVERIES.c.status == "failed"))
_ENABLE = prepared(
    update(_WEBHOOKS)
    .where(_WEBHOOKS.c.id == bindparam("webhook"))
    .values(disabled_at=None, disabled_because=None)
)


def create(
    session: Session,
    *,
    unit: str,
    url: str,
    kinds: Sequence[str],
    allowed: Outgoing,
    by: Actor,
    now: datetime,
) -> Row:
    """Tell an address of events about a unit's subtree from now on. The row holds the secret, this once.

    Raises NotFound, Forbidden, Invalid for an address or a kind that is not taken, Conflict at the most.
    """
    path = units.get(session, unit)["report_path"]
    by.check(Action.MANAGE_WEBHOOKS, path)
    _check(url, allowed)
    count = session.one(_COUNT, unit=unit)
    if count is not None and count["n"] >= MOST:
        text = Text(
            f"每个单位最多{MOST}个订阅地址，请先删除不用的", f"A unit has at most {MOST}; delete one first"
        )
        raise Conflict(text, code="too-many-webhooks")
    last = session.one(_LAST)
    row: Row = {
        "id": new_id(now),
        "unit_code": unit,
        "url": url,
        "secret": secret_text(secrets.token_bytes(32)),
        "kinds": sorted(set(kinds)),
        "seen": last["seq"] if last else 0,
        "created_at": now,
        "created_by": by.id,
        "disabled_at": None,
        "disabled_because": None,
    }
    session.run(_ADD, **row)
    _record(session, "webhook.create", row["id"], path, by=by, now=now)
    return row


def listed(session: Session, *, after: str, limit: int, by: Actor) -> list[Row]:
    """The webhooks within the caller's reach, oldest first, after an id. Raises Forbidden."""
    by.check_role(Action.MANAGE_WEBHOOKS)
    reach = within(by.reach(Action.MANAGE_WEBHOOKS), _UNITS.c.report_path)
    return session.all(_JOINED.where(_WEBHOOKS.c.id > after, reach).order_by(_WEBHOOKS.c.id).limit(limit))


def get(session: Session, *, webhook_id: str, by: Actor) -> Row:
    """One webhook. Raises NotFound, Forbidden."""
    row = session.one(_GET, id=webhook_id)
    if row is None:
        raise NotFound()
    by.check(Action.MANAGE_WEBHOOKS, row["report_path"])
    return row


def remove(session: Session, *, webhook_id: str, by: Actor, now: datetime) -> Row:
    """Stop telling an address; what was on its way to it is dropped. Raises NotFound, Forbidden."""
    row = get(session, webhook_id=webhook_id, by=by)
    session.run(_FORGET, webhook=webhook_id)
    session.run(_DELETE, webhook=webhook_id)
    _record(session, "webhook.delete", webhook_id, row["report_path"], by=by, now=now)
    return row


def probe(session: Session, *, webhook_id: str, by: Actor, now: datetime) -> Row:
    """Send a `webhook.test` on the way that events go; also to a disabled webhook, which it enables.

    Raises NotFound, Forbidden.
    """
    row = get(session, webhook_id=webhook_id, by=by)
    session.run(_ENABLE, webhook=webhook_id)
    delivery = queue(session, row["id"], None, now)
    _record(session, "webhook.test", webhook_id, row["report_path"], by=by, now=now)
    return delivery


def redeliver(session: Session, *, webhook_id: str, delivery: str | None, by: Actor, now: datetime) -> int:
    """Send a finished delivery again under its own id, or all that failed; how many that are.

    Raises NotFound, Forbidden.
    """
    row = get(session, webhook_id=webhook_id, by=by)
    session.run(_ENABLE, webhook=webhook_id)
    if delivery is None:
        count = session.run(_AGAIN_FAILED, webhook=webhook_id, at=now)
    else:
        count = session.run(_AGAIN_ONE, webhook=webhook_id, delivery=delivery, at=now)
        if not count:
            raise NotFound()
    _record(session, "webhook.redeliver", webhook_id, row["report_path"], by=by, now=now)
    return count


def deliveries(session: Session, *, webhook_id: str, after: str, limit: int, by: Actor) -> list[Row]:
    """What became of each event for a webhook, oldest first, after an id. Raises NotFound, Forbidden."""
    get(session, webhook_id=webhook_id, by=by)
    statement = (
        select(_DELIVERIES, func.coalesce(_OUTBOX.c.kind, TEST).label("kind"))
        .outerjoin(_OUTBOX, _OUTBOX.c.seq == _DELIVERIES.c.event_seq)
        .where(_DELIVERIES.c.webhook_id == webhook_id, _DELIVERIES.c.id > after)
    )
    return session.all(statement.order_by(_DELIVERIES.c.id).limit(limit))


TEST = "webhook.test"
"""The kind of what `probe` sends."""


def queue(session: Session, webhook_id: str, event_seq: int | None, now: datetime) -> Row:
    """Put one event on its way to one webhook."""
    row: Row = {
        "id": new_id(now),
        "webhook_id": webhook_id,
        "event_seq": event_seq,
        "status": "pending",
        "attempts": 0,
        "next_at": now,
        "answered": None,
        "error": None,
        "created_at": now,
        "finished_at": None,
    }
    session.run(_QUEUE, **row)
    return row


def _check(url: str, allowed: Outgoing) -> None:
    try:
        parse_target(url, allowed)
    except ValueError as error:
        code = str(error)
        found = Finding(code, code, Severity.ERROR, "/url", _URLS[code])
        raise Invalid(code=code, findings=[found]) from None


_URLS = {
    "url-malformed": Text(
        "地址须为完整的 https 网址，不含用户名、密码和#",
        "The address is an https URL without credentials or #",
    ),
    "url-not-https": Text("地址须以 https:// 开头", "The address must begin with https://"),
    "url-internal": Text(
        "不能使用内部网络地址；确需使用的，请系统管理员在 YUEBAO_WEBHOOK_HOSTS 中登记",
        "The address lies inside the network; the operator may name its host in YUEBAO_WEBHOOK_HOSTS",
    ),
}


def _record(session: Session, action: str, webhook: str, path: str, *, by: Actor, now: datetime) -> None:
    audit.record(session, by=by, action=action, path=path, thing=f"webhook:{webhook}", now=now)
