"""The way to a page with data: who reads it, of which unit and month, and what is said where it cannot be shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.console.entry import ACCOUNT, reader_of, received, to_login
from app.console.pages import page
from app.db import Row, Session
from app.domain.period import FIRST, Period
from app.domain.permission import ROLES, Action, Actor
from app.errors import NotFound, Problem
from app.services import units
from app.services.periods import parse_period

MOST_PLACES = 200
"""Units of a choice: a province's cities, and some more."""

LONGEST_CODE = 9


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader looks: a unit and a month. `root` is what the addresses of these pages begin with."""

    by: Actor
    unit: str
    period: Period
    root: str = ""
    choices: tuple[Row, ...] = ()
    """The units to choose from, by code; none where there is no choice."""


async def admit(
    request: Request, lang: str, show: Callable[[Actor], Awaitable[Response]], back: str = ""
) -> Response:
    """The page for who is signed in. A visitor is sent to sign in (and then to `back`), a refusal is told.

    An account that must first do something about its password or second factor can do nothing here.
    """
    reader = reader_of(request)
    if reader is None:
        return to_login(request, lang, back)
    if not reader.grants:
        return RedirectResponse(f"{ACCOUNT}{'?lang=' + lang if lang in ('zh', 'en') else ''}", 303)
    try:
        return await show(reader)
    except Problem as problem:
        return refused(request, lang, problem)


def refused(request: Request, lang: str, problem: Problem) -> Response:
    """A page that says why there is nothing to see. What is out of reach reads as what does not exist."""
    shown = page(request, "refused.html", lang, problem=problem)
    shown.status_code = problem.status
    shown.headers.update(problem.headers)
    return shown


async def place_of(request: Request, by: Actor, action: Action, unit: str, period: str) -> Place:
    """The unit and month that were asked for, else the reader's first unit for the action and this month.

    Raises Forbidden for who may do this nowhere, NotFound for a code that is none, Invalid for what is no month.
    """
    by.check_role(action)
    check_code(unit)
    month = parse_period(period) if period else max(Period.at(received(request)), FIRST)
    own = next((grant.unit for grant in by.grants if grant.role in ROLES[action]), by.grants[0].unit)
    found = await request.app.state.database.read(partial(choices, action=action, by=by))
    return Place(by, unit or own, month, choices=found)


def check_code(unit: str) -> None:
    """Refuse what cannot be a unit's code before it reaches a database. Raises NotFound."""
    if unit and not (unit.isascii() and unit.isdigit() and len(unit) <= LONGEST_CODE):
        raise NotFound()


def choices(session: Session, *, action: Action, by: Actor) -> tuple[Row, ...]:
    """The reader's own units for an action and those that report to them, by code."""
    paths = by.reach(action)
    own = [grant.unit for grant in by.grants if grant.path in paths]
    found: dict[str, Row] = {}
    for code in own:
        below = units.listed(session, paths=paths, parent=code, limit=MOST_PLACES)
        found |= {row["code"]: row for row in (units.get(session, code), *below)}
    return tuple(found[code] for code in sorted(found))


async def seen(request: Request, service: Callable[..., Any], **arguments: Any) -> Any:
    """What a service reads for a page."""
    return await request.app.state.database.read(partial(service, **arguments))
