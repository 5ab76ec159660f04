"""Signing in with one's organization: to the OpenID provider and back."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.console.entry import Next, failed, local, opened_by, proof_of, received
from app.console.pages import Language
from app.errors import NotFound, Problem
from app.services import signing_in
from app.services.provider import Errand, Provider, not_proved

router = APIRouter(include_in_schema=False)

AWAY, BACK = "/login/provider", "/login/provider/return"
PATHS = frozenset({AWAY, BACK})
LASTS = 600
"""Seconds that a browser may take with the provider."""

Part = Annotated[str, Query(max_length=4096)]


@router.get(AWAY)
async def leave(request: Request, lang: Language = "", next: Next = "/") -> Response:
    """Send the browser to the provider; a cookie keeps what only this browser may come back with."""
    errand = Errand.new()
    try:
        answer = RedirectResponse(await asyncio.to_thread(_provider(request).address, errand), 303)
    except Problem as problem:
        return failed(request, lang, local(next), problem)
    answer.headers.append("Set-Cookie", _cookie(request, f"{errand.text()}.{quote(local(next), safe='/')}"))
    return answer


@router.get(BACK)
async def come_back(
    request: Request,
    lang: Language = "",
    code: Part = "",
    state: Part = "",
    iss: Part = "",
    error: Part = "",
    error_description: Part = "",
    error_uri: Part = "",
    session_state: Part = "",
    scope: Part = "",
) -> Response:
    """Take the browser back from the provider and open a session for the account that is linked."""
    del error, error_description, error_uri, session_state, scope  # providers send them; they prove nothing
    errand, after = _errand(request)
    provider = _provider(request)
    try:
        subject = await asyncio.to_thread(
            provider.subject, errand, code=code, state=state, issuer=iss, now=received(request)
        )
        found = await request.app.state.database.write(
            partial(
                signing_in.enter_linked,
                issuer=provider.issuer,
                subject=subject,
                given=proof_of(request),
                rules=request.app.state.sign_in,
                now=received(request),
            )
        )
        if found is None:
            raise not_proved()
        answer = await opened_by(request, found, after)
    except Problem as problem:
        answer = failed(request, lang, after, problem)
    answer.headers.append("Set-Cookie", _cookie(request, ""))
    return answer


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise NotFound()
    return provider


def _name(request: Request) -> str:
    return f"{request.app.state.sign_in.cookie_name}-errand"


def _cookie(request: Request, value: str) -> str:
    secure = "; Secure" if request.app.state.sign_in.is_secure else ""
    lasts = LASTS if value else 0
    return f"{_name(request)}={value}; Path=/; Max-Age={lasts}; HttpOnly; SameSite=Lax{secure}"


def _errand(request: Request) -> tuple[Errand | None, str]:
    """What this browser left with, and the page that it wanted."""
    state, nonce, verifier, wanted = (request.cookies.get(_name(request), "").split(".", 3) + [""] * 4)[:4]
    return Errand.parse(f"{state}.{nonce}.{verifier}"), local(unquote(wanted))
