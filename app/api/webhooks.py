"""`/webhooks`: addresses that are told of events, and what became of each telling."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from app.api.answers import DryRun, json_answer, json_response, page_of, read, write
from app.api.body import json_body
from app.api.documented import answers
from app.api.examples import WEBHOOK
from app.api.paging import Cursor, Limit, decode_cursor
from app.api.schemas.shapes import IdInPath, Nothing
from app.api.schemas.webhooks import (
    DeliveryPage,
    DeliveryQueued,
    Redelivered,
    RedeliverIn,
    WebhookIn,
    WebhookMade,
    WebhookOut,
    WebhookPage,
)
from app.db import Row
from app.services import webhooks
from app.services.idempotency import Answer

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])


@router.post("", status_code=201, responses=answers(WebhookMade, 201, 200, 400, 403, 404, 409, 413, 415, 422))
async def create_webhook(
    request: Request,
    body: Annotated[WebhookIn, json_body(WebhookIn, examples=WEBHOOK)],
    dry_run: DryRun = False,
) -> Response:
    """Tell an address of the events of a unit and all that report to it, from now on.

    Deliveries follow Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`. The answer
    holds the secret that they are signed with; it is shown this once. Addresses inside the network are refused
    (422) unless the operator allows their host.
    """
    return await write(
        request,
        webhooks.create,
        _made,
        body=body.model_dump(mode="json"),
        dry_run=dry_run,
        unit=body.unit,
        url=body.url,
        kinds=body.kinds,
        allowed=request.app.state.outgoing,
    )


@router.get("", responses=answers(WebhookPage, 200, 403, 422))
async def list_webhooks(request: Request, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """The webhooks within the caller's reach, oldest first, without their secrets."""
    (after,) = decode_cursor(cursor, (str,)) or ("",)
    rows = await read(request, webhooks.listed, after=after, limit=limit + 1)
    return json_response(page_of([webhook_json(row) for row in rows], limit, "id"))


@router.get("/{webhook_id}", responses=answers(WebhookOut, 200, 403, 404, 422))
async def get_webhook(request: Request, webhook_id: IdInPath) -> Response:
    """One webhook, without its secret."""
    return json_response(webhook_json(await read(request, webhooks.get, webhook_id=webhook_id)))


@router.delete("/{webhook_id}", responses=answers(WebhookOut, 200, 403, 404, 422))
async def delete_webhook(request: Request, webhook_id: IdInPath, dry_run: DryRun = False) -> Response:
    """Stop telling an address. What was on its way to it is dropped with the record of its deliveries."""
    return await write(request, webhooks.remove, _as_it_was, dry_run=dry_run, webhook_id=webhook_id)


@router.post("/{webhook_id}/test", responses=answers(DeliveryQueued, 200, 400, 403, 404, 413, 415, 422))
async def send_test(
    request: Request,
    webhook_id: IdInPath,
    body: Annotated[Nothing, json_body(Nothing)],
    dry_run: DryRun = False,
) -> Response:
    """Put a `webhook.test` on the way that events go. A disabled webhook is enabled again."""
    return await write(request, webhooks.probe, _queued, body={}, dry_run=dry_run, webhook_id=webhook_id)


@router.get("/{webhook_id}/deliveries", responses=answers(DeliveryPage, 200, 403, 404, 422))
async def list_deliveries(
    request: Request, webhook_id: IdInPath, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """What became of each event for a webhook, oldest first; `failed` are those that were given up."""
    (after,) = decode_cursor(cursor, (str,)) or ("",)
    rows = await read(request, webhooks.deliveries, webhook_id=webhook_id, after=after, limit=limit + 1)
    return json_response(page_of([delivery_json(row) for row in rows], limit, "id"))


@router.post("/{webhook_id}/redeliver", responses=answers(Redelivered, 200, 400, 403, 404, 413, 415, 422))
async def redeliver(
    request: Request,
    webhook_id: IdInPath,
    body: Annotated[RedeliverIn, json_body(RedeliverIn)],
    dry_run: DryRun = False,
) -> Response:
    """Send one finished delivery again under its own id, or all that failed; enables a disabled webhook."""

    def render(count: int, committed: bool) -> Answer:
        return json_answer({"webhook": webhook_id, "queued": count, "committed": committed})

    return await write(
        request,
        webhooks.redeliver,
        render,
        body=body.model_dump(),
        dry_run=dry_run,
        webhook_id=webhook_id,
        delivery=body.delivery,
    )


def _made(row: Row, committed: bool) -> Answer:
    body = webhook_json(row) | {"secret": row["secret"], "committed": committed}
    if not committed:
        return json_answer(body | {"id": None, "secret": None})
    return json_answer(body, 201, {"Location": f"/api/v1/webhooks/{row['id']}"})


def _as_it_was(row: Row, committed: bool) -> Answer:
    return json_answer(webhook_json(row) | {"committed": committed})


def _queued(row: Row, committed: bool) -> Answer:
    body = delivery_json(row | {"kind": webhooks.TEST}) | {"committed": committed}
    return json_answer(body if committed else body | {"id": None})


def webhook_json(row: Row) -> dict[str, Any]:
    """A webhook as everybody may see it: without its secret."""
    same = ("id", "url", "kinds", "created_at", "disabled_at", "disabled_because")
    return {**{name: row[name] for name in same}, "unit": row["unit_code"], "committed": True}


def delivery_json(row: Row) -> dict[str, Any]:
    """A delivery; `next_at` is null once there is no next attempt."""
    same = ("id", "kind", "status", "attempts", "answered", "error", "created_at", "finished_at")
    return {
        **{name: row[name] for name in same},
        "webhook": row["webhook_id"],
        "seq": row["event_seq"],
        "next_at": row["next_at"] if row["status"] == "pending" else None,
    }
