"""A session: one connection inside one transaction, as services see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.sql import ClauseElement

from app.db.statement import Compiled, Parameters, Prepared, compile_now
from app.errors import Conflict

Row = dict[str, Any]

BUSY_MS = 10_000
"""How long SQLite waits for another process's write."""


class Session:
    """Runs statements; it never commits, its lane does.

    `info` lives as long as the transaction: services keep there what they must write once per group.
    """

    def __init__(self, connection: Any, dialect: Dialect) -> None:
        self.connection = connection
        self.dialect = dialect

    def all(self, statement: Prepared | ClauseElement, **values: Any) -> list[Row]:
        """Every row, in the statement's order."""
        compiled = self._compiled(statement)
        cursor = self._execute(compiled.sql, compiled.parameters(values))
        return compiled.rows(cursor.fetchall())

    def one(self, statement: Prepared | ClauseElement, **values: Any) -> Row | None:
        """The first row, or None."""
        compiled = self._compiled(statement)
        row = self._execute(compiled.sql, compiled.parameters(values)).fetchone()
        return compiled.rows([row])[0] if row is not None else None

    def run(self, statement: Prepared | ClauseElement, **values: Any) -> int:
        """Run a write; the number of rows it touched. Raises Conflict when a constraint refuses it."""
        compiled = self._compiled(statement)
        return int(self._execute(compiled.sql, compiled.parameters(values)).rowcount)

    def many(self, statement: Prepared, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run one write for many rows."""
        compiled = self._compiled(statement)
        parameters = [compiled.parameters(row) for row in rows]
        if parameters:
            cursor = self.connection.cursor()
            try:
                cursor.executemany(compiled.sql, parameters)
            except self._integrity_error as error:
                raise Conflict() from error

    def control(self, sql: str) -> None:
        """BEGIN, SAVEPOINT, COMMIT and the like; for the lanes."""
        self.connection.execute(sql)

    def begins_at_once(self, sql: str) -> bool:
        """Begin if no other process writes; False, and nothing begun, when it would have to wait. SQLite only."""
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            self.connection.execute(sql)
        except self.dialect.dbapi.OperationalError:  # type: ignore[union-attr]
            return False
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        return True

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo everything inside when it raises."""
        self.control("SAVEPOINT inner_step")
        try:
            yield
        except BaseException:
            self.control("ROLLBACK TO SAVEPOINT inner_step")
            self.control("RELEASE SAVEPOINT inner_step")
            raise
        self.control("RELEASE SAVEPOINT inner_step")

    def _compiled(self, statement: Prepared | ClauseElement) -> Compiled:
        if isinstance(statement, Prepared):
            return statement.for_dialect(self.dialect)
        return compile_now(statement, self.dialect)

    def _execute(self, sql: str, parameters: Parameters) -> Any:
        try:
            return self.connection.execute(sql, parameters)
        except self._integrity_error as error:
            raise Conflict() from error

    @property
    def _integrity_error(self) -> type[Exception]:
        return self.dialect.dbapi.IntegrityError  # type: ignore[union-attr]
