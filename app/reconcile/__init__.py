"""Read a ledger, derive its figures, compare them with what was reported."""

from app.reconcile.columns import SEVEN
from app.reconcile.compare import Comparison, compare
from app.reconcile.findings import LedgerFinding
from app.reconcile.reports import Reports, read_reports
from app.reconcile.run import Reconciliation, reconcile
from app.reconcile.summary import Ledger, read_summary
from app.reconcile.units import LedgerUnit, ledger_units

__all__ = [
    "SEVEN",
    "Comparison",
    "Ledger",
    "LedgerFinding",
    "LedgerUnit",
    "Reconciliation",
    "Reports",
    "compare",
    "ledger_units",
    "read_reports",
    "read_summary",
    "reconcile",
]
