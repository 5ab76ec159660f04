"""Read a ledger, derive its figures, compare them with what was reported, explain the difference.

Summary ledgers: `read_summary(path, units) -> Ledger`, `compare(reported, ledger.of(period))`. Rosters:

    with open_engine(folder, memory="448MB") as engine:
        members = read_roster(path, "members", units, engine=engine, watch=watch)   # findings are values
        orgs = read_roster(path, "orgs", units, engine=engine, watch=watch)
        if members.ok and orgs.ok:
            figures = derive(members, orgs, {"2015-04": Window(start, end)}, units, engine=engine)
            save_roster(members, folder / "members.parquet", earlier=None, closed=None)
            save_roster(orgs, folder / "orgs.parquet")

`figures[period, unit]` has the seven figures, coop_orgs_new (X1) and wechat_groups; `at=` names units of any
level, by default those that report. `derive` takes the Parquet files in place of the rosters (back-entries
are moved only there), and later, without an engine of its own,

    explain(folder / "members.parquet", unit, "members_total", window, units,
            reported={...}, reported_before={...}, previous=window_before).as_json()

gives one figure's records, those left out with a reason, the identity on both sides and ranked hints;
`KINDS[indicator]` says which of the two files decides it. `watch(phase, done)` is called a few times a second,
perhaps from another thread; what it raises stops the work and comes out of the call. Nothing is kept of a
roster with an error. `reconcile` does the whole job in one call, on files or data frames. All of this needs
duckdb, python-calamine and defusedxml, and neither a web framework nor a database.
"""

from app.domain.period import Window
from app.reconcile.columns import SEVEN
from app.reconcile.compare import Comparison, compare
from app.reconcile.engine import open_engine
from app.reconcile.export import finding_lines
from app.reconcile.findings import LedgerFinding
from app.reconcile.reports import Reports, read_reports
from app.reconcile.roster.case import KINDS
from app.reconcile.roster.columns import RosterKind
from app.reconcile.roster.derive import DERIVED, derive
from app.reconcile.roster.explain import Explanation, explain
from app.reconcile.roster.read import Roster, read_roster
from app.reconcile.roster.run import RosterOptions, RosterReconciliation, Rosters
from app.reconcile.roster.store import save_roster
from app.reconcile.run import Reconciliation, reconcile
from app.reconcile.summary import Ledger, read_summary
from app.reconcile.units import LedgerUnit, ledger_units

__all__ = [
    "DERIVED",
    "KINDS",
    "SEVEN",
    "Comparison",
    "Explanation",
    "Ledger",
    "LedgerFinding",
    "LedgerUnit",
    "Reconciliation",
    "Reports",
    "Roster",
    "RosterKind",
    "RosterOptions",
    "RosterReconciliation",
    "Rosters",
    "Window",
    "compare",
    "derive",
    "explain",
    "finding_lines",
    "ledger_units",
    "open_engine",
    "read_reports",
    "read_roster",
    "read_summary",
    "reconcile",
    "save_roster",
]
