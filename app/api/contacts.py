"""`/units/{code}/contact`: who is responsible for a unit's reports (专人负责)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response

from app.api.answers import DryRun, encode, json_response, read, write
from app.api.body import json_body
from app.api.documented import answers
from app.api.examples import CONTACT, REVEAL
from app.api.schemas.identity import ContactList, ContactOut, PersonInChargeIn, RevealIn
from app.api.schemas.shapes import UnitInPath
from app.db import Row
from app.services import contacts
from app.services.idempotency import Answer

router = APIRouter(prefix="/api/v1/units", tags=["contacts"])


@router.get("/{code}/contact", responses=answers(ContactOut, 200, 403, 404, 422))
async def get_contact(request: Request, code: UnitInPath) -> Response:
    """Who is in charge: in full for the unit itself, which also sees who had it shown; masked for all above."""
    return json_response(await read(request, contacts.get, unit_code=code))


@router.get("/{code}/contact/history", responses=answers(ContactList, 200, 403, 404, 422))
async def list_contacts(request: Request, code: UnitInPath) -> Response:
    """Everybody who was in charge, the latest first, masked: who handed over, and when."""
    return json_response({"items": await read(request, contacts.history, unit_code=code)})


@router.put("/{code}/contact", responses=answers(ContactOut, 200, 403, 404, 409, 413, 415, 422))
async def hand_over_contact(
    request: Request,
    code: UnitInPath,
    body: Annotated[PersonInChargeIn, json_body(PersonInChargeIn, examples=CONTACT)],
    dry_run: DryRun = False,
) -> Response:
    """Name who is in charge from now on; of the person before only what is masked is kept.

    With an `email`, reminders (催报) of this unit go there, besides its subscriptions.
    """
    return await write(
        request,
        contacts.hand_over,
        _answer,
        body=body.model_dump(),
        dry_run=dry_run,
        unit_code=code,
        name=body.name,
        phone=body.phone,
        email=body.email,
    )


@router.post("/{code}/contact/reveal", responses=answers(ContactOut, 200, 400, 403, 404, 409, 413, 415, 422))
async def reveal_contact(
    request: Request,
    code: UnitInPath,
    body: Annotated[RevealIn, json_body(RevealIn, examples=REVEAL)],
    dry_run: DryRun = False,
) -> Response:
    """The contact in full, for a reviewer who says why. The audit and the unit itself see that it was shown."""
    return await write(
        request,
        contacts.reveal,
        _revealed,
        body=body.model_dump(),
        dry_run=dry_run,
        unit_code=code,
        reason=body.reason,
    )


def _answer(row: Row, committed: bool) -> Answer:
    """The contact; a stored answer under an Idempotency-Key outlives the hand-over, and so has no person in it."""
    shown = row | {"committed": committed}
    return Answer(200, encode(shown), {}, kept=encode({**shown, "name": None, "phone": None, "email": None}))


def _revealed(row: Row, committed: bool) -> Answer:
    # A dry run leaves no trace, so it shows nothing either.
    return _answer(row if committed else row | contacts.masked(row) | {"masked": True}, committed)
