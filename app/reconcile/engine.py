"""The DuckDB connection that ledgers are read and compared in: bounded, and closed to the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb

Engine = duckdb.DuckDBPyConnection
Value = str | int | None

MEMORY = "256MB"
THREADS = 2


@contextmanager
def open_engine(
    folder: str | None = None, *, memory: str = MEMORY, threads: int = THREADS
) -> Iterator[Engine]:
    """A private in-memory database; it spills into `folder`, when given, beyond `memory`."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "threads": threads,
        "temp_directory": folder or "",
        # Extensions would be fetched from the network.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # The number of a record is its place in the table.
        "preserve_insertion_order": True,
    }
    engine = duckdb.connect(":memory:", config=config)
    try:
        yield engine
    finally:
        engine.close()


_BETWEEN = "\x1f"


def load_texts(engine: Engine, table: str, columns: Mapping[str, Sequence[str]]) -> None:
    """Like `load_columns` for texts alone, none of which may hold U+001F; several times as fast."""
    picked = ", ".join(f"unnest(string_split(?, '{_BETWEEN}')) AS {name}" for name in columns)
    values = [_BETWEEN.join(texts) for texts in columns.values()]
    (rows,) = {len(texts) for texts in columns.values()}
    if any(value.count(_BETWEEN) != max(rows - 1, 0) for value in values):
        raise ValueError("a text holds U+001F")
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {picked} LIMIT {rows}", values)


def load_columns(engine: Engine, table: str, columns: Mapping[str, tuple[str, Sequence[Value]]]) -> None:
    """Make a temporary table from columns, each a type and its values; a row each, all columns as long."""
    picked = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, (kind, _) in columns.items())
    values = [list(column) for _, column in columns.values()]
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {picked}", values)
