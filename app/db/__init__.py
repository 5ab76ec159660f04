"""Engines, lanes and transactions: the one room that commits.

A service is a plain function over a `Session`. The API hands it to a lane: `await database.write(service,
...)` runs it on the one writer, which groups the requests that wait into one commit, each behind its own
savepoint, each answered only after the commit; `await database.read(...)` runs it on a reader, in a
read-only snapshot. On PostgreSQL an advisory lock keeps the writers of several processes apart, so both
databases behave alike (docs/decisions/0003-one-writer-lane.md).
"""

from app.db.database import Database, Stamp
from app.db.session import Question, Row, Session, question
from app.db.source import SourceError, rows_of
from app.db.statement import prepared

__all__ = [
    "Database",
    "Question",
    "Row",
    "Session",
    "SourceError",
    "Stamp",
    "prepared",
    "question",
    "rows_of",
]
