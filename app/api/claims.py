"""Claims: what files are to prove, under a report and by their own id."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from app.api.answers import DryRun, instant, json_answer, json_response, read, write
from app.api.body import json_body
from app.api.documented import answers
from app.api.examples import CLAIM, REJECT_CLAIM
from app.api.schemas.evidence import AcceptClaimIn, ClaimIn, ClaimList, ClaimOut, RejectClaimIn
from app.api.schemas.shapes import IdInPath, PeriodInPath, UnitInPath
from app.db import Row
from app.services import claim_queries, claims
from app.services.claims import Statement
from app.services.idempotency import Answer
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1", tags=["claims"])

SHORT = 40
"""A claim with so few units takes no longer than a report."""


@router.post(
    "/reports/{period}/{unit}/claims",
    status_code=201,
    responses=answers(ClaimOut, 201, 200, 400, 403, 404, 409, 413, 415, 422),
)
async def file_claim(
    request: Request,
    period: PeriodInPath,
    unit: UnitInPath,
    body: Annotated[ClaimIn, json_body(ClaimIn, examples=CLAIM)],
    dry_run: DryRun = False,
) -> Response:
    """Say what files prove: an activity, at a level, on a day, for units.

    Allowed in any state of the report, also before there is one. Units outside the reporter's own area are
    left out with a finding each, names that several units have are asked back with their codes; the rest is
    kept. A date out of range, an unknown file, or no unit left refuses the claim (422).
    """
    return await write(
        request,
        claims.file,
        _filed,
        body=body.model_dump(mode="json"),
        dry_run=dry_run,
        period=str(parse_period(period)),
        unit=unit,
        is_long=len(body.units) + len(body.pasted) > SHORT,
        statement=Statement(**body.model_dump()),
    )


@router.get("/reports/{period}/{unit}/claims", responses=answers(ClaimList, 200, 403, 404, 422))
async def list_claims(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """The claims under a unit's period, oldest first. A reviewer also sees who else uses the same files."""
    rows = await read(request, claim_queries.listed, period=str(parse_period(period)), unit=unit)
    return json_response({"items": [claim_json(row) | {"committed": True} for row in rows]})


@router.get("/claims/{claim_id}", responses=answers(ClaimOut, 200, 403, 404, 422))
async def get_claim(request: Request, claim_id: IdInPath) -> Response:
    """One claim as it stands."""
    row = await read(request, claim_queries.get, claim_id=claim_id)
    return json_response(claim_json(row) | {"committed": True})


@router.post("/claims/{claim_id}/accept", responses=answers(ClaimOut, 200, 403, 404, 409, 413, 415, 422))
async def accept_claim(
    request: Request,
    claim_id: IdInPath,
    body: Annotated[AcceptClaimIn, json_body(AcceptClaimIn)],
    dry_run: DryRun = False,
) -> Response:
    """Let a claim count, from its date on and in the months that follow. A rejected one may be accepted later."""
    return await _decide(request, claims.accept, claim_id, body.reason, dry_run)


@router.post("/claims/{claim_id}/reject", responses=answers(ClaimOut, 200, 403, 404, 409, 413, 415, 422))
async def reject_claim(
    request: Request,
    claim_id: IdInPath,
    body: Annotated[RejectClaimIn, json_body(RejectClaimIn, examples=REJECT_CLAIM)],
    dry_run: DryRun = False,
) -> Response:
    """Say why a claim does not prove what it is to prove; what it covered counts no more."""
    return await _decide(request, claims.reject, claim_id, body.reason, dry_run)


async def _decide(
    request: Request, service: Any, claim_id: str, reason: str | None, dry_run: bool
) -> Response:
    return await write(
        request,
        service,
        _decided,
        body=reason,
        dry_run=dry_run,
        is_long=True,
        claim_id=claim_id,
        reason=reason,
        policy=request.app.state.policy,
    )


def _filed(row: Row, committed: bool) -> Answer:
    body = claim_json(row) | {"committed": committed}
    if not committed:
        return json_answer(body | {"id": None})
    return json_answer(body, 201, {"Location": f"/api/v1/claims/{row['id']}"})


def _decided(row: Row, committed: bool) -> Answer:
    return json_answer(claim_json(row) | {"committed": committed})


def claim_json(row: Row) -> dict[str, Any]:
    """A claim as the contract writes it."""
    same = ("id", "period", "activity", "level", "dated", "title", "units", "evidence", "status", "findings")
    return {
        **{name: row[name] for name in same},
        "unit": row["unit_code"],
        "filed_at": instant(row["filed_at"]),
        "decided_at": _when(row["decided_at"]),
        "reason": row["reason"],
        "shared_with": row["shared_with"],
    }


def _when(value: datetime | None) -> str | None:
    return instant(value) if value else None
