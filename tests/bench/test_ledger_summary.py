"""The two contenders of the ledger benchmark do the same job on the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.register import shipped_register
from app.reconcile import ledger_units
from bench import bench_ledger_summary as bench


def test_both_find_the_planted_mismatches_in_a_file_that_is_the_same_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "TOWNSHIPS", 400)
    monkeypatch.setattr(bench, "ALTERED", 5)
    again = tmp_path / "again"
    again.mkdir()

    bench.write_files(tmp_path)
    bench.write_files(again)

    assert (tmp_path / "ledger.csv").read_bytes() == (again / "ledger.csv").read_bytes()
    by_sql = bench.bare_sql(tmp_path)
    assert len(by_sql) == 5
    assert sorted(by_sql) == sorted(
        bench.yuebao(tmp_path, ledger_units(shipped_register()), bench.read_reported(tmp_path))
    )
