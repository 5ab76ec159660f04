"""Lanes: the one writer, and the readers, each with its connection and the jobs that wait for it."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

from app.db.session import Session
from app.errors import Unavailable

GROUP = 64
"""The most requests that one commit answers; it bounds how long the first of them waits."""

Work = Callable[[Session], Any]


class Job:
    """A piece of work and the future that its caller awaits."""

    __slots__ = ("dry_run", "error", "future", "is_long", "loop", "result", "work")

    def __init__(self, work: Work, *, dry_run: bool = False, is_long: bool = False) -> None:
        self.work = work
        self.dry_run = dry_run
        self.is_long = is_long
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Answer the caller, unless it has gone away; runs on the caller's loop."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """The one writer of a process: what waits is committed together, each job behind a savepoint.

    With `inline` (SQLite) the jobs run on the loop's own thread and only the COMMIT, which waits for the disk, on
    another: handing every request over and back costs more than its statements. Without it (PostgreSQL) and for
    jobs that take long, the whole group runs on the other thread.
    """

    def __init__(self, connect: Callable[[], Session], begin: tuple[str, ...], *, inline: bool) -> None:
        self._connect = connect
        self._begin = begin
        self._inline = inline
        self._session: Session | None = None
        self._waiting: deque[Job] = deque()
        self._serving: asyncio.Task[None] | None = None
        self._aside = ThreadPoolExecutor(1, "writer")

    def put(self, job: Job) -> None:
        """Take a job; it is answered after its commit."""
        self._waiting.append(job)
        if self._serving is None or self._serving.done():
            self._serving = job.loop.create_task(self._serve())

    def stop(self) -> None:
        """End the thread and close the connection."""
        self._aside.shutdown(wait=True)
        self._close()

    async def _serve(self) -> None:
        """Group after group, until nobody waits."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            jobs = self._group()
            try:
                if self._inline and not jobs[0].is_long:
                    await self._commit_aside(loop, jobs)
                else:
                    await loop.run_in_executor(self._aside, self._work, jobs)
            except Exception as error:
                self._break(jobs, error)
            for job in jobs:
                job.settle()

    def _group(self) -> list[Job]:
        """What waits, up to GROUP; a long job is a group of its own."""
        jobs = [self._waiting.popleft()]
        while self._waiting and len(jobs) < GROUP and not (jobs[0].is_long or self._waiting[0].is_long):
            jobs.append(self._waiting.popleft())
        return jobs

    async def _commit_aside(self, loop: asyncio.AbstractEventLoop, jobs: list[Job]) -> None:
        session = self._open()
        if not session.begins_at_once(self._begin[0]):
            await loop.run_in_executor(self._aside, session.control, self._begin[0])
        for job in jobs:
            _run_in_savepoint(session, job)
        await loop.run_in_executor(self._aside, session.control, "COMMIT")

    def _work(self, jobs: list[Job]) -> None:
        """BEGIN, every job in its savepoint, COMMIT; only then is anybody answered."""
        session = self._open()
        for sql in self._begin:
            session.control(sql)
        for job in jobs:
            _run_in_savepoint(session, job)
        session.control("COMMIT")

    def _open(self) -> Session:
        if self._session is None:
            self._session = self._connect()
        return self._session

    def _break(self, jobs: list[Job], error: Exception) -> None:
        _refuse(jobs, error)
        self._close()

    def _close(self) -> None:
        if self._session is not None:
            _close(self._session)
            self._session = None


class Reader(threading.Thread):
    """One of a few readers: each job sees one consistent snapshot and can write nothing.

    `connect` opens its session; a broken one is opened anew.
    """

    def __init__(
        self, name: str, connect: Callable[[], Session], queue: SimpleQueue[Job | None], begin: str
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._connect = connect
        self._queue = queue
        self._begin = begin
        self._session: Session | None = None

    def run(self) -> None:
        """Work until the queue hands out None."""
        while (job := self._queue.get()) is not None:
            try:
                self._session = self._session or self._connect()
                self._work(self._session, job)
            except Exception as error:
                _refuse([job], error)
                self._close()
            _deliver(job)
        self._close()

    def _work(self, session: Session, job: Job) -> None:
        """BEGIN, the job, ROLLBACK."""
        session.control(self._begin)
        try:
            job.result = job.work(session)
        except Exception as error:
            job.error = error
        session.control("ROLLBACK")

    def _close(self) -> None:
        if self._session is not None:
            _close(self._session)
            self._session = None


def _deliver(job: Job) -> None:
    """Answer on the caller's loop."""
    with suppress(RuntimeError):  # the loop was closed: nobody waits any more
        job.loop.call_soon_threadsafe(job.settle)


def _refuse(jobs: list[Job], error: Exception) -> None:
    """The connection or the commit failed: nothing of the group is stored, everybody hears it."""
    refusal = Unavailable(headers={"Retry-After": "2"})
    refusal.__cause__ = error
    for job in jobs:
        job.error = refusal


def _close(session: Session) -> None:
    with suppress(Exception):  # a broken connection may fail to close; it is dropped all the same
        session.connection.close()


def _run_in_savepoint(session: Session, job: Job) -> None:
    session.control("SAVEPOINT job")
    try:
        job.result = job.work(session)
    except Exception as error:
        job.error = error
    if job.error is not None or job.dry_run:
        session.control("ROLLBACK TO SAVEPOINT job")
    session.control("RELEASE SAVEPOINT job")
