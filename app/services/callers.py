"""Who a credential belongs to, and when it was used: the look-ups that the edge asks for."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

from app.db import Database
from app.domain.clock import Clock
from app.domain.permission import Actor
from app.errors import Problem
from app.services import issued_tokens, sessions, tokens
from app.services.sessions import Rules

WRITE_EVERY = 60.0
"""Seconds between two commits of when tokens were used: a write a minute, not one a request."""


class Callers:
    """Finds actors by their credentials. Uses of tokens are gathered and written down together."""

    def __init__(self, database: Database, clock: Clock, rules: Rules) -> None:
        self.database = database
        self.clock = clock
        self.rules = rules
        self._uses: dict[str, datetime] = {}

    async def authenticate(self, kind: str, secret: str) -> Actor | None:
        """The actor of a token or of a session; None for one that is not good."""
        now = self.clock.now()
        if kind == "bearer":
            actor = await self.database.look(tokens.authenticate, secret, now=now)
            if actor is not None:
                self._uses[actor.id.removeprefix("token:")] = now
            return actor
        found = await self.database.look(sessions.authenticate, secret, rules=self.rules, now=now)
        if found is None:
            return None
        if found.is_stale:
            # Reading goes on where nothing can be written; the session then ends a little early.
            with suppress(Problem):
                await self.database.write(sessions.see, secret, now=now)
        return found.actor

    async def keep_writing(self) -> None:
        """Write the uses down, again and again, until cancelled."""
        while True:
            await asyncio.sleep(WRITE_EVERY)
            # A database that is away for a minute costs the time of a use, not the service.
            with suppress(Problem):
                await self.write_uses()

    async def write_uses(self) -> None:
        """Write down what was gathered; what fails is gathered again."""
        uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            await self.database.write_long(issued_tokens.note_uses, uses)
        except BaseException:
            self._uses = uses | self._uses
            raise
