"""A database: how to connect to it, and its lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from typing import Any, Concatenate, ParamSpec, TypeVar

import orjson
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.pool import NullPool

from app.db.lane import Job, Reader, Writer
from app.db.session import BUSY_MS, Question, Session

try:
    import pysqlite3 as sqlite_driver
except ImportError:  # no wheel for this platform: Python's own SQLite, whose version decides the journal
    import sqlite3 as sqlite_driver

P = ParamSpec("P")
T = TypeVar("T")

Stamp = tuple[int, int]
"""Which connection was asked, and what it counted."""

READERS = 2
"""Threads that read: as many as help on two cores (a pool of 40 falls to a third under load)."""

PAGE_CACHE_KIB = 16 * 1024
"""Pages that each SQLite connection keeps; with its own 2 MiB a busy month is read from the file again and again."""

WRITER_LOCK = 0x59_75_65_62_61_6F
"""The advisory lock that makes writers of several PostgreSQL processes take turns ("Yuebao")."""


_JSON: Any = {
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}


class Database:
    """Opens connections for one URL and runs services on its lanes.

    `write` and `read` are for an event loop; `transaction` is for the command line and tests.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = make_engine(url)
        self._writer = Writer(self.connect, self._begin_write(), inline=self.is_sqlite)
        self._reads: SimpleQueue[Job | None] = SimpleQueue()
        self._readers: list[Reader] = []
        self._here: Session | None = None
        self._times_opened = 0

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    async def write(
        self,
        service: Callable[Concatenate[Session, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a service on the writer; the answer comes after the commit.

        Raises what the service raises (and stores nothing), or Unavailable when the commit fails.
        """
        return await self._written(Job(partial(_call, service, args, kwargs)))  # type: ignore[no-any-return]

    async def write_asking(
        self,
        ahead: Sequence[Question],
        service: Callable[Concatenate[Session, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The same for a service that will ask these questions (`Session.ask_ahead`), and writes nothing else that
        another's could read."""
        return await self._written(Job(partial(_call, service, args, kwargs), ahead=ahead))  # type: ignore[no-any-return]

    async def write_long(
        self,
        service: Callable[Concatenate[Session, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The same for a service that takes more than some milliseconds (an import): in a commit of its own."""
        return await self._written(Job(partial(_call, service, args, kwargs), is_long=True))  # type: ignore[no-any-return]

    async def rehearse(
        self,
        service: Callable[Concatenate[Session, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """A dry run: exactly the path of `write`, rolled back before anybody is answered."""
        return await self._written(Job(partial(_call, service, args, kwargs), dry_run=True, is_long=True))  # type: ignore[no-any-return]

    async def read(
        self,
        service: Callable[Concatenate[Session, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a service on a reader, in one read-only snapshot."""
        job = Job(partial(_call, service, args, kwargs))
        self._reads.put(job)
        return await job.future  # type: ignore[no-any-return]

    async def look(
        self,
        service: Callable[Concatenate[Session, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a look-up of a few indexed rows: on SQLite at once, on the caller's own thread.

        There it takes 20 us, a tenth of what handing it to another thread costs. PostgreSQL may take its
        time to answer, so there it is an ordinary read.
        """
        if not self.is_sqlite:
            return await self.read(service, *args, **kwargs)
        return _snapshot(self._on_loop(), partial(_call, service, args, kwargs))  # type: ignore[no-any-return]

    def stamp(self) -> Stamp | None:
        """Another one after any commit, by whatever process: what is read after a stamp is so while the stamp is.

        For the event loop. SQLite compares the head of its journal in shared memory, in 3 us; None on PostgreSQL,
        which keeps no such number at hand.
        """
        if not self.is_sqlite:
            return None
        # All rows are fetched, so that the statement ends and with it its snapshot.
        [(version,)] = self._on_loop().connection.execute("PRAGMA data_version").fetchall()
        return self._times_opened, version

    def _on_loop(self) -> Session:
        """The session of the event loop's own thread, which is SQLite's alone."""
        if self._here is None:
            self._here = self.connect_read_only()
            self._times_opened += 1  # each connection counts from the beginning
        return self._here

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One write transaction on its own connection: commits at the end, rolls back on any error."""
        session = self.connect()
        try:
            session.begin(*self._begin_write())
            session.flush()
            try:
                yield session
                session.flush()
            except BaseException:
                session.undo("ROLLBACK")
                raise
            session.control("COMMIT")
        finally:
            session.connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """One read transaction on its own connection: a single state of the database, and no writer waits for it."""
        session = self.connect_read_only()
        try:
            session.control(self._begin_read())
            yield session
        finally:
            session.connection.close()

    def start(self) -> None:
        """Start the readers; idempotent. The writer starts with its first job."""
        if self._readers:
            return
        for i in range(READERS):
            reader = Reader(f"reader-{i}", self.connect_read_only, self._reads, self._begin_read())
            self._readers.append(reader)
            reader.start()

    def stop(self) -> None:
        """Finish what waits for a reader, then stop; whoever writes has been answered before."""
        for _ in self._readers:
            self._reads.put(None)
        for reader in self._readers:
            reader.join()
        self._readers.clear()
        self._writer.stop()
        if self._here is not None:
            self._here.connection.close()
            self._here = None

    def connect(self) -> Session:
        """A session on a new connection, outside any transaction."""
        pooled = self.engine.raw_connection()
        raw: Any = pooled.dbapi_connection
        pooled.detach()
        if self.is_sqlite:
            _prepare_sqlite(raw)
        else:
            raw.autocommit = True
        return Session(raw, self.engine.dialect)

    def connect_read_only(self) -> Session:
        """The same, for readers: SQLite refuses any write, PostgreSQL does so by the kind of BEGIN."""
        session = self.connect()
        if self.is_sqlite:
            session.control("PRAGMA query_only = ON")
        return session

    async def _written(self, job: Job) -> Any:
        self._writer.put(job)
        return await job.future

    def _begin_write(self) -> tuple[str, ...]:
        if self.is_sqlite:
            return ("BEGIN IMMEDIATE",)
        return ("BEGIN", f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")

    def _begin_read(self) -> str:
        return "BEGIN" if self.is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


def make_engine(url: str) -> Engine:
    """The engine for a URL: the bundled SQLite, or PostgreSQL by psycopg 3."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        # The writer's connection passes between two threads that take turns.
        turns = {"check_same_thread": False}
        return create_engine(
            parsed,
            module=sqlite_driver,
            paramstyle="qmark",  # by name, the driver looks each value up: twice the time for a wide row
            poolclass=NullPool,
            connect_args=turns,
            **_JSON,
        )
    parsed = parsed.set(drivername="postgresql+psycopg")
    options = "-c lock_timeout=10000 -c statement_timeout=120000 -c idle_in_transaction_session_timeout=30000"
    connect_args = {"connect_timeout": 3, "options": options}
    return create_engine(parsed, poolclass=NullPool, connect_args=connect_args, **_JSON)


def has_wal_reset_bug(version: tuple[int, ...]) -> bool:
    """SQLite 3.7.0 to 3.51.2 can lose commits in WAL mode, but for the back-ports 3.50.7 and 3.44.6."""
    back_port = (version[:2] == (3, 50) and version >= (3, 50, 7)) or (
        version[:2] == (3, 44) and version >= (3, 44, 6)
    )
    return version < (3, 51, 3) and not back_port


def _prepare_sqlite(raw: Any) -> None:
    """Durable settings: an acknowledged commit survives a power cut (promise 2)."""
    raw.isolation_level = None
    affected = has_wal_reset_bug(sqlite_driver.sqlite_version_info)
    raw.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    raw.execute(f"PRAGMA journal_mode = {'DELETE' if affected else 'WAL'}")
    raw.execute(f"PRAGMA synchronous = {'EXTRA' if affected else 'FULL'}")
    raw.execute(f"PRAGMA cache_size = -{PAGE_CACHE_KIB}")
    raw.execute("PRAGMA foreign_keys = ON")
    raw.execute("PRAGMA trusted_schema = OFF")


def _snapshot(session: Session, work: Callable[[Session], Any]) -> Any:
    session.begin("BEGIN")
    try:
        return work(session)
    finally:
        session.undo("ROLLBACK")


def _call(
    service: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], session: Session
) -> Any:
    return service(session, *args, **kwargs)
