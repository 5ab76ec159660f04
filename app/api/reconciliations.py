"""`/reconciliations`: what was reported against what the ledger says."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import DryRun, json_answer, json_response, page_of, read, write
from app.api.body import is_json, load_model, read_json
from app.api.context import headers_of
from app.api.documented import REFUSED_LEDGER, answers
from app.api.examples import RECONCILE
from app.api.findings import finding
from app.api.ledger import CSV_BODY, Encoding, received_ledger
from app.api.media import CSV, JSON, XLSX, preferred
from app.api.mismatch_files import TABLES, as_file
from app.api.paging import Cursor, Limit, decode_cursor
from app.api.schemas.ledger import MismatchPage, ReconcileIn, ReconciliationOut, RunSummaryOut
from app.db import Row, Session
from app.domain.permission import Actor
from app.errors import Finding, Invalid
from app.reconcile import Ledger
from app.services import reconciliation_summary, reconciliations, units
from app.services.idempotency import Answer
from app.services.periods import parse_period

router = APIRouter(prefix="/api/v1/reconciliations", tags=["reconciliation"])

_LIST = answers(MismatchPage, 200, 404, 406, 422)
_LIST[200]["content"] = TABLES
_JSON = {
    "schema": ReconcileIn.model_json_schema(),
    "examples": {name: {"value": value} for name, value in RECONCILE.items()},
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {**CSV_BODY["requestBody"]["content"], "application/json": _JSON},
    }
}

CODE = "^([0-9]{6}|[0-9]{9})$"


@router.post(
    "",
    status_code=201,
    responses=answers(ReconciliationOut, 201, 200, 404, 413, 415) | REFUSED_LEDGER,
    openapi_extra=_BODY,
)
async def reconcile(
    request: Request,
    period: Annotated[str | None, Query(pattern="^[0-9]{4}-[0-9]{2}$")] = None,
    unit: Annotated[str | None, Query(pattern=CODE)] = None,
    encoding: Encoding = None,
    dry_run: DryRun = False,
) -> Response:
    """Compare what was reported with the ledger, over exactly the seven figures that it decides.

    With a CSV body, `period` and `unit` are in the query: the file is imported and reconciled in one step, and
    a file with any error stores nothing (422). With a JSON body, the import in force is used, or the one named.
    Every difference is kept as a mismatch; difference = reported − ledger.
    """
    if is_json(headers_of(request.scope).get(b"content-type", b"")):
        body = load_model(ReconcileIn, await read_json(request, is_optional=False))
        return await _run(
            request, dry_run, body.model_dump(), body.period, body.unit, import_id=body.ledger_import
        )
    if period is None or unit is None:
        raise _missing(period=period, unit=unit)
    month = parse_period(period)
    found = await received_ledger(request, encoding)
    return await _run(request, dry_run, found.sha256, str(month), unit, ledger=found)


@router.get("/{run_id}", responses=answers(ReconciliationOut, 200, 404))
async def get_reconciliation(request: Request, run_id: str) -> Response:
    """One run with everything it found."""
    return json_response(await read(request, _whole, run_id=run_id))


@router.get("/{run_id}/summary", responses=answers(RunSummaryOut, 200, 403, 404))
async def get_summary(request: Request, run_id: str) -> Response:
    """What a run comes to, as a whole and for each province: 多报 and 少报 per figure, the largest differences,
    and the units that are missing in the ledger (台账缺失) or have not reported (未报)."""
    return json_response(await read(request, reconciliation_summary.of_run, run_id=run_id))


@router.get("/{run_id}/mismatches", responses=_LIST)
async def list_mismatches(
    request: Request, run_id: str, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """The mismatches of a run, by unit and then by column, with the figures as they were then.

    `Accept` also takes all of them as CSV or as a workbook.
    """
    media = preferred(request, JSON, CSV, XLSX)
    if media != JSON:
        return await as_file(request, media, await read(request, _lines, run_id=run_id))
    (after,) = decode_cursor(cursor, (int,)) or (-1,)
    rows = await read(request, _page, run_id=run_id, after=after, limit=limit + 1)
    page = page_of(rows, limit, "position")
    items = [reconciliations.mismatch_json(row) for row in page["items"]]
    return json_response({"items": items, "next": page["next"]}, {"Vary": "Accept"})


async def _run(
    request: Request,
    dry_run: bool,
    body: object,
    period: str,
    unit: str,
    *,
    import_id: str | None = None,
    ledger: Ledger | None = None,
) -> Response:
    return await write(
        request,
        reconciliations.run,
        partial(_answer, ledger),
        body=[period, unit, body],
        dry_run=dry_run,
        is_long=True,
        period=parse_period(period),
        unit_code=unit,
        import_id=import_id,
        ledger=ledger,
        policy=request.app.state.policy,
    )


def _answer(ledger: Ledger | None, found: dict[str, Any], committed: bool) -> Answer:
    body = {**found, "committed": committed}
    if ledger is not None:
        body["findings"] = [finding.as_json() for finding in ledger.findings]
    if not committed:
        return json_answer({**body, "id": None})
    return json_answer(body, 201, {"Location": f"/api/v1/reconciliations/{found['id']}"})


def _missing(**parameters: str | None) -> Invalid:
    found: list[Finding] = [
        finding("missing-field", f"/query/{name}") for name, value in parameters.items() if value is None
    ]
    return Invalid(code="missing-field", findings=found)


def _whole(session: Session, *, by: Actor, run_id: str) -> dict[str, Any]:
    row = reconciliations.get(session, run_id, by=by)
    found = reconciliations.mismatches(session, run_id)
    return {**reconciliations.as_json(row, found), "committed": True}


def _page(session: Session, *, by: Actor, run_id: str, after: int, limit: int) -> list[Row]:
    reconciliations.get(session, run_id, by=by)
    return reconciliations.mismatches(session, run_id, after=after, limit=limit)


def _lines(session: Session, *, by: Actor, run_id: str) -> list[Row]:
    """All mismatches of a run with what a file shows beside them."""
    run = reconciliations.get(session, run_id, by=by)
    names = units.names(session)
    return [
        {**row, "period": run["period"], "name": names.get(row["unit_code"], ""), "text": ""}
        for row in reconciliations.mismatches(session, run_id)
    ]
