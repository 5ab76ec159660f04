"""The desk at which long work is done: one job at a time, beside the lanes, a few more waiting."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from app.api.ledger_answers import rejected
from app.api.progress import Cancelled, Progress
from app.db import Database, Row
from app.domain.clock import Clock
from app.domain.permission import Actor
from app.errors import Problem, Text, Unavailable
from app.reconcile import RosterKind, read_summary
from app.services import jobs, ledger, rosters
from app.services.periods import Policy
from app.services.roster_files import Shelf

MOST = 8
"""Jobs that run or wait; the next one is asked to come back."""

WATCHERS = 16
"""Clients that follow a job's events at the same time."""

BEAT = 30.0
"""Seconds between two signs of life."""

Store = Callable[..., tuple[Any, Row]]
"""Brings what was read into the database: takes a session, by, now and policy."""


@dataclass(frozen=True, slots=True)
class Task:
    """A job with the file that it reads, and who started it."""

    job_id: str
    file: Path
    kind: str
    encoding: str | None
    as_of: date | None
    by: Actor


class Desk:
    """Runs jobs in the order in which they came. What it holds in memory is lost with the process, and said so."""

    def __init__(self, database: Database, clock: Clock, policy: Policy, spool: Path, shelf: Shelf) -> None:
        self.database, self.clock, self.policy, self.spool, self.shelf = database, clock, policy, spool, shelf
        self.watchers = 0
        self.is_stopping = False
        self._running: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()
        self._pulse: asyncio.Task[None] | None = None

    def check_room(self) -> None:
        """Refuse another job when as many as possible wait (503)."""
        if len(self._running) >= MOST:
            raise Unavailable(
                Text("后台任务已满，请稍后重试", "Too many jobs wait; try again later"),
                code="jobs-full",
                headers={"Retry-After": "30"},
            )

    def path_of(self, job_id: str) -> Path:
        """Where the body of a job is kept until it ends."""
        return self.spool / f"job-{job_id}.csv"

    def take(self, task: Task) -> None:
        """Take a job that is written down."""
        self._running[task.job_id] = asyncio.create_task(self._work(task))
        if self._pulse is None or self._pulse.done():
            self._pulse = asyncio.create_task(self._beat())

    async def start(self) -> None:
        """End what an earlier process left, and remove its files."""
        ids = await self.database.write_long(
            partial(jobs.interrupt, is_alone=self.database.is_sqlite, now=self.clock.now())
        )
        for job_id in ids:
            self.path_of(job_id).unlink(missing_ok=True)

    async def stop(self) -> None:
        """Interrupt what runs and waits; each job says so."""
        self.is_stopping = True
        tasks = [*self._running.values(), *([self._pulse] if self._pulse else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, task: Task) -> None:
        try:
            async with self._turn:
                await self._import(task)
        except Problem as problem:
            await self._fail(task, problem.as_json())
        except Cancelled:
            pass  # whoever cancelled it has said so
        except asyncio.CancelledError:
            await asyncio.shield(self._fail(task, jobs.INTERRUPTED))
        except Exception:
            traceback.print_exc()
            await self._fail(task, Problem().as_json())
        finally:
            task.file.unlink(missing_ok=True)
            self._running.pop(task.job_id, None)

    async def _import(self, task: Task) -> None:
        write = self.database.write
        if not await write(jobs.advance, task.job_id, "reading", 10, now=self.clock.now()):
            return
        rows, store = await (self._summary(task) if task.kind == "summary" else self._roster(task))
        await self.database.write_long(
            jobs.store_ledger,
            job_id=task.job_id,
            rows=rows,
            store=store,
            by=task.by,
            now=self.clock.now(),
            policy=self.policy,
        )

    async def _summary(self, task: Task) -> tuple[int, Store]:
        known = await self.database.read(ledger.ledger_units, by=task.by)
        found = await asyncio.to_thread(read_summary, task.file, known, encoding=task.encoding)
        if not found.ok:
            raise rejected(found)
        return found.rows, partial(ledger.store, ledger=found, kind=task.kind)

    async def _roster(self, task: Task) -> tuple[int, Store]:
        plan = await self.database.read(
            rosters.plan, kind=RosterKind(task.kind), as_of=task.as_of, by=task.by, now=self.clock.now()
        )
        progress = Progress(self.database, self.clock, task.job_id)
        reading = partial(rosters.read, task.file, plan, self.shelf, encoding=task.encoding)
        found = await progress.during(partial(reading, watch=progress.watch))
        if not found.ok:
            raise rejected(found, task.kind)
        return found.rows, partial(rosters.store, found=found)

    async def _fail(self, task: Task, problem: dict[str, object]) -> None:
        with suppress(Problem):  # the database is gone: the next start says that the job was interrupted
            await self.database.write(jobs.end, task.job_id, "failed", problem=problem, now=self.clock.now())

    async def _beat(self) -> None:
        while self._running:
            await asyncio.sleep(BEAT)
            with suppress(Problem):  # the next one may get through
                await self.database.write(jobs.beat, list(self._running), now=self.clock.now())
