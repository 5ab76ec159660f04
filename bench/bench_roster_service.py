"""A nation's rosters through the service: what the writer is held for, and what an explanation takes.

python -m bench.bench_roster_service [--rows 1000000] [--rounds 200]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median, quantiles
from types import SimpleNamespace
from typing import Any

from app.cli.context import OPERATOR as INSTALLER
from app.cli.ledger import OPERATOR
from app.db import Database
from app.domain.period import Period
from app.domain.register import shipped_register
from app.models.migrate import migrate
from app.reconcile import KINDS, RosterKind
from app.services import explanations, forms, ledger, rosters, units
from app.services.periods import Policy
from app.services.roster_files import Shelf
from app.services.rosters import RosterLedger
from app.storage import open_store
from bench.bench_ledger_sample import write_rosters

NOW = datetime(2015, 12, 28, tzinfo=UTC)
"""Nine periods have passed their cut-off day."""
GOAL = 150
"""Milliseconds of an explanation at the 95th percentile."""


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    result = work()
    return time.perf_counter() - begun, result


def _bring(database: Database, shelf: Shelf, file: Path, kind: RosterKind) -> RosterLedger:
    with database.transaction() as session:
        plan = rosters.plan(session, kind=kind, by=OPERATOR, now=NOW)
    reading, found = _seconds(lambda: rosters.read(file, plan, shelf))
    assert found.ok, found.findings[:3]
    with database.transaction() as session:
        storing, _ = _seconds(lambda: rosters.store(session, found, by=OPERATOR, now=NOW, policy=Policy()))
    size = sum(path.stat().st_size for path in (shelf.folder.parent / "ledger").rglob("*") if path.is_file())
    print(f"{kind}: {found.rows:,} rows, read in {reading:.1f} s, writer held for {storing:.2f} s", end=", ")
    print(f"{size / 1e6:.0f} MB kept so far")
    return found


def _as_summary(database: Database, found: dict[RosterKind, RosterLedger]) -> None:
    """The same figures as a summary, into the same database: what the writer is held for then."""
    members, orgs = found[RosterKind.MEMBERS], found[RosterKind.ORGS]
    both = {
        key: {**values, **orgs.figures[key], "members_total": values["members_total"] or 0}
        for key, values in members.figures.items()
        if key in orgs.figures
    }
    changed = {key: {**values, "members_total": values["members_total"] + 1} for key, values in both.items()}
    told = {
        name: getattr(members, name)
        for name in ("encoding", "sha256", "rows", "accepted", "findings", "counts")
    }
    summary: Any = SimpleNamespace(
        **told, periods=members.periods, units=members.units, as_of=members.as_of, figures=changed
    )
    with database.transaction() as session:
        storing, _ = _seconds(
            lambda: ledger.store(session, summary, kind="summary", by=OPERATOR, now=NOW, policy=Policy())
        )
    print(f"summary: {len(changed):,} units and periods, writer held for {storing:.2f} s")


def _explain(database: Database, shelf: Shelf, found: RosterLedger, rounds: int) -> None:
    chance, took, worked = Random(20150425), list[float](), list[float]()
    period = Period(2015, 12)
    for _ in range(rounds):
        unit = chance.choice(found.units)
        indicator = chance.choice([code for code, kind in KINDS.items() if kind is found.plan.kind])

        def ask(unit: str = unit, indicator: str = indicator) -> Any:
            with database.transaction() as session:
                row = units.get(session, unit)
                question = explanations.of_figure(
                    session, period=period, unit=row, indicator=indicator, by=OPERATOR
                )
            known = found.figures[str(period), unit].get(indicator) or 0
            # A difference makes it look for hints.
            asked = explanations.Question(
                **{n: getattr(question, n) for n in question.__slots__ if n != "reported"},
                reported={indicator: known + 3},
            )
            return explanations.answer(asked, shelf)

        begun = time.process_time()
        took.append(_seconds(ask)[0] * 1000)
        worked.append((time.process_time() - begun) * 1000)
    for name, times in (("", took), (", of the processor", worked)):
        print(
            f"explanation of {found.plan.kind}{name}: p50 {median(times):.0f} ms,"
            f" p95 {quantiles(times, n=20)[-1]:.0f} ms (goal {GOAL} ms)"
        )


def main() -> None:
    """Print what each step takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yuebao-") as name:
        folder = Path(name)
        write_rosters(folder, asked.rows)
        database = Database(f"sqlite:///{folder / 'yuebao.sqlite3'}")
        migrate(database.url)
        with database.transaction() as session:
            units.load(session, shipped_register(), by=INSTALLER, now=NOW)
            forms.publish_builtin(session, by=INSTALLER, now=NOW)
        shelf = Shelf(open_store(str(folder / "ledger"), data_dir=folder), folder / "rosters")
        found = {kind: _bring(database, shelf, folder / f"{kind}.csv", kind) for kind in RosterKind}
        for kind in RosterKind:
            _explain(database, shelf, found[kind], asked.rounds)
        _as_summary(database, found)


if __name__ == "__main__":
    main()
