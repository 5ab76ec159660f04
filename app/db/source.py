"""A foreign database that figures are read from: nothing is ever written to it, and nothing waits for it for long."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.db.session import Row

CONNECT_SECONDS = 10
STEPS = 10_000
"""SQLite looks at the time after so many instructions."""


class SourceError(Exception):
    """The database cannot be reached, or does not answer the query; `str()` is what its driver says."""


def rows_of(url: URL, query: str, values: Mapping[str, Any], *, seconds: int, limit: int) -> list[Row]:
    """The rows of a query, at most `limit + 1`, in a read-only transaction of at most so many seconds.

    SQLite and PostgreSQL themselves refuse to write; other databases only roll back. Raises SourceError.
    """
    try:
        engine = _engine(url, seconds)
        with _reading(engine) as connection:
            found = connection.execute(text(query), dict(values))
            return [dict(row._mapping) for row in found.fetchmany(limit + 1)]
    except SQLAlchemyError as error:
        raise SourceError(_first_line(getattr(error, "orig", None) or error)) from error
    except (ImportError, OSError, sqlite3.Error) as error:
        raise SourceError(_first_line(error)) from error


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        try:
            yield connection
        finally:
            connection.rollback()
    engine.dispose()


def _engine(url: URL, seconds: int) -> Engine:
    if url.get_backend_name() == "sqlite":
        return create_engine("sqlite://", creator=_sqlite(url.database or "", seconds), poolclass=NullPool)
    if url.get_backend_name() == "postgresql":
        limits = f"-c default_transaction_read_only=on -c statement_timeout={seconds * 1000}"
        arguments = {"connect_timeout": CONNECT_SECONDS, "options": limits}
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        return create_engine(url, poolclass=NullPool, connect_args=arguments)
    return create_engine(url, poolclass=NullPool)


def _sqlite(path: str, seconds: int) -> Callable[[], sqlite3.Connection]:
    def connect() -> sqlite3.Connection:
        address = f"file:{quote(str(Path(path).resolve()))}?mode=ro"
        connection = sqlite3.connect(address, uri=True, timeout=CONNECT_SECONDS)
        end = monotonic() + seconds
        connection.set_progress_handler(lambda: monotonic() > end, STEPS)
        return connection

    return connect


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
