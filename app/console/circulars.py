"""The circular as pages: the list, one as it is read, its words as a form, and every step of its life."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.console.entry import received
from app.console.forms import LARGEST_TEXT, Given, check_form, read_form
from app.console.gate import admit, check_code, place_of, seen
from app.console.pages import Language, language_of, page
from app.db import Row, Session
from app.documents.circular import numbered
from app.domain.circular_life import CircularState, CircularStep, allowed_steps
from app.domain.circular_number import is_number
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.errors import NotFound, Problem, Text
from app.services import circular_queries, circulars, units
from app.services.periods import parse_period

router = APIRouter(include_in_schema=False)

PATH = "/circular"
CREATE = "create"
SHOWN = 100
"""Circulars of a list: more than eight years of a province."""

PARAGRAPH, PARAGRAPHS, SECTION = 2000, 40, 8000
"""Characters of a paragraph, paragraphs of a section, characters of a section."""

STATES = {
    CircularState.DRAFT: Text("草稿", "draft"),
    CircularState.SUBMITTED: Text("已送审", "submitted"),
    CircularState.APPROVED: Text("已批准", "approved"),
    CircularState.PUBLISHED: Text("已印发", "published"),
    CircularState.CORRECTED: Text("已更正", "corrected"),
}
DONE = {
    CREATE: Text("已生成草稿，请核对文字。", "The draft is written. Read it through."),
    "edit": Text("已保存。", "Saved."),
    "submit": Text("已送审，等待批准。", "Handed in for approval."),
    "return": Text("已退回修改。", "Returned to be edited."),
    "approve": Text("已批准，可以印发。", "Approved. It can be published."),
    "publish": Text("已印发，内容不再改变。", "Published. It never changes again."),
    "restate": Text("已生成更正稿。", "The correction is drafted."),
}
"""What is said after each step."""

REASON = Text("理由", "Reason")

_ID = re.compile("[0-9a-f]{32}")
Step = Callable[..., Row]


@router.get(PATH)
async def show_circular(
    request: Request,
    lang: Language = "",
    id: str = "",
    unit: str = "",
    period: str = "",
    edit: str = "",
    done: str = "",
) -> Response:
    """One circular, or without an id the list of those that the reader may read."""

    async def show(by: Actor) -> Response:
        if not id:
            return await _list(request, lang, by, unit, period)
        return await _one(request, lang, by, id, is_editing=bool(edit), done=DONE.get(done))

    return await admit(request, lang, show)


@router.post(PATH)
async def act_on_circular(request: Request, lang: Language = "") -> Response:
    """Take a step and show what came of it; what is refused is told above what was typed."""

    async def act(by: Actor) -> Response:
        form = await read_form(request, LARGEST_TEXT)
        check_form(request, form)
        step, id = form.get("do", ""), form.get("id", "")
        try:
            made = await _step(request, by, step, id, Given(form))
        except Problem as problem:
            if problem.status in (403, 404):
                raise
            return await _told(request, lang, by, form, problem)
        told = f"&lang={language_of(request, lang)}&done={step}"
        return RedirectResponse(f"{PATH}?id={made['id']}{told}", 303)

    return await admit(request, lang, act)


async def _list(
    request: Request, lang: str, by: Actor, unit: str, period: str, problem: Problem | None = None
) -> Response:
    place = await place_of(request, by, Action.READ_CIRCULAR, unit, period)
    asked = {"period": str(place.period) if period else None, "unit_code": place.unit if unit else None}
    found = await seen(request, _listed, **asked, by=by)
    shown = page(
        request,
        "circulars.html",
        lang,
        place=place,
        **found,
        states=STATES,
        problem=problem,
        may_write=bool(by.reach(Action.WRITE_CIRCULAR)),
    )
    shown.status_code = problem.status if problem else 200
    return shown


def _listed(session: Session, *, period: str | None, unit_code: str | None, by: Actor) -> dict[str, Any]:
    rows = circular_queries.listed(
        session, period=period, unit_code=unit_code, after=None, limit=SHOWN, by=by
    )
    codes = {row["unit_code"] for row in rows}
    return {"rows": rows, "names": {code: units.get(session, code)["name"] for code in codes}}


async def _one(
    request: Request,
    lang: str,
    by: Actor,
    id: str,
    *,
    is_editing: bool = False,
    done: Text | None = None,
    problem: Problem | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    if not _ID.fullmatch(id):
        raise NotFound()
    found = await seen(request, _read, circular_id=id, by=by)
    steps = {each.step.value for each in allowed_steps(found["row"]["state"]) if not each.because}
    steps = steps if found["may_write"] else set()
    shown = page(
        request,
        "circular.html",
        lang,
        **found,
        period=Period.parse(found["row"]["period"]),
        steps=steps,
        is_editing=is_editing and CircularStep.EDIT.value in steps,
        state=STATES[CircularState(found["row"]["state"])],
        numbered=numbered,
        done=done,
        problem=problem,
        typed=typed or {},
    )
    shown.status_code = problem.status if problem else 200
    return shown


def _read(session: Session, *, circular_id: str, by: Actor) -> dict[str, Any]:
    row = circular_queries.get(session, circular_id, by=by)
    unit = units.get(session, row["unit_code"])
    may_write = by.may(Action.WRITE_CIRCULAR, unit["report_path"])
    return {"row": row, "content": row["content"], "unit": unit, "may_write": may_write}


async def _told(
    request: Request, lang: str, by: Actor, form: Mapping[str, str], problem: Problem
) -> Response:
    """The page on which something was typed, with what was typed and why it was refused."""
    if form.get("do") == CREATE:
        return await _list(request, lang, by, "", "", problem)
    editing = form.get("do") == CircularStep.EDIT.value
    id = form.get("id", "")
    return await _one(request, lang, by, id, is_editing=editing, problem=problem, typed=form)


async def _step(request: Request, by: Actor, step: str, id: str, given: Given) -> Row:
    database, now = request.app.state.database, received(request)
    if step not in _STEPS or not (step == CREATE or _ID.fullmatch(id)):
        raise NotFound()
    service, arguments_of = _STEPS[step]
    said = arguments_of(given)
    given.check()
    if step in (CREATE, CircularStep.RESTATE.value):
        said["policy"] = request.app.state.policy
    if step != CREATE:
        said["circular_id"] = id
    moved: Row = await database.write_long(partial(service, **said, by=by, now=now))
    return moved


def _subject(given: Given) -> dict[str, Any]:
    unit = given.form.get("unit", "")
    check_code(unit)
    return {"unit_code": unit, "period": parse_period(given.form.get("period", ""))}


def _words(given: Given) -> dict[str, Any]:
    """The sections of the form, a paragraph a line."""
    names = [name for name in given.form if name.startswith("block-")]
    contact = given.text("contact", Text("联系人", "Contact"), most=100)
    return {
        "blocks": [
            {"code": name.removeprefix("block-"), "paragraphs": _paragraphs(given, name)} for name in names
        ],
        "contact": contact or None,
        "version": given.number("version"),
    }


def _paragraphs(given: Given, name: str) -> list[str]:
    label = Text("正文", "Section")
    lines = given.text(name, label, most=SECTION).split("\n")
    found = [line.strip() for line in lines if line.strip()]
    if len(found) > PARAGRAPHS or any(len(line) > PARAGRAPH for line in found):
        limit = Text(
            f"每部分最多{PARAGRAPHS}段，每段最多{PARAGRAPH}字",
            f"A section has at most {PARAGRAPHS} paragraphs of {PARAGRAPH} characters",
        )
        given.refuse(name, "text-too-long", limit)
    return found


def _approval(given: Given) -> dict[str, Any]:
    approver = given.text("approver", Text("批准人", "Who approved"), most=100)
    return {"content_hash": given.form.get("content_hash", ""), "approver": approver or None}


def _publication(given: Given) -> dict[str, Any]:
    number = given.text("number", Text("发文字号", "Number"), most=60)
    if number and not is_number(number):
        wrong = Text("发文字号的格式为“机关代字〔2015〕3号”", "A number is written like 示农青〔2015〕3号")
        given.refuse("number", "wrong-type", wrong)
    return {"number": number or None, "dated": given.day("dated", Text("成文日期", "Date"))}


def _reason(given: Given) -> dict[str, Any]:
    return {"reason": given.text("reason", REASON, least=2, most=500)}


_STEPS: dict[str, tuple[Step, Callable[[Given], dict[str, Any]]]] = {
    CREATE: (circulars.create, _subject),
    "edit": (circulars.edit, _words),
    "submit": (circulars.submit, lambda given: {}),
    "return": (circulars.send_back, _reason),
    "approve": (circulars.approve, _approval),
    "publish": (circulars.publish, _publication),
    "restate": (circulars.restate, _reason),
}
"""Each step: the service, and what it takes from the form."""
