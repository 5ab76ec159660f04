"""The DuckDB connection that ledgers are read and compared in: bounded, and closed to the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from os import getpid
from pathlib import Path
from tempfile import NamedTemporaryFile

import duckdb

Engine = duckdb.DuckDBPyConnection
Value = str | int | date | None

MEMORY = "256MB"
MEMORY_KEPT = "512MB"
"""Shared by whoever asks at one time; a province of a nation's roster takes a tenth of it."""
THREADS = 2
SMALL = 1 << 20
"""Bytes of a file that one thread reads as fast: two of them wait for each other on a busy machine."""


def threads_for(path: Path) -> int:
    """How many threads are worth while for a file."""
    return 1 if path.stat().st_size < SMALL else THREADS


@contextmanager
def open_engine(
    folder: str | None = None, *, memory: str = MEMORY, threads: int = THREADS
) -> Iterator[Engine]:
    """A private in-memory database; it spills into `folder`, when given, beyond `memory`."""
    engine = _connect(folder, memory, threads)
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def borrow_engine() -> Iterator[Engine]:
    """A connection for a few short queries, with temporary tables of its own.

    To open a database takes longer than such queries do, so one is kept for them in each process: all who
    borrow at one time share its memory.
    """
    engine = _kept(getpid()).cursor()
    try:
        yield engine
    finally:
        engine.close()


@lru_cache(maxsize=1)
def _kept(process: int) -> Engine:
    """By process, since a database does not outlive a fork."""
    engine = _connect(None, MEMORY_KEPT, 1)
    # Where a nation's records lie is read once; a file with another time of change is read anew.
    engine.execute("SET GLOBAL parquet_metadata_cache = true")
    return engine


def _connect(folder: str | None, memory: str, threads: int) -> Engine:
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
    return duckdb.connect(":memory:", config=config)


_BETWEEN = "\x1f"


def load_texts(engine: Engine, table: str, columns: Sequence[str], rows: Iterable[tuple[str, ...]]) -> None:
    """Make a temporary table of texts from its rows: through a file, several times as fast as `load_columns`.

    A text with a line break or U+001F would come apart: that is a ValueError.
    """
    lines = list(map(_BETWEEN.join, rows))
    text = "\n".join([*lines, ""])
    if text.count("\n") != len(lines) or text.count(_BETWEEN) != len(lines) * (len(columns) - 1):
        raise ValueError("a text holds a separator")
    kinds = ", ".join(f"{name}: 'VARCHAR'" for name in columns)
    with NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".csv") as file:
        file.write(text)
        file.flush()
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM read_csv(?, auto_detect = false,"
            f" header = false, delim = '{_BETWEEN}', quote = '', escape = '', columns = {{{kinds}}},"
            f" force_not_null = [{', '.join(columns)}])",
            [file.name],
        )


def load_columns(
    engine: Engine, table: str, columns: Mapping[str, tuple[str, Sequence[Value]]], *, is_more: bool = False
) -> None:
    """Make a temporary table from columns, each a type and its values, all as long; `is_more` adds to it."""
    picked = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, (kind, _) in columns.items())
    values = [list(column) for _, column in columns.values()]
    start = f"INSERT INTO {table}" if is_more else f"CREATE OR REPLACE TEMP TABLE {table} AS"
    engine.execute(f"{start} SELECT {picked}", values)
