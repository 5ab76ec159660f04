"""The tables, one file per noun."""

from app.models.access import Grant, Token
from app.models.base import metadata
from app.models.evidence import Claim, ClaimEvidence, ClaimUnit, Evidence
from app.models.form_version import FormVersion
from app.models.ledger import LedgerFigure, LedgerImport, Mismatch, Reconciliation
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
    "AuditEvent",
    "AuditSegment",
    "Claim",
    "ClaimEvidence",
    "ClaimUnit",
    "DeadlineOverride",
    "Evidence",
    "Figures",
    "FormVersion",
    "Grant",
    "IdempotencyKey",
    "LedgerFigure",
    "LedgerImport",
    "Mismatch",
    "OutboxEvent",
    "Reconciliation",
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
