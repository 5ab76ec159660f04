"""Signing in and out, and one's own account, as pages that work without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.console.forms import check_form, cookie_of, read_form
from app.console.pages import Language, page
from app.domain.permission import Actor
from app.errors import Problem
from app.services import own_account, signing_in
from app.services.signing_in import Credentials, Opened

router = APIRouter(include_in_schema=False)

LOGIN, LOGOUT, ACCOUNT = "/login", "/logout", "/account"
PATHS = frozenset(
    {
        LOGIN,
        LOGOUT,
        ACCOUNT,
        f"{ACCOUNT}/password",
        f"{ACCOUNT}/second-factor",
        f"{ACCOUNT}/second-factor/confirm",
    }
)

LONGEST_NEXT = 200
Next = Annotated[
    str, Query(description="where to go after signing in: a path of these pages", max_length=LONGEST_NEXT)
]


def reader_of(request: Request) -> Actor | None:
    """Who reads the page; None for a visitor."""
    actor: Actor | None = request.scope["state"].get("actor")
    if actor is None:
        return None
    client = request.client.host if request.client else ""
    return replace(actor, request_id=str(request.scope["state"]["request_id"]), address=client)


def to_login(request: Request, lang: str = "", back: str = "") -> Response:
    """Where a visitor is sent who asks for a page that needs a reader; to it afterwards, or to `back`."""
    query = request.url.query if request.method == "GET" else ""
    asked = back or f"{request.url.path}{'?' + query if query else ''}"
    wanted = quote(asked[:LONGEST_NEXT], safe="/")
    return RedirectResponse(f"{LOGIN}?next={wanted}{'&lang=' + lang if lang in ('zh', 'en') else ''}", 303)


def has_provider(request: Request) -> bool:
    """Whether one may sign in with one's organization."""
    return request.app.state.provider is not None


def local(path: str) -> str:
    """A path of this service, and nothing that a browser would take for another host."""
    is_ours = path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isascii() and path.isprintable()
    return path if is_ours else "/"


@router.get(LOGIN)
async def show_login(request: Request, lang: Language = "", next: Next = "/") -> Response:
    """The form; whoever is signed in already goes on."""
    if reader_of(request) is not None:
        return RedirectResponse(local(next), 303)
    return page(
        request,
        "login.html",
        lang,
        next=local(next),
        name="",
        problem=None,
        wants_code=False,
        has_provider=has_provider(request),
    )


@router.post(LOGIN)
async def log_in(request: Request, lang: Language = "") -> Response:
    """Open a session, or show the form again with what was wrong."""
    form = await read_form(request)
    given = replace(
        proof_of(request),
        name=form.get("name", "")[:80],
        password=form.get("password", "")[:256],
        code=form.get("code", "")[:40],
    )
    state, after = request.app.state, local(form.get("next", "/"))
    try:
        opened = await signing_in.sign_in(
            state.database, state.hashing, given, rules=state.sign_in, now=received(request)
        )
    except Problem as problem:
        return _again(request, lang, form, after, problem)
    return await opened_by(request, opened, after)


def proof_of(request: Request) -> Credentials:
    """Where somebody comes from who has yet to prove who they are."""
    return Credentials(
        name="",
        password="",
        address=request.client.host if request.client else "",
        request_id=str(request.scope["state"]["request_id"]),
        cookie=cookie_of(request),
    )


def failed(request: Request, lang: str, after: str, problem: Problem) -> Response:
    """The form, with what went wrong elsewhere."""
    return _again(request, lang, {}, after, problem)


def _again(request: Request, lang: str, form: Mapping[str, str], after: str, problem: Problem) -> Response:
    wants_code = problem.code == "second-factor-needed"
    shown = page(
        request,
        "login.html",
        lang,
        next=after,
        name=form.get("name", "")[:80],
        problem=problem.title,
        wants_code=wants_code or "code" in form,
        has_provider=has_provider(request),
    )
    shown.status_code = problem.status
    shown.headers.update(problem.headers)
    return shown


async def opened_by(request: Request, opened: Opened, after: str) -> Response:
    """To the page that was wanted, or first to the one where something must be done, with the new cookie."""
    state = request.app.state
    found = await state.database.read(
        partial(own_account.of_id, account_id=opened.account_id, rules=state.sign_in)
    )
    answer = RedirectResponse(ACCOUNT if found["needs"] else after, 303)
    answer.headers["Set-Cookie"] = state.sign_in.cookie(opened.secret)
    return answer


@router.post(LOGOUT)
async def log_out(request: Request, lang: Language = "") -> Response:
    """End the session; asked twice, the second time does nothing."""
    reader, form = reader_of(request), await read_form(request)
    if reader is not None:
        check_form(request, form)
        end = partial(signing_in.sign_out, secret=cookie_of(request), by=reader, now=received(request))
        await request.app.state.database.write(end)
    answer = RedirectResponse(f"{LOGIN}{'?lang=' + lang if lang in ('zh', 'en') else ''}", 303)
    answer.headers["Set-Cookie"] = request.app.state.sign_in.cookie("")
    return answer


@router.get(ACCOUNT)
async def show_account(request: Request, lang: Language = "") -> Response:
    """Who am I, with which roles; the password and the second factor."""
    reader = reader_of(request)
    return to_login(request, lang) if reader is None else await _account(request, lang, reader)


@router.post(f"{ACCOUNT}/password")
async def set_password(request: Request, lang: Language = "") -> Response:
    """Replace one's own password; this browser goes on with a new session."""
    reader, form = reader_of(request), await read_form(request)
    if reader is None:
        return to_login(request, lang)
    check_form(request, form)
    state = request.app.state
    try:
        opened = await signing_in.change_password(
            state.database,
            state.hashing,
            current=form.get("current", ""),
            new=form.get("new", ""),
            rules=state.sign_in,
            by=reader,
            now=received(request),
        )
    except Problem as problem:
        return await _account(request, lang, reader, problem=problem)
    return await opened_by(request, opened, ACCOUNT)


@router.post(f"{ACCOUNT}/second-factor")
async def begin_second_factor(request: Request, lang: Language = "") -> Response:
    """Show a secret for an authenticator app, after the password was typed again."""
    reader, form = reader_of(request), await read_form(request)
    if reader is None:
        return to_login(request, lang)
    check_form(request, form)
    state = request.app.state
    given: dict[str, Any] = {"by": reader, "now": received(request)}
    try:
        await signing_in.check_password(state.database, state.hashing, form.get("password", ""), **given)
        begin = partial(own_account.begin_second_factor, rules=state.sign_in, **given)
        made = await state.database.write(begin)
    except Problem as problem:
        return await _account(request, lang, reader, problem=problem)
    return await _account(request, lang, reader, secret=made["secret"], uri=made["uri"])


@router.post(f"{ACCOUNT}/second-factor/confirm")
async def confirm_second_factor(request: Request, lang: Language = "") -> Response:
    """Put the secret in force by its first code, and show the recovery codes this once."""
    reader, form = reader_of(request), await read_form(request)
    if reader is None:
        return to_login(request, lang)
    check_form(request, form)
    state = request.app.state
    confirm = partial(
        own_account.confirm_second_factor,
        code=form.get("code", ""),
        cookie=cookie_of(request),
        rules=state.sign_in,
        by=reader,
        now=received(request),
    )
    try:
        codes = await state.database.write(confirm)
    except Problem as problem:
        return await _account(request, lang, reader, problem=problem)
    return await _account(request, lang, reader, codes=codes)


async def _account(
    request: Request,
    lang: str,
    reader: Actor,
    *,
    problem: Problem | None = None,
    secret: str = "",
    uri: str = "",
    codes: list[str] | None = None,
) -> Response:
    state = request.app.state
    me = await state.database.read(partial(own_account.shown, rules=state.sign_in, by=reader))
    shown = page(
        request,
        "account.html",
        lang,
        me=me,
        problem=problem.title if problem else None,
        secret=secret,
        uri=uri,
        codes=codes or [],
        offers_second_factor=state.sign_in.seal.is_ready and not me["second_factor"],
    )
    shown.status_code = problem.status if problem else 200
    return shown


def received(request: Request) -> datetime:
    """When the request arrived."""
    instant: datetime = request.scope["state"]["received_at"]
    return instant
