"""The engine that is kept for short queries."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from app.reconcile.engine import borrow_engine


def test_file_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "records.parquet"
    for value in range(5):
        with duckdb.connect() as writer:
            writer.execute(f"COPY (SELECT {value} AS value FROM range(10)) TO '{path}' (FORMAT parquet)")
        with borrow_engine() as engine:
            found = engine.execute(f"SELECT count(*) FROM '{path}' WHERE value = {value}").fetchall()

        assert found == [(10,)]


def test_those_who_borrow_at_one_time_do_not_see_each_others_tables() -> None:
    with borrow_engine() as one, borrow_engine() as other:
        one.execute("CREATE TEMP TABLE held AS SELECT 1 AS value")

        with pytest.raises(duckdb.CatalogException):
            other.execute("FROM held")
