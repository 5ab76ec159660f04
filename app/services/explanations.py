"""Why the ledger says what it says of one figure: gathered from the database, answered beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, or_, select

from app.db import Row, Session, prepared
from app.domain.period import FIRST, Period, Window
from app.domain.permission import Action, Actor
from app.domain.workflow import Status
from app.errors import NotFound
from app.models import LedgerFigure, LedgerImport, Reconciliation, Report, Unit
from app.models.unit import below
from app.reconcile import KINDS, LedgerUnit, RosterKind, explain
from app.reconcile.roster.explain import LISTED
from app.reconcile.summary_explanation import explain_summary
from app.services import figures, forms, ledger, roster_files, units
from app.services.roster_files import Shelf
from app.services.rosters import masked

_RUNS = Reconciliation.__table__  # type: ignore[attr-defined]
_IMPORTS = LedgerImport.__table__  # type: ignore[attr-defined]
_LEDGER = LedgerFigure.__table__  # type: ignore[attr-defined]
_REPORTS = Report.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_RUN = prepared(
    select(_RUNS.c.period, _RUNS.c.unit_code, _RUNS.c.ledger_import).where(_RUNS.c.id == bindparam("id"))
)
_IMPORTS_OF = prepared(
    select(_IMPORTS.c.id, _IMPORTS.c.kind, _IMPORTS.c.rank, _IMPORTS.c.records, _LEDGER.c.figures)
    .join(_LEDGER, _LEDGER.c.import_id == _IMPORTS.c.id)
    .where(_LEDGER.c.period == bindparam("month"), _LEDGER.c.unit_code == bindparam("unit"))
    .order_by(_IMPORTS.c.rank.desc())
)
_STATUS = prepared(
    select(_REPORTS.c.status).where(
        _REPORTS.c.period == bindparam("month"), _REPORTS.c.unit_code == bindparam("unit")
    )
)
_REPORTING = prepared(select(_UNITS.c.code).where(_UNITS.c.reports))
_AROUND = (_UNITS.c.code, _UNITS.c.name, _UNITS.c.report_parent, _UNITS.c.report_path)

Figures = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Question:
    """One figure with both sides, and the import that decides it; None where no ledger names the unit.

    `units` are those whose records it is made of, and those beside them.
    """

    period: str
    unit: str
    indicator: str
    window: Window
    previous: Window | None
    reported: Figures
    reported_before: Figures
    ledger: Figures
    ledger_before: Figures
    source: Row | None
    units: list[LedgerUnit]


def of_run(session: Session, *, run_id: str, unit_code: str, indicator: str, by: Actor) -> Question:
    """The question about a figure of a run: of the run's unit or one below it, with the run's import if that decides.

    Raises NotFound, also for a unit that is out of reach, for a figure that no ledger decides, and to a
    reporter whose unit has yet to send its report (blind first).
    """
    run = session.one(_RUN, id=run_id)
    if run is None:
        raise NotFound()
    unit = units.get(session, unit_code)
    if not f"{unit['report_path']}/".startswith(f"{units.get(session, run['unit_code'])['report_path']}/"):
        raise NotFound()
    month = Period.parse(run["period"])
    return of_figure(session, period=month, unit=unit, indicator=indicator, used=run["ledger_import"], by=by)


def of_figure(
    session: Session, *, period: Period, unit: Row, indicator: str, used: str | None = None, by: Actor
) -> Question:
    """The question about a figure of any unit and period; see `of_run`."""
    by.check(Action.READ_MISMATCHES, unit["report_path"])
    if indicator not in KINDS:
        raise NotFound()
    reporting = {row["code"] for row in session.all(_REPORTING)}
    answers = ledger.reporting_unit(unit["report_path"], reporting) or unit["code"]
    form = forms.in_force(session, period)
    if by.is_reporter_only and form.blind_first and not _has_sent(session, str(period), answers):
        raise NotFound()
    now = figures.get(session, str(period), unit["code"])
    is_first = period <= FIRST
    before = None if is_first else figures.get(session, str(period.previous), unit["code"])
    return Question(
        period=str(period),
        unit=unit["code"],
        indicator=indicator,
        window=form.window(period),
        previous=None if is_first else form.window(period.previous),
        reported=_side(now, "reported"),
        reported_before=_side(before, "reported"),
        ledger=_side(now, "ledger"),
        ledger_before=_side(before, "ledger"),
        source=_source(session.all(_IMPORTS_OF, month=str(period), unit=answers), indicator, used),
        units=_around(session, unit, reporting),
    )


def answer(question: Question, shelf: Shelf, *, limit: int = LISTED) -> dict[str, Any]:
    """The explanation, from the records of a roster where one decides the figure. Takes no session.

    Members are shown by the ends of their numbers. Raises Corrupted, Unavailable.
    """
    source = question.source
    told = {
        "period": question.period,
        "ledger_import": source and source["id"],
        "kind": source and source["kind"],
        "has_records": bool(source and source["records"]),
    }
    if source is None or source["records"] is None:
        return {**told, **_of_summary(question)}
    found = explain(
        roster_files.at_hand(shelf, source["records"]),
        question.unit,
        question.indicator,
        question.window,
        question.units,
        reported=question.reported,
        reported_before=question.reported_before,
        previous=question.previous,
        limit=limit,
    ).as_json()
    if KINDS[question.indicator] is RosterKind.MEMBERS:
        _mask(found)
    return {**told, **found}


def _of_summary(question: Question) -> dict[str, Any]:
    return explain_summary(
        question.unit,
        question.indicator,
        question.window,
        ledger=question.ledger,
        ledger_before=question.ledger_before,
        reported=question.reported,
        reported_before=question.reported_before,
        previous=question.previous,
    )


def _mask(found: dict[str, Any]) -> None:
    lists = [found["counted"], found["excluded"]]
    if found["previous"]:
        lists += [found["previous"]["came"], found["previous"]["went"]]
    for each in lists:
        for record in each["records"]:
            record["identity"] = masked(record["identity"])


def _has_sent(session: Session, period: str, unit: str) -> bool:
    row = session.one(_STATUS, month=period, unit=unit)
    return row is not None and row["status"] != Status.DRAFT


def _side(row: Row | None, side: str) -> Figures:
    return (row and row[side]) or {}


def _source(rows: list[Row], indicator: str, used: str | None) -> Row | None:
    """The import that decides a figure: the one that a run used, else the one in force.

    Where that is a summary, a roster in force that says the same stands in for it: it has the records.
    """
    deciding = [row for row in rows if row["kind"] in ("summary", KINDS[indicator].value)]
    in_force = [row for row in deciding if row["rank"] is not None]
    chosen = next((row for row in deciding if row["id"] == used), None) or next(iter(in_force), None)
    if chosen is None or chosen["records"]:
        return chosen
    said = chosen["figures"].get(indicator)
    same = [row for row in in_force if row["records"] and row["figures"].get(indicator) == said]
    return same[0] if same else chosen


def _around(session: Session, unit: Row, reporting: set[str]) -> list[LedgerUnit]:
    """The units at, below, above and beside one: all that its records may lie in."""
    path, code = unit["report_path"], unit["code"]
    near = [_UNITS.c.report_path == path, below(path, _UNITS.c.report_path)]
    near.append(_UNITS.c.code.in_(path.split("/")))
    if len(code) == 6 and not code.endswith("0000"):
        # A range, because SQLite searches no index for LIKE.
        near.append(and_(_UNITS.c.code >= code[:4], _UNITS.c.code < code[:4] + "a"))
    return [
        LedgerUnit(
            row["code"],
            row["name"],
            ledger.reporting_unit(row["report_path"], reporting),
            row["report_parent"],
        )
        for row in session.all(select(*_AROUND).where(or_(*near)))
    ]
