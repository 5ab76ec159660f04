"""How long the close of a whole nation takes: `python -m bench.bench_close`; the promise is 5 s."""

from __future__ import annotations

import sys
import tempfile
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from time import perf_counter

from sqlalchemy import insert, select, update

from app.cli.context import OPERATOR
from app.db import Database, Session, prepared
from app.domain.period import Period
from app.domain.permission import Actor, Grant, Role
from app.domain.register import read_register
from app.models import Figures, Report, Unit
from app.models.migrate import migrate
from app.services import closings, forms, units
from app.services.periods import Policy

PERIOD = Period(2015, 4)
NOW = datetime.fromisoformat("2015-04-30T18:00:00+08:00")
REVIEWER = Actor("token:bench", "bench", "token", (Grant(Role.REVIEWER, "000000", "000000"),))
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_FIGURES = prepared(insert(Figures.__table__))  # type: ignore[attr-defined]
_REPORTS = prepared(insert(Report.__table__))  # type: ignore[attr-defined]


def filled(session: Session, level: str) -> int:
    """The register, and an accepted report of every unit of one level, the only one that reports."""
    with files("app.domain").joinpath("register.csv").open(encoding="utf-8") as lines:
        rows, _ = read_register(line for line in lines if len(line.partition(",")[0]) != 9)
    units.load(session, rows, by=OPERATOR, now=NOW)
    forms.publish_builtin(session, by=OPERATOR, now=NOW)
    session.run(update(_UNITS).values(reports=_UNITS.c.level == level))
    form = forms.in_force(session, PERIOD)
    codes = [r["code"] for r in session.all(select(_UNITS.c.code).where(_UNITS.c.level == level))]
    values = {indicator.code: 7 for indicator in form.summed}
    empty: dict[str, object] = {"closed_under": None, "pending": None, "reopening": None}
    figures = {
        **dict.fromkeys(("reported", "effective"), values),
        **{name: {} for name in ("evidenced", "ledger", "sources", "flags")},
    }
    key = {"period": str(PERIOD), "form_code": form.code, "form_version": form.version}
    session.many(_FIGURES, [{**key, "unit_code": code, **figures, **empty} for code in codes])
    report = dict.fromkeys(Report.__table__.columns.keys())  # type: ignore[attr-defined]
    state = {"status": "accepted", "version": 1, "content_hash": "0" * 64, "timeliness": "on_time"}
    times = {"received_at": NOW, "first_submitted_at": NOW, "accepted_at": NOW, "accepted_by": "x"}
    accepted = {**report, **key, **state, **times, "accepted_version": 1}
    session.many(_REPORTS, [{**accepted, "unit_code": code} for code in codes])
    return len(codes)


def seconds(level: str) -> tuple[int, float]:
    """Units of the level, and how long closing them took, the commit included."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        migrate(url)
        with Database(url).transaction() as session:
            count = filled(session, level)
        start = perf_counter()
        with Database(url).transaction() as session:
            closings.close(
                session,
                period=PERIOD,
                unit_code="000000",
                reason="测量用，提前关闭",
                by=REVIEWER,
                now=NOW,
                policy=Policy(),
            )
        return count, perf_counter() - start


def main() -> None:
    """Print a line per level."""
    for level in ("prefecture", "county"):
        count, taken = seconds(level)
        sys.stdout.write(
            f"{level}: {count} units closed in {taken:.2f} s ({5 / taken:.1f} times within 5 s)\n"
        )


if __name__ == "__main__":
    main()
