"""Who is asking: resolved from the head alone, before any byte of the body is read."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Literal

from starlette.types import Scope

from app.api.context import headers_of, state_of
from app.domain.network import is_within
from app.errors import Forbidden, Malformed, Text, Unauthenticated

Kind = Literal["bearer", "session"]
Authenticator = Callable[[Kind, str], Awaitable[Any]]
"""Takes the kind of a credential and the secret as sent; returns the actor, or None when it is not good."""

MAX_AGE = 0.5
"""Seconds for which an actor is remembered. A revoked credential must be dead within one second."""

REMEMBERED = 10_000
"""Callers remembered at once; more than a whole country's reporting offices."""

_BEARER = re.compile(rb"[Bb]earer ([A-Za-z0-9._~+/=-]{8,256})")
STRANGERS_BYTES = 16 * 1024
"""The most that somebody unknown may send: a name and a password, or a form."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


OUR_REQUEST = b"x-yuebao-request"
"""The header that a write with a cookie carries: no form can send it, and no script of another site may."""


class Authenticate:
    """Sets `state["actor"]`, or refuses with 401. Everything that `is_public` does not name needs a caller.

    A bearer token and a session cookie together are refused: which of the two was meant would be a guess.
    A session may write only from our own pages (Sec-Fetch-Site or Origin, and OUR_REQUEST), so no other site
    can ride on it. A page knows its reader when there is one; its forms are taken from our own pages only.
    `state["cookie"]` is the secret of the session that came along, good or not.
    """

    def __init__(
        self,
        *,
        authenticate: Authenticator,
        is_public: Callable[[str], bool],
        is_page: Callable[[str], bool] = lambda _: False,
        cookie: str = "__Host-yuebao",
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.authenticate = authenticate
        self.is_public = is_public
        self.is_page = is_page
        self.clock = clock
        self._cookie = re.compile(
            rb"(?:^|; ?)" + re.escape(cookie.encode()) + rb"=([A-Za-z0-9._~+/=-]{8,256})"
        )
        self._actors: dict[tuple[Kind, str], tuple[float, Any]] = {}

    async def __call__(self, scope: Scope) -> None:
        """Find out who asks. Raises Unauthenticated, Malformed, Forbidden."""
        if self.is_public(scope["path"]):
            await self._welcome(scope)
        else:
            await self._admit(scope)

    async def _admit(self, scope: Scope) -> None:
        """Let a known caller in."""
        state = state_of(scope)
        kind, secret = self._credential(headers_of(scope))
        if kind == "session":
            state["cookie"] = secret
            if scope["method"] not in _SAFE:
                check_own_script(scope)
        actor = await self._find(kind, secret)
        if actor is None:
            raise _unauthenticated(', error="invalid_token"')
        if getattr(actor, "networks", ()):
            check_address(scope, actor.networks)
        state["actor"] = actor

    async def _welcome(self, scope: Scope) -> None:
        """Let anybody in, by name where a page is asked for with a good cookie."""
        state = state_of(scope)
        state["body_limit"] = min(state.get("body_limit", STRANGERS_BYTES), STRANGERS_BYTES)
        sent = self._cookie.search(headers_of(scope).get(b"cookie", b""))
        if sent is not None:
            state["cookie"] = sent[1].decode()
        if not self.is_page(scope["path"]):
            return
        if scope["method"] not in _SAFE:
            check_same_origin(scope)
        if sent is not None and (actor := await self._find("session", sent[1].decode())) is not None:
            state["actor"] = actor

    def _credential(self, headers: dict[bytes, bytes]) -> tuple[Kind, str]:
        authorization = headers.get(b"authorization")
        session = self._cookie.search(headers[b"cookie"]) if b"cookie" in headers else None
        if authorization is None:
            if session is None:
                raise _unauthenticated("")
            return "session", session[1].decode()
        if session is not None:
            raise Malformed(Text("令牌与会话不能同时提供", "Send a token or a session cookie, not both"))
        token = _BEARER.fullmatch(authorization)
        if token is None:
            raise _unauthenticated(', error="invalid_request"')
        return "bearer", token[1].decode()

    async def _find(self, kind: Kind, secret: str) -> Any:
        """The actor, remembered for MAX_AGE; None for a credential that is not good."""
        now = self.clock()
        known = self._actors.get((kind, secret))
        if known is not None and now - known[0] <= MAX_AGE:
            return known[1]
        actor = await self.authenticate(kind, secret)
        if actor is None:
            self._actors.pop((kind, secret), None)
            return None
        # Forgetting everybody costs one look-up each; only an unbounded table would be a mistake.
        if len(self._actors) >= REMEMBERED:
            self._actors.clear()
        # The age counts from before the look-up: what it read may have been revoked while it ran.
        self._actors[kind, secret] = (now, actor)
        return actor


def _unauthenticated(detail: str) -> Unauthenticated:
    return Unauthenticated(headers={"WWW-Authenticate": f'Bearer realm="yuebao"{detail}'})


def check_same_origin(scope: Scope) -> None:
    """Refuse a write that a browser sends from another site's page. Older browsers send only Origin."""
    headers = headers_of(scope)
    site = headers.get(b"sec-fetch-site")
    host = headers.get(b"host", b"").decode("latin-1")
    origin = headers.get(b"origin", b"").decode("latin-1")
    is_ours = site == b"same-origin" if site is not None else origin == f"{scope['scheme']}://{host}"
    if not is_ours:
        raise Forbidden(
            Text("不接受来自其他网站的操作", "Writes from another site are refused"), code="cross-site"
        )


def check_own_script(scope: Scope) -> None:
    """Refuse a write with a cookie that no script of our own pages has sent."""
    check_same_origin(scope)
    if not headers_of(scope).get(OUR_REQUEST):
        raise Forbidden(
            Text(
                "使用会话写入时须带 X-Yuebao-Request 请求头",
                "A write with a session carries the header X-Yuebao-Request",
            ),
            code="cross-site",
        )


def check_address(scope: Scope, networks: tuple[str, ...]) -> None:
    """Refuse a token that is used from elsewhere than it was made for, as if it were unknown."""
    client = scope.get("client")
    if client is None or not is_within(client[0], networks):
        raise _unauthenticated(', error="invalid_token"')
