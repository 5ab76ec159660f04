"""Reports as Excel workbooks: download the official table, send it back filled."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from app.api.answers import DryRun, caller, read, write
from app.api.body import check_digest, check_encoding, read_all
from app.api.conditional import etag_of, if_match, is_unchanged, not_modified
from app.api.context import headers_of, received_at
from app.api.documented import answers
from app.api.media import BINARY, XLSX, ZIP, asks_for, attachment
from app.api.openapi import refusals
from app.api.report_answers import filed
from app.api.schemas.reports import ReportOut
from app.api.schemas.shapes import PeriodInPath, UnitInPath
from app.documents.archive import zipped
from app.documents.form_book import FormSheet, form_book
from app.documents.form_reader import MESSAGES, Filled, read_form
from app.documents.marked import marked_book
from app.documents.opened import LARGEST, OpenedBook, open_book
from app.domain.period import Period
from app.domain.permission import Action
from app.errors import Finding, Invalid, Problem, Severity, Text, UnsupportedMedia, merge
from app.services import reports, workbooks
from app.services.filing import Submission
from app.services.periods import parse_period

LARGEST_UPLOAD = LARGEST

UPLOAD_TYPES = frozenset({XLSX, "application/octet-stream"})

MonthInQuery = Annotated[
    str | None, Query(pattern="^[0-9]{4}-[0-9]{2}$", description="when the stamp is lost")
]
UnitInQuery = Annotated[
    str | None, Query(pattern="^([0-9]{6}|[0-9]{9})$", description="when the stamp is lost")
]

router = APIRouter(prefix="/api/v1/reports", tags=["workbooks"])

_FILE: dict[int | str, dict[str, Any]] = {200: {"description": "The workbook", "content": {XLSX: BINARY}}}
_FILES: dict[int | str, dict[str, Any]] = {200: {"description": "The workbooks", "content": {ZIP: BINARY}}}
_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Not changed since the `ETag`"}}
_SENT = answers(ReportOut, 201, 200, 400, 403, 404, 409, 412, 413, 415, 422)
_SENT[422]["content"][XLSX] = BINARY


@dataclass(frozen=True, slots=True)
class _Named:
    """The report that a workbook is for, and the version that it was filled from; None to file the first."""

    period: Period
    unit: str
    is_revision: bool
    version: int | None


@router.get(
    "/{period}/{unit}/form.xlsx",
    response_class=Response,
    responses=_FILE | _UNCHANGED | refusals(403, 404, 422),
)
async def get_form_workbook(request: Request, period: PeriodInPath, unit: UnitInPath) -> Response:
    """The official table of a unit and month, to be filled in and sent back.

    It holds the report as it stands, or what a new one starts from: denominators, and for the unit itself the
    contact. Only the fields take input. A hidden stamp says whose table it is.
    """
    sheet = await read(request, workbooks.sheet, period=parse_period(period), unit=unit)
    content = await asyncio.to_thread(form_book, sheet)
    etag = etag_of(sha256(content).hexdigest()[:32])
    if is_unchanged(request, etag):
        return not_modified(etag)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", **attachment(sheet.filename)}
    return Response(content, headers=headers, media_type=XLSX)


@router.get("/{period}/forms.zip", response_class=Response, responses=_FILES | refusals(403, 404, 422))
async def get_form_workbooks(
    request: Request,
    period: PeriodInPath,
    within: Annotated[
        str, Query(pattern="^([0-9]{6}|[0-9]{9})$", description="the unit that they report to")
    ],
) -> StreamingResponse:
    """The tables of all units that report to one, each named by code and name, in one ZIP."""
    found: list[FormSheet] = await read(request, workbooks.sheets, period=parse_period(period), within=within)
    pieces = zipped((sheet.filename, form_book(sheet)) for sheet in found)
    return StreamingResponse(pieces, headers=attachment(f"{within}_{period}_forms.zip"), media_type=ZIP)


@router.post(
    "/xlsx",
    status_code=201,
    responses=_SENT,
    openapi_extra={"requestBody": {"required": True, "content": {XLSX: BINARY}}},
)
async def submit_workbook(
    request: Request,
    period: MonthInQuery = None,
    unit: UnitInQuery = None,
    draft: Annotated[bool, Query(description="save a draft instead of submitting")] = False,
    dry_run: DryRun = False,
) -> Response:
    """File the report in a workbook: exactly as its JSON would be filed, with the same checks.

    The stamp says whose report it is; a workbook that was filled from a saved version corrects that version
    (412 when there is a later one; `If-Match` names another). Findings carry the sheet and the cell besides the
    pointer. A client that accepts workbooks gets a refused one back with its wrong cells coloured and commented.
    """
    caller(request).check_role(Action.WRITE_REPORT)
    data = await _received(request)
    book = await asyncio.to_thread(open_book, data)
    named = _named(request, book, period, unit)
    to = await read(request, workbooks.target, period=named.period, unit=named.unit)
    filled = await asyncio.to_thread(
        read_form, book, to.form, period=str(named.period), unit=named.unit, unit_name=to.name
    )
    submission = Submission(named.unit, str(named.period), filled.content, draft, filled.findings)
    try:
        return await _file(request, named, submission, sha256(data).hexdigest(), dry_run)
    except Invalid as refused:
        return await _refusal(request, refused, book, filled, named)


async def _received(request: Request) -> bytes:
    headers = headers_of(request.scope)
    check_encoding(headers)
    kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if kind not in UPLOAD_TYPES:
        raise UnsupportedMedia(Text("请上传 .xlsx 工作簿", "Send an .xlsx workbook"))
    data = await read_all(request)
    check_digest(headers, data)
    return data


def _named(request: Request, book: OpenedBook, period: str | None, unit: str | None) -> _Named:
    """The report that the query names, else the stamp. Raises Invalid when neither does."""
    stamp = book.stamp
    month, code = period or (stamp and stamp.period), unit or (stamp and stamp.unit)
    if not month or not code:
        lost = MESSAGES["stamp-missing"]
        found = Finding("stamp-missing", "stamp-missing", Severity.ERROR, "", lost)
        raise Invalid(lost, code="stamp-missing", findings=[found])
    if b"if-match" in headers_of(request.scope):
        return _Named(parse_period(month), code, True, if_match(request))
    version = stamp.version if stamp else 0
    return _Named(parse_period(month), code, version > 0, version or None)


async def _file(
    request: Request, named: _Named, submission: Submission, digest: str, dry_run: bool
) -> Response:
    service = partial(reports.revise, version=named.version) if named.is_revision else reports.submit
    return await write(
        request,
        service,
        partial(filed, caller(request), received_at(request), 200 if named.is_revision else 201),
        body=[digest, str(named.period), named.unit, submission.draft, named.version],
        dry_run=dry_run,
        submission=submission,
        policy=request.app.state.policy,
    )


async def _refusal(
    request: Request, refused: Invalid, book: OpenedBook, filled: Filled, named: _Named
) -> Response:
    """The refusal with the cells of its findings: as a problem, or as the workbook with its cells marked."""
    own = [found for found in filled.findings if found.severity is Severity.ERROR]
    findings = [filled.located(found) for found in merge(own, refused.findings)]
    if asks_for(request, XLSX):
        located = [(found, filled.place_of(found.pointer)) for found in findings]
        content = await asyncio.to_thread(marked_book, book, located)
        if content is not None:
            headers = attachment(f"{named.unit}_{named.period}_审核结果.xlsx")
            return Response(content, 422, headers, XLSX)
    problem: Problem = Invalid(
        refused.title, code=refused.code, findings=findings, headers=refused.headers, **refused.members
    )
    raise problem from None
