"""`/reminders` and `/subscriptions`: who was reminded, and at which addresses."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import DryRun, json_answer, json_response, page_of, read, write
from app.api.body import json_body
from app.api.documented import answers
from app.api.examples import SUBSCRIPTION
from app.api.paging import Cursor, Limit, decode_cursor
from app.api.schemas.shapes import UnitInPath
from app.api.schemas.webhooks import ReminderPage, SubscriptionIn, SubscriptionOut
from app.db import Row
from app.services import reminders, subscriptions
from app.services.idempotency import Answer
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1", tags=["reminders"])

PeriodAsked = Annotated[str, Query(pattern="^[0-9]{4}-[0-9]{2}$", examples=["2015-04"])]
UnitAsked = Annotated[
    str | None, Query(pattern="^([0-9]{6}|[0-9]{9})$", description="this unit and all that report to it")
]
FIRST = ("",) * len(reminders.PAGE_KEY)


@router.get("/reminders", responses=answers(ReminderPage, 200, 403, 404, 422))
async def list_reminders(
    request: Request, period: PeriodAsked, unit: UnitAsked = None, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """The reminders (催报) of a period within the caller's reach, by unit, day, kind and channel."""
    after = decode_cursor(cursor, (str,) * len(FIRST)) or FIRST
    rows = await read(
        request,
        reminders.listed,
        period=str(parse_period(period)),
        unit=unit,
        after=after,
        limit=limit + 1,
    )
    page = page_of(rows, limit, *reminders.PAGE_KEY)
    return json_response({**page, "items": [reminder_json(row) for row in page["items"]]})


@router.get("/subscriptions/{unit}", responses=answers(SubscriptionOut, 200, 403, 404, 422))
async def get_subscription(request: Request, unit: UnitInPath) -> Response:
    """The e-mail addresses that a unit's reminders go to; for the unit itself and its administrator."""
    return json_response(await read(request, subscriptions.of_unit, unit=unit) | {"committed": True})


@router.put("/subscriptions/{unit}", responses=answers(SubscriptionOut, 200, 403, 404, 413, 415, 422))
async def replace_subscription(
    request: Request,
    unit: UnitInPath,
    body: Annotated[SubscriptionIn, json_body(SubscriptionIn, examples=SUBSCRIPTION)],
    dry_run: DryRun = False,
) -> Response:
    """Say at which addresses a unit is reminded. Addresses that are not named are forgotten."""
    return await write(
        request,
        subscriptions.replace,
        _replaced,
        body=body.model_dump(),
        dry_run=dry_run,
        unit=unit,
        emails=body.emails,
    )


def _replaced(row: Row, committed: bool) -> Answer:
    return json_answer({**row, "committed": committed})


def reminder_json(row: Row) -> dict[str, Any]:
    """A line of the log."""
    same = ("period", "due_on", "kind", "channel", "addressee", "sent_at", "outcome")
    return {"unit": row["unit_code"], **{name: row[name] for name in same}}
