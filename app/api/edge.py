"""The application object: FastAPI's declarations and OpenAPI, run behind the layers of this edge."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.admission import QUOTAS, Admission, Quota
from app.api.authentication import Authenticate, Authenticator
from app.api.dispatch import Dispatch
from app.api.middleware import Arrival, BodyLimit, HostCheck, Lane, Refusals, ResponseHeaders
from app.api.observation import AccessLog, BufferedLines, Metrics, Observation
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
    """FastAPI with its request path replaced: the layers below, then a table of routes, then the route.

    FastAPI's own stack tries every route in turn and every included router twice, looks for telemetry in the
    environment on each request, and answers a crash outside all other layers, where no header, log line or
    request id reaches it. Everything declared on it (dependencies, models, OpenAPI) works as usual.
    """

    def __init__(self, options: EdgeOptions, **declared: Any) -> None:
        self.edge = options
        self.metrics = Metrics()
        self.log = AccessLog(options.write_log, is_verbose=options.is_verbose)
        unchecked = {"docs_url": None, "redoc_url": None, "openapi_url": None, "redirect_slashes": False}
        super().__init__(**{**unchecked, "separate_input_output_schemas": False, **declared})

    def include(self, *routers: APIRouter) -> None:
        """Add routers whose prefixes are already complete; their routes become the application's own."""
        for router in routers:
            self.router.routes.extend(router.routes)

    def build_middleware_stack(self) -> ASGIApp:
        """The layers from the inside out. Called once, when the first request comes."""
        options = self.edge
        otherwise = AsyncExitStackMiddleware(self.router)
        app: ASGIApp = Dispatch(self.router.routes, otherwise=otherwise)
        app = Admission(app, quotas=options.quotas)
        app = Authenticate(
            app,
            authenticate=options.authenticate,
            is_public=options.is_public,
            is_page=options.is_page,
            cookie=options.cookie,
        )
        app = BodyLimit(app, max_json_bytes=options.max_json_bytes, lanes=options.lanes)
        app = HostCheck(app, allowed=options.allowed_hosts)
        app = Refusals(app, report=self.log.crash)
        app = ResponseHeaders(app, pages=options.is_page)
        app = Observation(app, sinks=(self.log, self.metrics))
        return Arrival(app, now=options.now)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a request through the layers; the life of the process stays with FastAPI's router."""
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
        await self.middleware_stack(scope, receive, send)
