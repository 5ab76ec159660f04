"""`/tokens`: bearer tokens for machines, made, listed and revoked."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from app.api.answers import DryRun, answer_with_secret, json_answer, json_response, page_of, read, write
from app.api.body import json_body
from app.api.documented import answers
from app.api.examples import TOKEN
from app.api.paging import Cursor, Limit, decode_cursor
from app.api.schemas.identity import TokenIn, TokenOut, TokenPage
from app.api.schemas.shapes import IdInPath, Nothing
from app.db import Row
from app.services import issued_tokens
from app.services.idempotency import Answer

router = APIRouter(prefix="/api/v1/tokens", tags=["tokens"])

REFUSALS = (400, 403, 404, 409, 413, 415, 422)


@router.post("", status_code=201, responses=answers(TokenOut, 201, 200, *REFUSALS))
async def create_token(
    request: Request,
    body: Annotated[TokenIn, json_body(TokenIn, examples=TOKEN)],
    dry_run: DryRun = False,
) -> Response:
    """Make an integrator's token for a unit and its subtree. `token` is shown this once.

    `scopes` open what the role alone does not; `networks` (CIDR) are where it may be used from, none for
    anywhere; it ends after `days`, at most 365.
    """
    return await write(
        request,
        issued_tokens.issue,
        _made,
        body=body.model_dump(),
        dry_run=dry_run,
        **body.model_dump(),
    )


@router.get("", responses=answers(TokenPage, 200, 403, 404, 422))
async def list_tokens(request: Request, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Tokens at units within the caller's reach, oldest first, with their last use to the minute."""
    (after,) = decode_cursor(cursor, (str,)) or ("",)
    rows = await read(request, issued_tokens.listed, after=after, limit=limit + 1)
    return json_response(page_of([token_json(row) for row in rows], limit, "id"))


@router.post("/{token_id}/revoke", responses=answers(TokenOut, 200, *REFUSALS))
async def revoke_token(
    request: Request,
    token_id: IdInPath,
    body: Annotated[Nothing, json_body(Nothing)],
    dry_run: DryRun = False,
) -> Response:
    """End a token at once. A token may end itself; else an administrator does."""
    return await write(request, issued_tokens.revoke, _revoked, body={}, dry_run=dry_run, token_id=token_id)


def token_json(row: Row) -> dict[str, Any]:
    """A token as the contract writes it."""
    shown = {name: value for name, value in row.items() if name != "report_path"}
    return shown | {"networks": row["networks"] or []}


def _made(row: Row, committed: bool) -> Answer:
    return answer_with_secret(token_json(row) | {"committed": committed}, "token", 201)


def _revoked(row: Row, committed: bool) -> Answer:
    return json_answer(token_json(row) | {"committed": committed})
