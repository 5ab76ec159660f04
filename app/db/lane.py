"""Lanes: the one writer, and the readers, each with its connection and the jobs that wait for it."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any

from app.db.session import Question, Session
from app.errors import Unavailable

GROUP = 64
"""The most requests that one commit answers; it bounds how long the first of them waits."""
ENOUGH = 32
"""Requests for which a commit need not wait for more: what it costs by itself is little by then."""

Work = Callable[[Session], Any]


class Job:
    """A piece of work and the future that its caller awaits."""

    __slots__ = ("ahead", "dry_run", "error", "future", "is_long", "loop", "result", "work")

    def __init__(
        self, work: Work, *, ahead: Sequence[Question] = (), dry_run: bool = False, is_long: bool = False
    ) -> None:
        self.work = work
        self.ahead = ahead
        self.dry_run = dry_run
        self.is_long = is_long
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self, session: Session, *, flush: bool = True) -> None:
        """Do the work; whatever it writes is undone when it fails or is a dry run."""
        self.result = self.error = None
        session.start_job(asked_ahead=bool(self.ahead))
        try:
            self.result = self.work(session)
            if flush:
                session.flush()
        except Exception as error:
            self.error = error
            if session.has_failed and not flush:
                return  # maybe by an earlier job's write: there is nothing of this one to roll back to
        session.end_job(keep=self.error is None and not self.dry_run)

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
            await self._gather()
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

    async def _gather(self) -> None:
        """Let the answers before leave, and those come who are on their way: a group costs as much as some jobs."""
        seen = 0
        while seen < len(self._waiting) < ENOUGH:
            seen = len(self._waiting)
            await asyncio.sleep(0)

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
        session.begin()
        if self._work_together(session, jobs, session.flush):
            await loop.run_in_executor(self._aside, session.control, "COMMIT")
        else:
            self._close()
            await loop.run_in_executor(self._aside, self._work_apart, jobs)

    def _work(self, jobs: list[Job]) -> None:
        """BEGIN, every job, COMMIT; only then is anybody answered."""
        session = self._open()
        session.begin(*self._begin)
        if not self._work_together(session, jobs, partial(session.control, "COMMIT")):
            self._close()
            self._work_apart(jobs)

    def _work_together(self, session: Session, jobs: list[Job], end: Callable[[], None]) -> bool:
        """The jobs with as few round trips as can be: what all ask is asked at once, writes go out together.

        False when a deferred write failed. Whose it was is not known then: each job must run again, by itself.
        """
        session.ask_ahead([question for job in jobs for question in job.ahead])
        try:
            for job in jobs:
                job.run(session, flush=job.is_long)
                if session.has_failed:
                    return False
            end()
        except Exception:
            # A lost connection may have committed: only a refusal of the database's says that it has not.
            if not session.has_failed or session.is_lost:
                raise
            return False
        return True

    def _work_apart(self, jobs: list[Job]) -> None:
        """The same without deferring anything, so that each error is its own job's."""
        session = self._connect()
        apart = Session(session.connection, session.dialect, at_once=True)
        try:
            apart.begin(*self._begin)
            for job in jobs:
                job.run(apart)
            apart.control("COMMIT")
        finally:
            _close(apart)

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
        """BEGIN, the job, and the end of its snapshot."""
        session.begin(self._begin)
        try:
            job.result = job.work(session)
        except Exception as error:
            job.error = error
        # Nothing was written. After a ROLLBACK, psycopg would prepare every statement anew.
        session.undo("COMMIT")
        if session.has_failed:
            self._close()

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
