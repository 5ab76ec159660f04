"""A sum over 41,000 townships right after one of them changed, and a province's workbook: milliseconds, printed.

python -m bench.bench_national [--rounds 20] [--townships 41000] [--database URL]
"""

from __future__ import annotations

import argparse
import atexit
import gc
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from app.cli.context import OPERATOR
from app.db import Database, Session
from app.documents.summary import summary_book, summary_of
from app.domain.aggregate import View
from app.domain.form import FormVersion
from app.domain.period import FIRST
from app.domain.register import Level, UnitRow, shipped_register
from app.domain.values import figures_row
from app.models.migrate import migrate
from app.services import figures, forms, units
from app.services.aggregates import Answers, of_unit
from app.services.parts import Parts
from app.services.periods import Policy

CENTRE, PROVINCE = "000000", "440000"
NOW = datetime(2015, 4, 24, tzinfo=UTC)
GOALS = {"sums after a change": 150, "province as a workbook": 500}
"""Milliseconds at the 95th percentile."""


def register(townships: int) -> list[UnitRow]:
    """The shipped register, in which every township reports for itself and nobody above it does."""
    rows = [replace(row, reports=row.level is Level.TOWNSHIP) for row in shipped_register()]
    kept = [row for row in rows if row.reports][:townships]
    return [*(row for row in rows if not row.reports), *kept]


def fill(session: Session, rows: list[UnitRow], chance: random.Random) -> FormVersion:
    """A first day, and April's figures of every township."""
    units.load(session, rows, by=OPERATOR, now=NOW)
    forms.publish_builtin(session, by=OPERATOR, now=NOW)
    form = forms.in_force(session, FIRST)
    key = {"period": str(FIRST), "form_code": form.code, "form_version": form.version}
    filled = [
        {**key, "unit_code": row.code, **figures_row(form.summed, *_said(form, chance), False)._asdict()}
        for row in rows
        if row.reports
    ]
    session.many(figures._SAVE, filled)
    return form


def _said(form: FormVersion, chance: random.Random) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """What a township reports, proves and has in the ledger; one in twenty differs from it."""
    reported = {figure.code: chance.randrange(40) for figure in form.summed}
    ledger = {code: reported[code] + (chance.random() < 0.05) for code in form.ledger_codes}
    return reported, {code: reported[code] for code in form.evidence_codes()}, ledger


@contextmanager
def month(url: str | None, townships: int) -> Iterator[tuple[Database, FormVersion, list[str]]]:
    """A database that holds one month of so many townships, and their codes."""
    with tempfile.TemporaryDirectory() as folder:
        url = url or f"sqlite:///{Path(folder) / 'national.sqlite3'}"
        migrate(url)
        database, rows = Database(url), register(townships)
        with database.transaction() as session:
            form = fill(session, rows, random.Random(20150425))
        yield database, form, [row.code for row in rows if row.reports]


class Took(NamedTuple):
    """Milliseconds by the clock, and of the processor: on a shared machine only the latter repeats."""

    clock: float
    processor: float


def timed(work: Callable[[], Any]) -> Took:
    """How long the work takes."""
    started, used = time.perf_counter(), time.process_time()
    work()
    return Took((time.perf_counter() - started) * 1000, (time.process_time() - used) * 1000)


def change(session: Session, form: FormVersion, code: str, chance: random.Random) -> None:
    """One township's report says something else."""
    reported, _, _ = _said(form, chance)
    before = figures.get(session, str(FIRST), code)
    key = {"unit": code, "period": str(FIRST), "form": form, "before": before}
    figures.refresh(session, **key, policy=Policy(), reported=reported)


def measure(rounds: int, townships: int, url: str | None) -> dict[str, list[Took]]:
    """Milliseconds by what was done."""
    chance, answers = random.Random(1), Answers(parts=Parts())
    asked: Any = {"unit_code": CENTRE, "period": FIRST, "view": View.ALL}
    found: dict[str, list[Took]] = {name: [] for name in GOALS}
    with month(url, townships) as (database, form, codes):
        with database.transaction() as session:
            first = timed(lambda: answers.computed(session, **asked))
        print(f"the first time, nothing kept: {first.clock:.0f} ms, processor {first.processor:.0f} ms")
        # As the service does once it has started (app.main): else the collector walks all that is kept.
        gc.collect()
        gc.freeze()
        atexit.register(gc.unfreeze)
        gc.set_threshold(10_000, 50, 100)
        for _ in range(rounds):
            with database.transaction() as session:
                change(session, form, chance.choice(codes), chance)
            with database.transaction() as session:
                took = timed(lambda session=session: answers.computed(session, **asked))
            found["sums after a change"].append(took)
        with database.transaction() as session:
            body = of_unit(session, unit=units.get(session, PROVINCE), period=FIRST)
            body["units"] = body["units"][:22]
        for _ in range(rounds):
            found["province as a workbook"].append(timed(lambda: summary_book(summary_of(form, body))))
    return found


def main() -> None:
    """Measure and print; exit code 1 where a goal is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=20)
    arguments.add_argument("--townships", type=int, default=41_000)
    arguments.add_argument("--database", default=None)
    given = arguments.parse_args()
    found = measure(given.rounds, given.townships, given.database)
    for name, times in found.items():
        clock, processor = zip(*times, strict=True)
        p95 = quantiles(clock, n=20)[-1]
        verdict = "met" if p95 <= GOALS[name] else "MISSED"
        print(f"{name}: median {median(clock):.0f} ms, p95 {p95:.0f} ms (goal {GOALS[name]}: {verdict})")
        print(
            f"  of the processor: median {median(processor):.0f} ms, p95 {quantiles(processor, n=20)[-1]:.0f} ms"
        )


if __name__ == "__main__":
    main()
