"""How far a job is: what the engine tells its watcher, noted in the job, and the end of a cancelled one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from app.db import Database
from app.domain.clock import Clock
from app.errors import Problem
from app.services import jobs

PHASES: dict[str, tuple[str, int, int]] = {
    "checking": ("reading", 10, 15),
    "transcribing": ("reading", 10, 15),
    "unpacking": ("reading", 10, 15),
    "reading": ("reading", 15, 30),
    "judging": ("judging", 30, 38),
    "matching": ("matching", 38, 45),
    "storing": ("keeping", 45, 55),
    "deriving": ("deriving", 55, 60),
}
"""What a job says of each phase of the engine, and from which percent to which it goes."""

LOOK = 0.5
"""Seconds between two notes of how far a job is."""


class Cancelled(Exception):
    """Raised in the engine's thread when its job has ended meanwhile."""


class Progress:
    """Watches the engine for a job: notes now and then how far it is, and stops it when the job has ended."""

    def __init__(self, database: Database, clock: Clock, job_id: str) -> None:
        self._database, self._clock, self._job_id = database, clock, job_id
        self._phase, self._percent = "reading", 10
        self._is_over = False

    def watch(self, phase: str, done: float) -> None:
        """What the engine calls, from its own threads."""
        if self._is_over:
            raise Cancelled
        name, first, last = PHASES[phase]
        self._phase, self._percent = name, max(self._percent, first + int((last - first) * done))

    async def during(self, work: Callable[[], Any]) -> Any:
        """Do work on a thread while noting how far it is. Raises Cancelled when the job was."""
        noting = asyncio.create_task(self._note())
        try:
            return await asyncio.to_thread(work)
        finally:
            # Also when the service stops: the thread ends at its next call.
            self._is_over = True
            noting.cancel()

    async def _note(self) -> None:
        while not self._is_over:
            await asyncio.sleep(LOOK)
            note = partial(jobs.advance, job_id=self._job_id, phase=self._phase, percent=self._percent)
            with suppress(Problem):  # the next one may get through
                self._is_over = not await self._database.write(note, now=self._clock.now())
