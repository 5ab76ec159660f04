"""Two rosters and reports in, comparisons out: the whole job, without a server or a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from app.domain.period import Period, Window, window
from app.errors import Severity
from app.reconcile.columns import SEVEN
from app.reconcile.compare import Comparison, Figures, compare
from app.reconcile.engine import Engine, open_engine
from app.reconcile.findings import LedgerFinding
from app.reconcile.roster.columns import RosterKind
from app.reconcile.roster.derive import DERIVED, derive
from app.reconcile.roster.read import Roster, Source, read_roster
from app.reconcile.roster.records import Records
from app.reconcile.roster.store import save_roster
from app.reconcile.units import Units
from app.reconcile.watch import Watch, nobody

MEMORY = "448MB"
"""For rosters of a nation: ten million records and their keys, the rest goes to the disk."""


class Rosters(NamedTuple):
    """Where the two rosters are: CSV or xlsx files, or data frames; None for one that is not there."""

    members: Source | None
    orgs: Source | None


@dataclass(frozen=True, slots=True)
class RosterReconciliation:
    """What the rosters say, what was wrong with them and with the reports, and a comparison by period.

    `figures` are those derived, by period and unit, with coop_orgs_new (X1) and wechat_groups for
    information. There are none, and no comparison, if anything was refused.
    """

    rosters: tuple[Roster, ...]
    report_findings: tuple[LedgerFinding, ...] = ()
    figures: Mapping[tuple[str, str], Figures] = field(default_factory=dict)
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether everything could be read; says nothing about mismatches."""
        return all(roster.ok for roster in self.rosters) and not any(
            found.severity is Severity.ERROR for found in self.report_findings
        )

    def as_json(self) -> dict[str, Any]:
        """Everything but the records themselves."""
        return {
            "rosters": [roster.as_json() for roster in self.rosters],
            "report_findings": [found.as_json() for found in self.report_findings],
            "comparisons": [{"period": p, **c.as_json()} for p, c in self.comparisons.items()],
        }


@dataclass(frozen=True, slots=True)
class RosterOptions:
    """How rosters are read; see `read_roster`.

    `earlier` are the files kept of the rosters before and `closed` the last day of the last closed period:
    what is dated up to it and was not known counts from the day after (补录). `windows` are those of periods
    that have another than the form's.
    """

    encoding: str | None = None
    columns: Mapping[str, str] | None = None
    sheet: str | None = None
    today: date | None = None
    watch: Watch = nobody
    earlier: Mapping[RosterKind, Path] = field(default_factory=dict)
    closed: date | None = None
    windows: Mapping[str, Window] = field(default_factory=dict)


def reconcile_rosters(
    rosters: Rosters,
    reported: Mapping[str, Mapping[str, Figures]],
    report_findings: tuple[LedgerFinding, ...],
    units: Units,
    *,
    periods: Iterable[str],
    expected_units: Iterable[str] | None,
    indicators: tuple[str, ...] = SEVEN,
    options: RosterOptions,
    engine: Engine | None = None,
) -> RosterReconciliation:
    """Read both rosters, derive the figures of all reporting units, and compare them period by period."""
    months = list(periods)
    with ExitStack() as closing:
        folder = Path(closing.enter_context(TemporaryDirectory(prefix="yuebao-")))
        engine = engine or closing.enter_context(open_engine(str(folder), memory=MEMORY))
        read = _read(rosters, units, engine, options)
        result = RosterReconciliation(tuple(read.values()), report_findings)
        if not result.ok:
            return result
        kept = {kind: _settled(roster, folder, options) for kind, roster in read.items()}
        windows = {month: options.windows.get(month) or window(Period.parse(month)) for month in months}
        members, orgs = kept.get(RosterKind.MEMBERS), kept.get(RosterKind.ORGS)
        at = {unit for figures in reported.values() for unit in figures} | {
            unit.reporting_unit for unit in units.values() if unit.reporting_unit
        }
        figures = derive(members, orgs, windows, units, engine=engine, at=sorted(at))
    expected = None if expected_units is None else list(expected_units)
    by_month: dict[str, dict[str, Figures]] = {month: {} for month in months}
    for (month, unit), found in figures.items():
        by_month[month][unit] = found
    comparisons = {
        month: compare(
            reported.get(month, {}),
            by_month[month],
            expected_units=expected if expected is not None else reported.get(month, {}),
            indicators=indicators,
        )
        for month in months
    }
    return RosterReconciliation(tuple(read.values()), report_findings, figures, comparisons)


def _read(rosters: Rosters, units: Units, engine: Engine, options: RosterOptions) -> dict[RosterKind, Roster]:
    sources = {RosterKind.MEMBERS: rosters.members, RosterKind.ORGS: rosters.orgs}
    return {
        kind: read_roster(
            source,
            kind,
            units,
            engine=engine,
            encoding=options.encoding,
            columns=options.columns,
            sheet=options.sheet,
            today=options.today,
            watch=_named(kind, options.watch),
        )
        for kind, source in sources.items()
        if source is not None
    }


def _named(kind: RosterKind, watch: Watch) -> Watch:
    return nobody if watch is nobody else lambda phase, done: watch(f"{kind} {phase}", done)


def _settled(roster: Roster, folder: Path, options: RosterOptions) -> Records:
    """The records as they count: from the engine, or through a file where back-entries have to be moved."""
    earlier = options.earlier.get(roster.kind)
    if earlier is None:
        return roster
    path = folder / f"{roster.kind}.parquet"
    save_roster(roster, path, earlier=earlier, closed=options.closed)
    return path


__all__ = ["DERIVED", "RosterOptions", "RosterReconciliation", "Rosters", "reconcile_rosters"]
