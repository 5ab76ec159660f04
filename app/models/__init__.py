"""The tables, one file per noun."""

from app.models.access import Account, AccountSession, Attempt, Grant, PendingGrant, RecoveryCode, Token
from app.models.base import metadata
from app.models.circular import Circular
from app.models.closing import Closing
from app.models.contact import Contact, Disclosure
from app.models.evidence import Claim, ClaimEvidence, ClaimUnit, Evidence
from app.models.excuse import Excuse
from app.models.form_version import FormVersion
from app.models.job import Job
from app.models.ledger import LedgerFigure, LedgerImport, Reconciliation
from app.models.mismatch import Mismatch, MismatchEntry, ReconciliationMismatch
from app.models.reminder import Reminder, Subscription
from app.models.report import Figures, Report, ReportVersion
from app.models.trail import (
    AuditEvent,
    AuditSegment,
    DeadlineOverride,
    IdempotencyKey,
    OutboxEvent,
    Revision,
)
from app.models.unit import Unit
from app.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "Account",
    "AccountSession",
    "Attempt",
    "AuditEvent",
    "AuditSegment",
    "Circular",
    "Claim",
    "ClaimEvidence",
    "ClaimUnit",
    "Closing",
    "Contact",
    "DeadlineOverride",
    "Disclosure",
    "Evidence",
    "Excuse",
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
    "PendingGrant",
    "Reconciliation",
    "ReconciliationMismatch",
    "RecoveryCode",
    "Reminder",
    "Report",
    "ReportVersion",
    "Revision",
    "Subscription",
    "Token",
    "Unit",
    "Webhook",
    "WebhookDelivery",
    "metadata",
]
