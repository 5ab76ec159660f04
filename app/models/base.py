"""What all tables share: names of constraints, and column types that read alike on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, String, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = SQLModel.metadata


@lru_cache(maxsize=256)
def iso(value: datetime) -> str:
    """An aware instant in UTC and in fixed width, to the microsecond: text that sorts as time does.

    Raises ValueError for a naive one, which names no instant.
    """
    if value.tzinfo is None:
        raise ValueError("a stored instant needs a time zone")
    # In a third of the time that isoformat() takes; a full second comes without its fraction.
    text = orjson.dumps(value.astimezone(UTC), option=orjson.OPT_UTC_Z)[1:-1].decode()
    return text if value.microsecond else f"{text[:-1]}.000000Z"


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a stored instant needs a time zone")
    return value.astimezone(UTC)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, to the microsecond; naive ones are refused.

    SQLite keeps fixed-width ISO text, which sorts as time does (its DateTime would lose the zone).
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, timestamptz on PostgreSQL."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Store UTC; a naive value is a programming error."""
        if value is None:
            return None
        return iso(value) if dialect.name == "sqlite" else _utc(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """The same without the layers in between: it runs for every instant of every row."""
        convert = iso if dialect.name == "sqlite" else _utc
        return lambda value: None if value is None else convert(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give back aware UTC."""
        if value is None:
            return None
        return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)


Sequence = BigInteger().with_variant(Integer, "sqlite")
"""A number that rows are kept in order of; on SQLite it must be an INTEGER to be the row's own address."""

Path = String(80).with_variant(String(80, collation="C"), "postgresql")
"""A path that sorts byte by byte on both databases, so that a subtree is a range of it."""

Json = JSON(none_as_null=True)
"""A JSON value kept as it was written."""

FiguresJson = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""Figures keyed by indicator code; binary on PostgreSQL, because sums pick single codes out of it."""
