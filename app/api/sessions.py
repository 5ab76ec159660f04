"""`/sessions`: signing in with an account, who is asking, signing out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Request, Response

from app.api.answers import caller, database_of, encode, json_response, read
from app.api.authentication import check_same_origin
from app.api.body import json_body
from app.api.context import cookie_of, headers_of, received_at, request_id_of
from app.api.documented import answers
from app.api.examples import CONFIRM_CODE, CONFIRM_PASSWORD, NEW_PASSWORD, SIGN_IN
from app.api.schemas.identity import (
    CodeIn,
    ConfirmedIn,
    PasswordIn,
    RecoveryCodesOut,
    SecondFactorOut,
    SessionOut,
    SignInIn,
)
from app.services import own_account, signing_in
from app.services.sessions import Rules
from app.services.signing_in import Credentials, Opened

T = TypeVar("T")

router = APIRouter(prefix="/api/v1/sessions", tags=["sessions"])


@router.post("", status_code=201, responses=answers(SessionOut, 201, 401, 403, 413, 415, 422, 429))
async def sign_in(
    request: Request, body: Annotated[SignInIn, json_body(SignInIn, examples=SIGN_IN)]
) -> Response:
    """Sign in: the session is a cookie that scripts cannot read, ended after 30 idle minutes or 8 hours.

    A wrong name, a wrong password and a disabled account are answered alike (401 `sign-in-refused`). Where the
    account has a second factor and no code came along: 401 `second-factor-needed`. After five tries for a name
    from an address within 15 minutes: 429 with Retry-After. The session that the browser had before ends.
    """
    headers = headers_of(request.scope)
    if b"sec-fetch-site" in headers or b"origin" in headers:
        check_same_origin(request.scope)
    given = Credentials(
        name=body.name,
        password=body.password,
        code=body.code,
        address=request.client.host if request.client else "",
        request_id=request_id_of(request.scope),
        cookie=cookie_of(request),
    )
    state = request.app.state
    opened = await signing_in.sign_in(
        state.database, state.hashing, given, rules=state.sign_in, now=received_at(request)
    )
    return await _opened(request, opened, 201)


async def _opened(request: Request, opened: Opened, status: int) -> Response:
    rules: Rules = request.app.state.sign_in
    found = await database_of(request).read(
        partial(own_account.of_id, account_id=opened.account_id, rules=rules)
    )
    headers = {"Set-Cookie": rules.cookie(opened.secret)}
    return Response(encode(found), status, headers, "application/json")


@router.get("/current", responses=answers(SessionOut, 200))
async def get_session(request: Request) -> Response:
    """Who is asking, with which roles, by account or by token."""
    return json_response(await read(request, own_account.shown, rules=request.app.state.sign_in))


@router.delete("/current", status_code=204, responses=answers(SessionOut, 403))
async def sign_out(request: Request) -> Response:
    """End this session at once. A token is not signed out but revoked."""
    work = partial(
        signing_in.sign_out, secret=cookie_of(request), by=caller(request), now=received_at(request)
    )
    await database_of(request).write(work)
    return Response(None, 204, {"Set-Cookie": request.app.state.sign_in.cookie("")})


@router.put("/current/password", responses=answers(SessionOut, 200, 403, 413, 415, 422, 429))
async def set_password(
    request: Request, body: Annotated[PasswordIn, json_body(PasswordIn, examples=NEW_PASSWORD)]
) -> Response:
    """Replace one's own password: every session of the account ends, and this browser gets a new one."""
    state = request.app.state
    opened = await signing_in.change_password(
        state.database,
        state.hashing,
        current=body.current,
        new=body.new,
        rules=state.sign_in,
        by=caller(request),
        now=received_at(request),
    )
    return await _opened(request, opened, 200)


@router.post("/current/second-factor", responses=answers(SecondFactorOut, 200, 403, 409, 413, 415, 422, 429))
async def begin_second_factor(
    request: Request, body: Annotated[ConfirmedIn, json_body(ConfirmedIn, examples=CONFIRM_PASSWORD)]
) -> Response:
    """A secret for an authenticator app, after the password was typed again. In force once it is confirmed."""
    await _check_password(request, body.password)
    return json_response(await _own(request, own_account.begin_second_factor))


@router.post(
    "/current/second-factor/confirm", responses=answers(RecoveryCodesOut, 200, 403, 409, 413, 415, 422, 429)
)
async def confirm_second_factor(
    request: Request, body: Annotated[CodeIn, json_body(CodeIn, examples=CONFIRM_CODE)]
) -> Response:
    """Put the secret in force by its first code: gives ten recovery codes, once, and ends all other sessions."""
    made = await _own(request, own_account.confirm_second_factor, code=body.code, cookie=cookie_of(request))
    return json_response({"recovery_codes": made})


async def _check_password(request: Request, password: str) -> None:
    state = request.app.state
    await signing_in.check_password(
        state.database, state.hashing, password, by=caller(request), now=received_at(request)
    )


async def _own(request: Request, service: Callable[..., T], **arguments: Any) -> T:
    """A write to one's own account. No Idempotency-Key: what it answers is shown once and stored nowhere."""
    given = {"rules": request.app.state.sign_in, "by": caller(request), "now": received_at(request)}
    return await database_of(request).write(partial(service, **given, **arguments))
