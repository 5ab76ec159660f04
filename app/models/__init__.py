"""The tables, one file per noun."""

from app.models.access import Grant, Token
from app.models.base import metadata
from app.models.circular import Circular
from app.models.closing import Closing
from app.models.evidence import Claim, ClaimEvidence, ClaimUnit, Evidence
from app.models.form_version import FormVersion
from app.models.job import Job
from app.models.ledger import LedgerFigure, LedgerImport, Reconciliation
from app.models.mismatch import Mismatch, MismatchEntry, ReconciliationMismatch
from app.models.report import Figures, Report, ReportVersion
from app.models.trail import AuditEvent, DeadlineOverride, IdempotencyKey, OutboxEvent, Revision
from app.models.unit import Unit

__all__ = [
    "AuditEvent",
    "Circular",
    "Claim",
    "ClaimEvidence",
    "ClaimUnit",
    "Closing",
    "DeadlineOverride",
    "Evidence",
    "Figures",
    "FormVersion",
    "Grant",
    "IdempotencyKey",
    "Job",
    "LedgerFigure",
    "LedgerImport",
    "Mismatch",
    "MismatchEntry",
    "OutboxEvent",
    "Reconciliation",
    "ReconciliationMismatch",
    "Report",
    "ReportVersion",
    "Revision",
    "Token",
    "Unit",
    "metadata",
]
