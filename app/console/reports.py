"""A reporter's page: where the unit's report stands, what to do next, and the official table, down and up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.console.entry import received
from app.console.forms import LARGEST, check_form, read_form, read_upload
from app.console.gate import Place, admit, place_of, seen
from app.console.pages import Language, language_of, page
from app.db import Session
from app.documents import opened
from app.documents.form_reader import Filled
from app.documents.form_reader import read_form as read_table
from app.documents.opened import OpenedBook, open_book
from app.domain.permission import Action, Actor
from app.domain.workflow import Status, allowed
from app.errors import Invalid, NotFound, Problem, Severity, Text, merge
from app.services import forms, periods, report_queries, report_states, reports, standing, workbooks
from app.services.filing import Submission
from app.services.periods import Policy
from app.services.steps import is_closed

router = APIRouter(include_in_schema=False)

PATH = "/report"
TABLE = "/report/table"
LARGEST_UPLOAD = opened.LARGEST + LARGEST
"""Bytes of a form with a workbook in it."""

_STEPS: dict[str, Callable[..., Any]] = {
    "submit": reports.submit_draft,
    "withdraw": report_states.withdraw,
}
DONE = {
    "sent": Text("已收到。", "Received."),
    "saved": Text("草稿已保存，尚未报送。", "The draft is saved and not yet sent."),
    "submit": Text("已报送。", "Sent."),
    "withdraw": Text("已撤回为草稿。", "Taken back: it is a draft again."),
}
_NO_FILE = Text("请先选择填好的 .xlsx 表", "Choose the filled .xlsx table first")


@router.get(PATH)
async def show_report(
    request: Request, lang: Language = "", unit: str = "", period: str = "", done: str = ""
) -> Response:
    """A unit's report of a month, as its reporter sees it."""

    async def show(by: Actor) -> Response:
        place = await place_of(request, by, Action.WRITE_REPORT, unit, period)
        return await _shown(request, lang, place, done=DONE.get(done))

    return await admit(request, lang, show)


@router.post(PATH)
async def act_on_report(request: Request, lang: Language = "") -> Response:
    """Send the saved draft, or take back what was sent."""

    async def act(by: Actor) -> Response:
        form = await read_form(request)
        check_form(request, form)
        step = form.get("do", "")
        if step not in _STEPS:
            raise NotFound()
        place = await _place(request, by, form)
        return await _tried(request, lang, place, step, partial(_take, request, place, step))

    return await admit(request, lang, act)


@router.post(TABLE)
async def take_table(request: Request, lang: Language = "") -> Response:
    """File the report in a workbook, exactly as `POST /reports/xlsx` does; every finding is told at once."""

    async def act(by: Actor) -> Response:
        form, data = await read_upload(request, LARGEST_UPLOAD)
        check_form(request, form)
        place = await _place(request, by, form)
        is_draft = "draft" in form
        done = "saved" if is_draft else "sent"
        return await _tried(request, lang, place, done, partial(_file, request, place, data, is_draft))

    return await admit(request, lang, act, back=PATH)


async def _place(request: Request, by: Actor, form: Mapping[str, str]) -> Place:
    return await place_of(request, by, Action.WRITE_REPORT, form.get("unit", ""), form.get("period", ""))


async def _tried(request: Request, lang: str, place: Place, done: str, work: Callable[[], Any]) -> Response:
    try:
        await work()
    except Problem as problem:
        if problem.status in (403, 404):
            raise
        return await _shown(request, lang, place, problem=problem)
    where = f"unit={place.unit}&period={place.period}"
    return RedirectResponse(f"{PATH}?{where}&lang={language_of(request, lang)}&done={done}", 303)


async def _take(request: Request, place: Place, step: str) -> None:
    await request.app.state.database.write(
        partial(
            _STEPS[step],
            period=str(place.period),
            unit=place.unit,
            policy=request.app.state.policy,
            by=place.by,
            now=received(request),
        )
    )


async def _file(request: Request, place: Place, data: bytes, is_draft: bool) -> None:
    if not data:
        raise Invalid(_NO_FILE, code="no-file")
    book = await asyncio.to_thread(open_book, data)
    to = await seen(request, workbooks.target, period=place.period, unit=place.unit, by=place.by)
    filled = await asyncio.to_thread(
        read_table, book, to.form, period=str(place.period), unit=place.unit, unit_name=to.name
    )
    submission = Submission(place.unit, str(place.period), filled.content, is_draft, filled.findings)
    try:
        await request.app.state.database.write(
            partial(
                _service(book),
                submission=submission,
                policy=request.app.state.policy,
                by=place.by,
                now=received(request),
            )
        )
    except Invalid as refused:
        raise _located(refused, filled) from None


def _service(book: OpenedBook) -> Callable[..., Any]:
    """Filing the first report, or correcting the version that the workbook was filled from."""
    version = book.stamp.version if book.stamp else 0
    return partial(reports.revise, version=version) if version else reports.submit


def _located(refused: Invalid, filled: Filled) -> Invalid:
    own = [found for found in filled.findings if found.severity is Severity.ERROR]
    findings = [filled.located(found) for found in merge(own, refused.findings)]
    return Invalid(refused.title, code=refused.code, findings=findings, **refused.members)


async def _shown(
    request: Request, lang: str, place: Place, *, done: Text | None = None, problem: Problem | None = None
) -> Response:
    found = await seen(request, _stand, place=place, now=received(request), policy=request.app.state.policy)
    shown = page(request, "report.html", lang, place=place, **found, done=done, problem=problem)
    shown.status_code = problem.status if problem else 200
    return shown


def _stand(session: Session, *, place: Place, now: datetime, policy: Policy) -> dict[str, Any]:
    at = standing.of(session, place.unit, str(place.period))
    place.by.check(Action.WRITE_REPORT, at.unit["report_path"])
    asked: dict[str, Any] = {"policy": policy, "by": place.by}
    saved = None
    if at.report is not None:
        saved = report_queries.whole(session, unit=place.unit, period=str(place.period), **asked)
    status = Status(saved.report["status"] if saved else Status.ABSENT)
    is_shut = is_closed(at.figures, now)
    steps = allowed(
        status,
        lambda action: place.by.may(action, at.unit["report_path"]),
        is_closed=is_shut,
        is_reopened=bool(at.figures and at.figures["reopening"]),
    )
    return {
        "unit": at.unit,
        "timetable": periods.of_unit(session, unit_code=place.unit, period=place.period, **asked),
        "saved": saved,
        "status": status.value,
        "is_shut": is_shut,
        "reopening": at.figures["reopening"] if at.figures else None,
        "steps": {each.step.value for each in steps if each.ok},
        "form": forms.in_force(session, place.period),
    }
