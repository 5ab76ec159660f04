"""A ledger file and reports in, comparisons out: the whole job, without a server or a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, overload

from app.errors import Severity
from app.reconcile.columns import SEVEN
from app.reconcile.compare import Comparison, Figures, compare
from app.reconcile.engine import Engine, open_engine, threads_for
from app.reconcile.findings import LedgerFinding, finding
from app.reconcile.frame import laid_down
from app.reconcile.national import compare_tables, load_reported
from app.reconcile.reports import Reports, read_reports
from app.reconcile.roster.read import Source
from app.reconcile.roster.run import RosterOptions, RosterReconciliation, Rosters, reconcile_rosters
from app.reconcile.summary import Ledger, read_summary
from app.reconcile.units import LedgerUnit, Units, by_code

LARGE = 20_000
"""From so many pairs of period and unit on, the comparison is made in the engine."""

Reported = Mapping[str, Mapping[str, Figures]]
"""Figures by period ("2015-04") and unit."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A ledger, what was wrong with the reports, and a comparison by period; none if either was refused."""

    ledger: Ledger
    report_findings: tuple[LedgerFinding, ...] = ()
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether both sides could be read; says nothing about mismatches."""
        return self.ledger.ok and not any(f.severity is Severity.ERROR for f in self.report_findings)

    def as_json(self) -> dict[str, Any]:
        """Everything but the figures themselves."""
        return {
            "ledger": self.ledger.as_json(),
            "report_findings": [found.as_json() for found in self.report_findings],
            "comparisons": [{"period": p, **c.as_json()} for p, c in self.comparisons.items()],
        }


@overload
def reconcile(
    ledger: Rosters,
    reports: str | PathLike[str] | Reports | Reported,
    units: Iterable[LedgerUnit] | Units,
    *,
    period: str | None = None,
    expected_units: Iterable[str] | None = None,
    indicators: tuple[str, ...] = SEVEN,
    engine: Engine | None = None,
    options: RosterOptions | None = None,
) -> RosterReconciliation: ...


@overload
def reconcile(
    ledger: Source,
    reports: str | PathLike[str] | Reports | Reported,
    units: Iterable[LedgerUnit] | Units,
    *,
    period: str | None = None,
    expected_units: Iterable[str] | None = None,
    indicators: tuple[str, ...] = SEVEN,
    encoding: str | None = None,
    engine: Engine | None = None,
) -> Reconciliation: ...


def reconcile(
    ledger: Any,
    reports: str | PathLike[str] | Reports | Reported,
    units: Iterable[LedgerUnit] | Units,
    *,
    period: str | None = None,
    expected_units: Iterable[str] | None = None,
    indicators: tuple[str, ...] = SEVEN,
    encoding: str | None = None,
    engine: Engine | None = None,
    options: RosterOptions | None = None,
) -> Reconciliation | RosterReconciliation:
    """Compare a ledger with reports: a file of them (see `read_reports`), or what it would give.

    The ledger is a summary, as a file or data frame, or two `Rosters`, from which the figures are derived.

    One period if `period` names it, else each period that has reports. `expected_units` are those whose
    silence counts; by default a unit that neither side names is not missed, and with rosters one that did
    not report. `encoding` is the ledger's; that of rosters is in `options`.
    Whatever is wrong with the files is in the findings; ValueError only for an unknown encoding.
    """
    known = by_code(units)
    said = _reports(reports, period)
    findings = (*said.findings, *_unknown_units(said.figures, known))
    if isinstance(ledger, Rosters):
        return reconcile_rosters(
            ledger,
            said.figures,
            findings,
            known,
            periods=[period] if period is not None else sorted(said.figures),
            expected_units=expected_units,
            indicators=indicators,
            options=options or RosterOptions(),
            engine=engine,
        )
    with ExitStack() as closing:
        path = laid_down(ledger, Path(closing.enter_context(TemporaryDirectory(prefix="yuebao-"))))
        engine = engine or closing.enter_context(open_engine(threads=threads_for(path)))
        read = read_summary(path, known, encoding=encoding, engine=engine)
        result = Reconciliation(read, findings)
        if not result.ok:
            return result
        periods = [period] if period is not None else sorted(said.figures)
        expected = None if expected_units is None else list(expected_units)
        is_large = len(read.figures) + sum(map(len, said.figures.values())) >= LARGE
        compare_all = _compare_in_engine if is_large and _has_all(read, indicators) else _compare_each
        return Reconciliation(
            read, findings, compare_all(engine, read, said.figures, periods, expected, indicators)
        )


def _reports(given: str | PathLike[str] | Reports | Reported, period: str | None) -> Reports:
    if isinstance(given, Reports):
        return given
    return Reports(given) if isinstance(given, Mapping) else read_reports(given, period=period)


def _unknown_units(reported: Reported, units: Units) -> list[LedgerFinding]:
    names = {unit for period in reported.values() for unit in period if unit not in units}
    return [finding("unknown-unit", column="unit_code", value=unit) for unit in sorted(names)]


def _has_all(ledger: Ledger, indicators: Sequence[str]) -> bool:
    return all(code in figures for figures in islice(ledger.figures.values(), 1) for code in indicators)


def _compare_each(
    engine: Engine,
    ledger: Ledger,
    reported: Reported,
    periods: Sequence[str],
    expected: list[str] | None,
    indicators: Sequence[str],
) -> dict[str, Comparison]:
    return {
        period: compare(
            reported.get(period, {}), ledger.of(period), expected_units=expected, indicators=indicators
        )
        for period in periods
    }


def _compare_in_engine(
    engine: Engine,
    ledger: Ledger,
    reported: Reported,
    periods: Sequence[str],
    expected: list[str] | None,
    indicators: Sequence[str],
) -> dict[str, Comparison]:
    load_reported(engine, reported, indicators)
    return compare_tables(engine, periods=periods, expected_units=expected, indicators=indicators)
