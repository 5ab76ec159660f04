"""A lane: one thread with one connection that runs the jobs waiting for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from app.db.session import Session
from app.errors import Unavailable

GROUP = 64
"""The most requests that one commit answers; it bounds how long the first of them waits."""

Work = Callable[[Session], Any]


class Job:
    """A piece of work and the future that its caller awaits."""

    __slots__ = ("dry_run", "error", "future", "loop", "result", "work")

    def __init__(self, work: Work, *, dry_run: bool) -> None:
        self.work = work
        self.dry_run = dry_run
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


class Lane(threading.Thread):
    """Takes jobs in order of arrival. `connect` opens its session; a broken one is opened anew."""

    def __init__(self, name: str, connect: Callable[[], Session], queue: SimpleQueue[Job | None]) -> None:
        super().__init__(name=name, daemon=True)
        self._connect = connect
        self._queue = queue
        self._session: Session | None = None

    def run(self) -> None:
        """Work until the queue hands out None."""
        while (first := self._queue.get()) is not None:
            jobs = [first, *self._waiting()]
            try:
                self._session = self._session or self._connect()
                self.work(self._session, jobs)
            except Exception as error:
                self._break(jobs, error)
            _deliver(jobs)
        self._close()

    def work(self, session: Session, jobs: list[Job]) -> None:
        """Run the jobs; overridden by the two kinds of lane."""
        raise NotImplementedError

    def _waiting(self) -> list[Job]:
        return []

    def _break(self, jobs: list[Job], error: Exception) -> None:
        """The connection or the commit failed: nothing of the group is stored, everybody hears it."""
        refusal = Unavailable(headers={"Retry-After": "2"})
        refusal.__cause__ = error
        for job in jobs:
            job.error = refusal
        self._close()

    def _close(self) -> None:
        if self._session is not None:
            with suppress(Exception):  # a broken connection may fail to close; it is dropped all the same
                self._session.connection.close()
            self._session = None


class Writer(Lane):
    """The one writer of a process: what waits is committed together, each job behind a savepoint."""

    def __init__(
        self, connect: Callable[[], Session], queue: SimpleQueue[Job | None], begin: tuple[str, ...]
    ) -> None:
        super().__init__("writer", connect, queue)
        self._begin = begin

    def work(self, session: Session, jobs: list[Job]) -> None:
        """BEGIN, every job in its savepoint, COMMIT; only then is anybody answered."""
        for sql in self._begin:
            session.control(sql)
        for job in jobs:
            _run_in_savepoint(session, job)
        session.control("COMMIT")

    def _waiting(self) -> list[Job]:
        jobs: list[Job] = []
        while len(jobs) < GROUP - 1:
            try:
                job = self._queue.get_nowait()
            except Empty:
                break
            if job is None:
                self._queue.put(None)
                break
            jobs.append(job)
        return jobs


class Reader(Lane):
    """One of a few readers: each job sees one consistent snapshot and can write nothing."""

    def __init__(
        self, name: str, connect: Callable[[], Session], queue: SimpleQueue[Job | None], begin: str
    ) -> None:
        super().__init__(name, connect, queue)
        self._begin = begin

    def work(self, session: Session, jobs: list[Job]) -> None:
        """BEGIN, the job, ROLLBACK."""
        for job in jobs:
            session.control(self._begin)
            try:
                job.result = job.work(session)
            except Exception as error:
                job.error = error
            session.control("ROLLBACK")


def _deliver(jobs: list[Job]) -> None:
    """Wake each caller's loop once, however many of its jobs are done."""
    loops = {job.loop for job in jobs}
    for loop in loops:
        mine = [job for job in jobs if job.loop is loop]
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, mine)


def _settle(jobs: list[Job]) -> None:
    for job in jobs:
        job.settle()


def _run_in_savepoint(session: Session, job: Job) -> None:
    session.control("SAVEPOINT job")
    try:
        job.result = job.work(session)
    except Exception as error:
        job.error = error
    if job.error is not None or job.dry_run:
        session.control("ROLLBACK TO SAVEPOINT job")
    session.control("RELEASE SAVEPOINT job")
