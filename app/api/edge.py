"""The application object: FastAPI's declarations and OpenAPI, behind an edge of our own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.admission import QUOTAS, Gate, Quota
from app.api.authentication import Authenticate, Authenticator
from app.api.context import headers_of, state_of
from app.api.dispatch import Dispatch
from app.api.exchange import ON_ANSWERS, ON_PAGES, Exchange
from app.api.head import Ids, Lane, Lanes, check_client, check_head
from app.api.observation import CLIENT_LEFT, AccessLog, BufferedLines, Metrics
from app.api.problems import problem_of, send_problem
from app.domain.clock import Clock

PUBLIC = ("/health/", "/docs", "/openapi.json")
"""Prefixes that need no caller."""

PAGES = ("/docs",)
"""Prefixes that answer with HTML and so get the policy for pages."""


async def nobody(kind: str, secret: str) -> None:
    """The authenticator of an application that knows no one: every credential is refused."""


@dataclass(frozen=True, kw_only=True)
class EdgeOptions:
    """Everything the edge is told from outside; `allowed_hosts` of None accepts every name."""

    authenticate: Authenticator = nobody
    now: Callable[[], datetime] = field(default_factory=lambda: Clock(None).now)
    allowed_hosts: frozenset[str] | None = None
    max_json_bytes: int = 1 << 20
    lanes: tuple[Lane, ...] = ()
    quotas: Mapping[str, Quota] = field(default_factory=lambda: QUOTAS)
    public: tuple[str, ...] = PUBLIC
    public_exact: frozenset[str] = frozenset()
    pages: tuple[str, ...] = PAGES
    pages_exact: frozenset[str] = frozenset({"/"})
    write_log: Callable[[str], object] = field(default_factory=lambda: BufferedLines(sys.stdout))
    is_verbose: bool = False
    cookie: str = "__Host-yuebao"

    def is_public(self, path: str) -> bool:
        """Whether a path answers without a caller."""
        return path.startswith(self.public) or path in self.public_exact

    def is_page(self, path: str) -> bool:
        """Whether a path answers with HTML."""
        return path.startswith(self.pages) or path in self.pages_exact


class Edge(FastAPI):
    """FastAPI with its request path replaced: one way in, one way out, and between them a table of routes.

    FastAPI's own stack tries every route in turn and every included router twice, looks for telemetry in the
    environment on each request, and answers a crash outside all other layers, where no header, log line or
    request id reaches it. Everything declared on it (dependencies, models, OpenAPI) works as usual.
    """

    def __init__(self, options: EdgeOptions, **declared: Any) -> None:
        self.edge = options
        self.metrics = Metrics()
        self.log = AccessLog(options.write_log, is_verbose=options.is_verbose)
        self._ids = Ids()
        self._lanes = Lanes(max_json_bytes=options.max_json_bytes, lanes=options.lanes)
        self._gates = {kind: Gate(quota) for kind, quota in options.quotas.items()}
        unchecked = {"docs_url": None, "redoc_url": None, "openapi_url": None, "redirect_slashes": False}
        super().__init__(**{**unchecked, "separate_input_output_schemas": False, **declared})

    def include(self, *routers: APIRouter) -> None:
        """Add routers whose prefixes are already complete; their routes become the application's own."""
        for router in routers:
            self.router.routes.extend(router.routes)

    def build_middleware_stack(self) -> ASGIApp:
        """The routes. Called when the first request comes, and again by a test that wants all callers forgotten."""
        self._authenticate = Authenticate(
            authenticate=self.edge.authenticate,
            is_public=self.edge.is_public,
            is_page=self.edge.is_page,
            cookie=self.edge.cookie,
        )
        return Dispatch(self.router.routes, otherwise=AsyncExitStackMiddleware(self.router))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; the life of the process stays with FastAPI's router."""
        scope["app"] = self
        if scope["type"] != "http":
            await self.router(scope, receive, send)
            return
        # A proxy that serves us below a prefix names it in root_path; from here on every path is our own.
        prefix = scope["root_path"]
        if prefix and scope["path"].startswith(f"{prefix}/"):
            scope["path"] = scope["path"].removeprefix(prefix)
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        self._arrive(scope)
        fixed = ON_PAGES if self.edge.is_page(scope["path"]) else ON_ANSWERS
        await self._answer(Exchange(scope, receive, send, fixed), self.middleware_stack)

    def _arrive(self, scope: Scope) -> None:
        """Note when the head was there, and the request's id."""
        state = state_of(scope)
        state["received_at"] = self.edge.now()
        state["request_id"] = self._ids.of(headers_of(scope).get(b"x-request-id"))

    async def _answer(self, exchange: Exchange, routes: ASGIApp) -> None:
        """Whatever happens on the way becomes an answer, and every answer a line of the log and a count."""
        scope, started = exchange.scope, perf_counter()
        try:
            await self._admit(exchange)
            await routes(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            pass
        except Exception as error:
            await self._refuse(error, exchange)
        finally:
            exchange.leave()
            status, seconds = exchange.state.get("status", CLIENT_LEFT), perf_counter() - started
            self.log(scope, status, seconds)
            self.metrics(scope, status, seconds)

    async def _admit(self, exchange: Exchange) -> None:
        """Everything that the head alone decides, in this order: from whom, is it clear, how much, who, how many."""
        scope = exchange.scope
        check_client(scope)
        check_head(scope, self.edge.allowed_hosts)
        self._lanes.assign(scope)
        await self._authenticate(scope)
        gate = self._gates.get(exchange.state["kind"]) if "actor" in exchange.state else None
        if gate is not None:
            await exchange.enter(gate)

    async def _refuse(self, error: Exception, exchange: Exchange) -> None:
        """Answer with the problem that an exception stands for, and report a crash."""
        problem = problem_of(error)
        if problem.status == 500:
            self.log.crash(exchange.scope, error)
        # After the first byte there is no way back: returning early makes the server cut the connection.
        if not exchange.has_begun:
            await send_problem(problem, exchange.scope, exchange.send)
