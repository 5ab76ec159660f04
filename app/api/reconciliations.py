"""`/reconciliations`: what was reported against what the ledger says."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import DryRun, encode, json_answer, json_response, read, write
from app.api.body import is_json, load_model
from app.api.documented import answers, csv_or_json_body
from app.api.ledger import Encoding, ledger_json, received_ledger
from app.api.paging import Cursor, Limit, page
from app.api.schemas.ledger import MismatchPage, ReconcileIn, ReconciliationOut
from app.db import Session
from app.domain.permission import Actor
from app.domain.period import Period
from app.reconcile import Ledger
from app.services import ledger, reconciliations
from app.services.idempotency import Answer
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1/reconciliations", tags=["reconciliation"])
