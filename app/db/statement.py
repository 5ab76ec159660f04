"""Statements, compiled once per database and run straight on the driver's cursor.

SQLAlchemy Core writes the SQL and converts the values; what is left out is its execution layer, which
costs more than the statement itself on the hot path (docs/performance.md).

Hot statements have no LIMIT: the bundled SQLite looks at its bound value when it plans, and so compiles the
statement anew on every execution (26 us instead of 4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import JSON, Dialect
from sqlalchemy.sql import ClauseElement

Converter = Callable[[Any], Any]
Parameters = dict[str, Any] | tuple[Any, ...]
"""By name, or in the order of the statement's marks, whichever the driver takes."""


class Compiled:
    """SQL text with the conversions of its parameters and of its columns, for one dialect."""

    def __init__(self, statement: ClauseElement, dialect: Dialect, names: Iterable[str] | None) -> None:
        options: dict[str, Any] = {"compile_kwargs": {"render_postcompile": True}}
        if names is not None:
            options["column_keys"] = list(names)
        compiled = statement.compile(dialect=dialect, **options)
        self.sql = str(compiled)
        self.defaults: dict[str, Any] = dict(compiled.params)
        self.binds = _bind_converters(compiled, dialect)
        self._in_order = _picker(getattr(compiled, "positiontup", None))
        columns = getattr(statement, "exported_columns", ())
        self.keys = tuple(column.key for column in columns)
        converters = tuple(_result_converter(column.type, dialect) for column in columns)
        self.columns = tuple((i, c) for i, c in enumerate(converters) if c is not None)

    def parameters(self, values: dict[str, Any]) -> Parameters:
        """The driver's parameters: the statement's own constants, overlaid with the given values, which are used up."""
        merged = {**self.defaults, **values} if len(values) < len(self.defaults) else values
        for name, convert in self.binds:
            merged[name] = convert(merged[name])
        return merged if self._in_order is None else self._in_order(merged)

    def rows(self, found: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """The driver's rows as mappings from column key to converted value."""
        if not self.columns:
            return [dict(zip(self.keys, row, strict=True)) for row in found]
        return [self._row(row) for row in found]

    def _row(self, row: tuple[Any, ...]) -> dict[str, Any]:
        values = list(row)
        for i, convert in self.columns:
            if values[i] is not None:  # no type of ours makes anything of a NULL
                values[i] = convert(values[i])
        return dict(zip(self.keys, values, strict=True))


class Prepared:
    """A statement that is kept, so that each database compiles it once. `names` limits an INSERT."""

    def __init__(self, statement: ClauseElement, names: Iterable[str] | None) -> None:
        self.statement = statement
        self.names = tuple(names) if names is not None else None
        self._compiled: dict[str, Compiled] = {}

    def for_dialect(self, dialect: Dialect) -> Compiled:
        """The compiled form; a race compiles twice and keeps either."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = Compiled(self.statement, dialect, self.names)
        return found


def prepared(statement: ClauseElement, names: Iterable[str] | None = None) -> Prepared:
    """Keep a module-level statement; its `bindparam` names are the keywords of `Session.all` and kin."""
    return Prepared(statement, names)


def compile_now(statement: ClauseElement, dialect: Dialect) -> Compiled:
    """Compile a statement that is built for one call (filters, lists in an IN)."""
    return Compiled(statement, dialect, None)


def _picker(names: list[str] | None) -> Callable[[dict[str, Any]], tuple[Any, ...]] | None:
    if names is None:
        return None
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple(values[name] for name in names)


def _bind_converters(compiled: Any, dialect: Dialect) -> tuple[tuple[str, Converter], ...]:
    found = []
    for name, parameter in compiled.binds.items():
        convert = _bind_converter(parameter.type.dialect_impl(dialect), dialect)
        if convert is not None and name in compiled.params:
            found.append((name, convert))
    return tuple(found)


def _bind_converter(kind: Any, dialect: Dialect) -> Converter | None:
    """SQLAlchemy's own, but for JSON on SQLite: there it asks on every value what it could have asked once."""
    if isinstance(kind, JSON) and kind.none_as_null and dialect.name == "sqlite":
        return _json_text
    return kind.bind_processor(dialect)  # type: ignore[no-any-return]


def _json_text(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _result_converter(kind: Any, dialect: Dialect) -> Converter | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)  # type: ignore[no-any-return]
