"""The service that is fuzzed: a month with one of everything, run where schemathesis asks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schemathesis.python.asgi import get_client, shutdown_lifespans
from starlette.types import ASGIApp, Receive, Scope, Send

from app.main import create_app
from app.settings import Settings
from tests.api import beginnings
from tests.seed import Seed
from tests.service import Service, SetClock

ONE = "1" * 32
"""Stands in the configuration for the id of something that exists, which is another in every database."""

BEGINNINGS = (beginnings.claim, beginnings.differing, beginnings.job, beginnings.circular)


class Running:
    """What the operations of the document are asked of: one service after another, each with its ids."""

    app: ASGIApp
    tokens: dict[str, str]

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the service. Its life is longer than that which schemathesis gives it, which is one test."""
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        await receive()
        if not self._is_alive:
            await self._life.__aenter__()
            self._is_alive = True
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._is_over:
            await self._life.__aexit__(None, None, None)
            self._is_alive = False
        await send({"type": "lifespan.shutdown.complete"})

    @contextmanager
    def on(self, url: str, seed: Seed, folder: Path) -> Iterator[Running]:
        """Run a service on a database of its first day, in which one of everything is made first."""
        with Service(url, seed.tokens, data_dir=folder) as service:
            for begin in BEGINNINGS:
                self.ids |= begin(service)
            service.settle()
        app = create_app(Settings(env="test", database_url=url, data_dir=folder), clock=SetClock())
        app.log.write = len
        self.app, self.tokens = app, seed.tokens
        self._life, self._is_alive, self._is_over = app.router.lifespan_context(app), False, False
        try:
            yield self
        finally:
            self._is_over = True
            with get_client(self):
                shutdown_lifespans()

    def named(self, path: Mapping[str, Any] | None) -> dict[str, Any]:
        """The parameters of a path with the ids of what exists in the place of the one that stands for them."""
        return {
            name: self.ids.get(name, value) if value == ONE else value for name, value in (path or {}).items()
        }

    def bearer(self, person: str) -> dict[str, str]:
        """The header of who asks, by the names of tests/seed.py."""
        return {"Authorization": f"Bearer {self.tokens[person]}"}
