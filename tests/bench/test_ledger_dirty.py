"""The benchmark of rosters plants its faults where it says, in a sample of any size."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.reconcile import open_engine, read_roster
from app.reconcile.roster.columns import RosterKind
from bench.bench_ledger_dirty import IN_MEMBERS, IN_ORGS, TODAY, plant
from bench.bench_ledger_sample import national_units, write_rosters


@pytest.mark.parametrize("rows", [10_000, 100_000])
def test_exactly_the_planted_lines_are_found(tmp_path: Path, rows: int) -> None:
    write_rosters(tmp_path, rows)
    units = national_units()
    for kind, classes in ((RosterKind.MEMBERS, IN_MEMBERS), (RosterKind.ORGS, IN_ORGS)):
        planted = plant(tmp_path / f"{kind}.csv", tmp_path / "dirty.csv", classes)

        with open_engine() as engine:
            roster = read_roster(tmp_path / "dirty.csv", kind, units, engine=engine, today=TODAY)

        assert sorted((f.line, f.code) for f in roster.findings) == sorted(planted)
        assert {code for _, code in planted} >= set(classes)
