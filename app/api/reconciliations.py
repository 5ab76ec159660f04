"""`/reconciliations`: what was reported against what the ledger says."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import DryRun, encode, json_answer, json_response, page_of, read, write
from app.api.body import is_json, read_json, validate
from app.api.context import headers_of
from app.api.documented import answers
from app.api.findings import finding
from app.api.ledger import CSV_BODY, Encoding, received_ledger
from app.api.paging import Cursor, Limit, decode_cursor
from app.api.schemas.common import UnitCodePattern
from app.api.schemas.ledger import MismatchPage, ReconcileIn, ReconciliationOut
from app.db import Session
from app.domain.permission import Actor
from app.errors import Finding, Invalid
from app.reconcile import Ledger
from app.services import reconciliations
from app.services.idempotency import Answer
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1/reconciliations", tags=["reconciliation"])
