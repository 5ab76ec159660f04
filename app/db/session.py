"""A session: one connection inside one transaction, as services see it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.sql import ClauseElement

from app.db.statement import Compiled, Parameters, Prepared, compile_now
from app.errors import Conflict

Row = dict[str, Any]
Values = tuple[tuple[str, Any], ...]
Deferred = tuple[str, Parameters | None]
"""A write with its parameters, or a control statement without."""
Question = tuple[Prepared, Values]
"""A statement and its values by name, in the order in which `Session.one` will be given them."""

BUSY_MS = 10_000
"""How long SQLite waits for another process's write."""

_PARTING = ("SAVEPOINT job", None)


def question(statement: Prepared, **values: Any) -> Question:
    """What `Session.one` will be asked with just these arguments."""
    return statement, tuple(values.items())


class Session:
    """Runs statements; it never commits, its lane does.

    `kept` is what services remember of what they read under the writers' lock, so that a group of jobs asks once.
    It is forgotten with the transaction and with whatever is undone.

    PostgreSQL is another process: to wait for an answer costs more than the statement, on a busy machine ten times
    as much. So what nobody waits for (`defer`) goes out together with the next question, in a pipeline, and what
    many will ask is asked at once (`ask_ahead`). On SQLite a whole group's rows of a table then go in together, without
    a savepoint for each job: that takes half the time.
    """

    def __init__(self, connection: Any, dialect: Dialect, *, at_once: bool = False) -> None:
        self.connection = connection
        self.dialect = dialect
        self.kept: dict[Hashable, Any] = {}
        self._defers = not at_once
        self._has_distance = dialect.name == "postgresql" and not at_once
        self._deferred: list[Deferred] = []
        self._ahead: dict[object, dict[Values, Row | None]] = {}
        self._spares_ahead = False
        self._mark = 0
        self._is_parted = True
        self.has_failed = False
        """Whether a pipeline failed: the error came from a later call, maybe in another's job. The connection can
        only be closed: what stood behind the failed statement did not run, but the driver counts it as prepared."""

    def all(self, statement: Prepared | ClauseElement, **values: Any) -> list[Row]:
        """Every row, in the statement's order."""
        compiled = self._compiled(statement)
        cursor = self._ask(compiled.sql, compiled.parameters(values))
        return compiled.rows(cursor.fetchall())

    def one(self, statement: Prepared | ClauseElement, **values: Any) -> Row | None:
        """The first row, or None."""
        if self._ahead and statement in self._ahead:
            answers, key = self._ahead[statement], tuple(values.items())
            if key in answers:
                return answers.pop(key)
        compiled = self._compiled(statement)
        row = self._ask(compiled.sql, compiled.parameters(values)).fetchone()
        return compiled.rows([row])[0] if row is not None else None

    def run(self, statement: Prepared | ClauseElement, **values: Any) -> int:
        """Run a write; the number of rows it touched. Raises Conflict when a constraint refuses it."""
        compiled = self._compiled(statement)
        parameters = compiled.parameters(values)
        self._ahead.clear()
        self._part()
        return int(self._execute(compiled.sql, parameters).rowcount)

    def defer(self, statement: Prepared, **values: Any) -> None:
        """Run a write that touches what it should or breaks a constraint: before the next answer or the commit.

        Raises Conflict like `run`, but the error comes from what is called later. Until then it may change places with
        other deferred statements, so it depends on none of their rows but by a foreign key.
        """
        compiled = self._compiled(statement)
        parameters = compiled.parameters(values)
        if self._defers:
            if not self._spares_ahead:
                self._ahead.clear()
            self._deferred.append((compiled.sql, parameters))
        else:
            self._part()
            self._execute(compiled.sql, parameters)

    def many(self, statement: Prepared, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run one write for many rows."""
        compiled = self._compiled(statement)
        parameters = [compiled.parameters({**row}) for row in rows]
        if parameters:
            self._ahead.clear()
            self._part()
            self.flush()
            cursor = self.connection.cursor()
            try:
                cursor.executemany(compiled.sql, parameters)
            except self._integrity_error as error:
                raise Conflict() from error

    def control(self, sql: str) -> None:
        """BEGIN, SAVEPOINT, COMMIT and the like; for the lanes."""
        if self._deferred:
            self._execute(sql, None)
        else:
            self.connection.execute(sql)

    def flush(self) -> None:
        """Run what is deferred. Raises Conflict when a constraint refuses it."""
        if self._deferred:
            self._part_from_own()
            self._execute(None, None)

    def begin(self, *statements: str) -> None:
        """Begin a transaction that knows nothing of the one before."""
        self._forget()
        self._deferred.clear()
        self._is_parted = True
        for sql in statements:
            self._control_later(sql)

    def ask_ahead(self, questions: Iterable[Question]) -> None:
        """Ask what `one` will be asked, all in one round trip, and before anything that is deferred.

        Each answer serves once, and until anything is written by `run` or by a job that asked nothing ahead. So of
        two jobs with the same question the second asks again, and sees what the first wrote.
        """
        asked = list(dict.fromkeys(questions))
        for (statement, values), row in zip(asked, self._answers(asked), strict=True):
            rows = self._compiled(statement).rows([row]) if row is not None else [None]
            self._ahead.setdefault(statement, {})[values] = rows[0]

    def start_job(self, *, asked_ahead: bool) -> None:
        """From here on belongs to one job of a group."""
        self._mark, self._is_parted, self._spares_ahead = len(self._deferred), False, asked_ahead

    def end_job(self, *, keep: bool) -> None:
        """Keep or undo what the job wrote. The savepoint that parts it is there only if something was sent."""
        is_sent = self._is_parted and _PARTING not in self._deferred
        if not keep and is_sent:
            self.undo("ROLLBACK TO SAVEPOINT job")
        elif not keep:
            del self._deferred[self._mark :]
            self._forget()
        if self._is_parted and (keep or is_sent):
            self._control_later("RELEASE SAVEPOINT job")
        self._is_parted = True

    def undo(self, sql: str) -> None:
        """Roll back, with whatever is deferred and kept."""
        self._deferred = [each for each in self._deferred if each[1] is None]  # the BEGIN may be among them
        self._forget()
        self._is_parted = True
        self._execute(sql, None)

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
        self._part()
        self.control("SAVEPOINT inner_step")
        try:
            yield
            self.flush()
        except BaseException:
            self.undo("ROLLBACK TO SAVEPOINT inner_step")
            self.control("RELEASE SAVEPOINT inner_step")
            raise
        self.control("RELEASE SAVEPOINT inner_step")

    def _forget(self) -> None:
        self.kept.clear()
        self._ahead.clear()

    def _answers(self, asked: Sequence[Question]) -> list[Any]:
        """The first row of each. While one of a statement's rows is still wanted, SQLite prepares it anew."""
        if not self._has_distance:
            return [self._asked(question).fetchone() for question in asked]
        waiting, self._deferred = self._deferred, []
        with self._pipeline():
            self._send(waiting)
            cursors = [self._asked(question) for question in asked]
        return [cursor.fetchone() for cursor in cursors]

    def _asked(self, question: Question) -> Any:
        compiled = self._compiled(question[0])
        return self.connection.execute(compiled.sql, compiled.parameters(dict(question[1])))

    def _ask(self, sql: str, parameters: Parameters) -> Any:
        self._part_from_own()
        return self._execute(sql, parameters)

    def _part(self) -> None:
        """Set the job's savepoint, if it has none: something that it wrote is about to be sent."""
        if self._is_parted:
            return
        self._is_parted = True
        if self._has_distance or self._deferred:
            self._deferred.insert(self._mark, _PARTING)
        else:
            self.connection.execute("SAVEPOINT job")

    def _part_from_own(self) -> None:
        if len(self._deferred) > self._mark:
            self._part()
        self._mark = 0

    def _compiled(self, statement: Prepared | ClauseElement) -> Compiled:
        if isinstance(statement, Prepared):
            return statement.for_dialect(self.dialect)
        return compile_now(statement, self.dialect)

    def _control_later(self, sql: str) -> None:
        if self._has_distance or self._deferred:
            self._deferred.append((sql, None))
        else:
            self.connection.execute(sql)

    def _execute(self, sql: str | None, parameters: Parameters | None) -> Any:
        """Run a statement, if any, after what is deferred. Raises Conflict when a constraint refuses it."""
        try:
            if sql is None or self._deferred:
                return self._execute_together(sql, parameters)
            if parameters is None:
                return self.connection.execute(sql)
            return self.connection.execute(sql, parameters)
        except self._integrity_error as error:
            raise Conflict() from error

    def _execute_together(self, sql: str | None, parameters: Parameters | None) -> Any:
        """What is deferred and one more statement, whose cursor is returned, in one round trip."""
        waiting, self._deferred = self._deferred, []
        try:
            with self._pipeline():
                self._send(waiting)
                given = () if parameters is None else (parameters,)
                return self.connection.execute(sql, *given) if sql else None
        except Exception:
            self.has_failed = True
            raise

    @property
    def is_lost(self) -> bool:
        """Whether the connection broke, so that nobody knows what it did last. SQLite has none that could."""
        return self._has_distance and bool(self.connection.closed)

    def _pipeline(self) -> AbstractContextManager[Any]:
        return self.connection.pipeline() if self._has_distance else nullcontext()

    def _send(self, waiting: list[Deferred]) -> None:
        if self._has_distance:
            for each in waiting:
                self.connection.execute(*each)
            return
        for sql, rows in _by_statement(waiting):
            if rows is None:
                self.connection.execute(sql)
            else:
                self.connection.executemany(sql, rows)

    @property
    def _integrity_error(self) -> type[Exception]:
        return self.dialect.dbapi.IntegrityError  # type: ignore[union-attr]


def _by_statement(waiting: list[Deferred]) -> Iterator[tuple[str, list[Parameters] | None]]:
    """The rows of each statement together, in the order of their first; nothing passes a savepoint's border."""
    rows: dict[str, list[Parameters]] = {}
    for sql, parameters in waiting:
        if parameters is None:
            yield from rows.items()
            yield sql, None
            rows = {}
        else:
            rows.setdefault(sql, []).append(parameters)
    yield from rows.items()
