"""`/accounts`: who may sign in, and with which roles. For administrators; auditors and reviewers read."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import DryRun, answer_with_secret, json_answer, json_response, page_of, read, write
from app.api.body import json_body
from app.api.documented import answers
from app.api.examples import ACCOUNT, GRANT
from app.api.paging import Cursor, Limit, decode_cursor
from app.api.schemas.identity import AccountIn, AccountOut, AccountPage, GrantIn
from app.api.schemas.shapes import IdInPath, Nothing
from app.db import Row
from app.services import accounts, grants, passwords
from app.services.idempotency import Answer

router = APIRouter(prefix="/api/v1/accounts", tags=["accounts"])

REFUSALS = (400, 403, 404, 409, 413, 415, 422)


@router.post("", status_code=201, responses=answers(AccountOut, 201, 200, *REFUSALS))
async def create_account(
    request: Request,
    body: Annotated[AccountIn, json_body(AccountIn, examples=ACCOUNT)],
    dry_run: DryRun = False,
) -> Response:
    """Make an account without roles. `initial_password` is shown this once and must be replaced within 7 days."""
    await read(request, accounts.check_may_create, unit=body.unit)
    initial, password_hash = await _initial(request)

    def made(row: Row, committed: bool) -> Answer:
        shown = account_json(row, committed) | {"initial_password": initial}
        location = f"/api/v1/accounts/{row['id']}"
        return answer_with_secret(shown, "initial_password", 201, Location=location)

    return await write(
        request,
        accounts.create,
        made,
        body=body.model_dump(),
        dry_run=dry_run,
        password_hash=password_hash,
        **body.model_dump(),
    )


@router.get("", responses=answers(AccountPage, 200, 403, 404, 422))
async def list_accounts(
    request: Request,
    unit: Annotated[str | None, Query(pattern="^([0-9]{6}|[0-9]{9})$")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Accounts at units within the caller's reach, by name, with their roles."""
    (after,) = decode_cursor(cursor, (str,)) or ("",)
    rows = await read(request, accounts.listed, unit=unit, after=after, limit=limit + 1)
    return json_response(page_of([account_json(row, True) for row in rows], limit, "name"))


@router.get("/{account_id}", responses=answers(AccountOut, 200, 403, 404, 422))
async def get_account(request: Request, account_id: IdInPath) -> Response:
    """One account. One at a unit out of the caller's reach reads as absent."""
    return json_response(account_json(await read(request, accounts.get, account_id=account_id), True))


@router.post("/{account_id}/disable", responses=answers(AccountOut, 200, *REFUSALS))
async def disable_account(
    request: Request,
    account_id: IdInPath,
    body: Annotated[Nothing, json_body(Nothing)],
    dry_run: DryRun = False,
) -> Response:
    """End an account: its sessions are dead at once. Nobody disables their own."""
    return await _act(request, accounts.disable, account_id, dry_run)


@router.post("/{account_id}/enable", responses=answers(AccountOut, 200, *REFUSALS))
async def enable_account(
    request: Request,
    account_id: IdInPath,
    body: Annotated[Nothing, json_body(Nothing)],
    dry_run: DryRun = False,
) -> Response:
    """Let a disabled account sign in again."""
    return await _act(request, accounts.enable, account_id, dry_run)


@router.post("/{account_id}/reset", responses=answers(AccountOut, 200, *REFUSALS))
async def reset_account(
    request: Request,
    account_id: IdInPath,
    body: Annotated[Nothing, json_body(Nothing)],
    dry_run: DryRun = False,
) -> Response:
    """A new initial password, shown this once; the second factor is removed and every session ends.

    Not for an administrator's account (403 `administrator-account`): that is done on the server.
    """
    await read(request, accounts.to_manage, account_id=account_id)
    initial, password_hash = await _initial(request)

    def made(row: Row, committed: bool) -> Answer:
        return answer_with_secret(
            account_json(row, committed) | {"initial_password": initial}, "initial_password"
        )

    return await write(
        request,
        accounts.reset,
        made,
        body={},
        dry_run=dry_run,
        account_id=account_id,
        password_hash=password_hash,
    )


@router.post("/{account_id}/grants", responses=answers(AccountOut, 200, *REFUSALS))
async def grant_role(
    request: Request,
    account_id: IdInPath,
    body: Annotated[GrantIn, json_body(GrantIn, examples=GRANT)],
    dry_run: DryRun = False,
) -> Response:
    """Give a role at a unit. `administrator` stands under `pending` until another administrator confirms it.

    The account's sessions end. Nobody gives anything to themselves (403 `own-account`).
    """
    return await _grant(request, grants.grant, account_id, body, dry_run)


@router.post("/{account_id}/grants/confirm", responses=answers(AccountOut, 200, *REFUSALS))
async def confirm_role(
    request: Request,
    account_id: IdInPath,
    body: Annotated[GrantIn, json_body(GrantIn, examples=GRANT)],
    dry_run: DryRun = False,
) -> Response:
    """The second administrator's word on a pending role; the one who asked cannot say it (403)."""
    return await _grant(request, grants.confirm, account_id, body, dry_run)


@router.post("/{account_id}/grants/revoke", responses=answers(AccountOut, 200, *REFUSALS))
async def revoke_role(
    request: Request,
    account_id: IdInPath,
    body: Annotated[GrantIn, json_body(GrantIn, examples=GRANT)],
    dry_run: DryRun = False,
) -> Response:
    """Take a role away, or withdraw one that waits; the account's sessions end at once."""
    return await _grant(request, grants.revoke, account_id, body, dry_run)


def account_json(row: Row, committed: bool) -> dict[str, Any]:
    """An account as the contract writes it: no hash, no secret."""
    return {
        "id": row["id"],
        "name": row["name"],
        "display_name": row["display_name"],
        "unit": row["unit_code"],
        "disabled_at": row["disabled_at"],
        "password_initial": row["is_password_initial"],
        "second_factor": row["is_totp_confirmed"],
        "grants": [{"role": role, "unit": unit} for role, unit in row["grants"]],
        "pending": [{"role": role, "unit": unit} for role, unit in row["pending"]],
        "created_at": row["created_at"],
        "created_by": row["created_by"],
        "committed": committed,
    }


def _answer(row: Row, committed: bool) -> Answer:
    return json_answer(account_json(row, committed))


async def _act(request: Request, service: Any, account_id: str, dry_run: bool) -> Response:
    return await write(request, service, _answer, body={}, dry_run=dry_run, account_id=account_id)


async def _grant(request: Request, service: Any, account_id: str, body: GrantIn, dry_run: bool) -> Response:
    return await write(
        request,
        service,
        _answer,
        body=body.model_dump(mode="json"),
        dry_run=dry_run,
        account_id=account_id,
        role=body.role,
        unit=body.unit,
    )


async def _initial(request: Request) -> tuple[str, str]:
    """An initial password and what is kept of it, hashed aside from the writer."""
    initial = passwords.initial()
    return initial, await request.app.state.hashing.run(passwords.hashed, initial)
