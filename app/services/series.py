"""Sums over a range of months, made from the same answers as the months themselves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import bindparam, or_, select

from app.db import Row, Session, prepared
from app.domain.aggregate import View
from app.domain.period import FIRST, Period
from app.domain.permission import Action, Actor
from app.domain.series import Month, series
from app.errors import Finding, Invalid, Severity, Text
from app.models import Figures, Unit
from app.services import forms, units
from app.services.aggregates import Answers

_FIGURES = Figures.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_PATH = _UNITS.c.report_path
_FILLED = prepared(
    select(_FIGURES.c.period)
    .distinct()
    .join(_UNITS, _UNITS.c.code == _FIGURES.c.unit_code)
    .where(
        _FIGURES.c.period <= bindparam("last"),
        or_(bindparam("path") == _PATH, (bindparam("path_from") < _PATH) & (bindparam("path_to") > _PATH)),
    )
    .order_by(_FIGURES.c.period)
)

LONGEST = 60
"""Months in one answer: five years."""


def of_unit(
    session: Session,
    *,
    unit_code: str,
    first: Period | None,
    last: Period | None,
    view: View,
    answers: Answers,
    by: Actor,
) -> dict[str, Any]:
    """What `GET /aggregates/{unit}` answers: the months from `first` to `last`, both included.

    Without `first` from 2015-04, without `last` up to the last month for which anything is stored. Every month
    is the very answer of `GET /aggregates/{period}/{unit}`, so every reader in scope gets the same totals.
    Raises NotFound, Forbidden, Invalid for a range that is backwards or longer than LONGEST.
    """
    unit = units.get(session, unit_code)
    by.check(Action.READ_AGGREGATES, unit["report_path"])
    filled = _filled(session, unit, last)
    first = first or FIRST
    last = last or max(filled[-1] if filled else first, first)
    _check(first, last)
    asked = list(_between(first, last))
    earlier = [period for period in filled if period < first]
    if first > FIRST and first.previous not in earlier:
        earlier.append(first.previous)
    months = [_month(session, unit_code, period, view, answers, by) for period in (*earlier, *asked)]
    head = {"unit": unit["code"], "name": unit["name"], "from": str(first), "to": str(last)}
    return {**head, "view": view.value, **series(months, first)}


def _filled(session: Session, unit: Row, last: Period | None) -> list[Period]:
    """The months up to `last` for which something is stored at or below a unit, in time order."""
    path, end = unit["report_path"], str(last) if last else "9999-12"
    found = session.all(_FILLED, last=end, path=path, path_from=path + "/", path_to=path + "0")
    return [Period.parse(row["period"]) for row in found]


def _between(first: Period, last: Period) -> Iterator[Period]:
    while first <= last:
        yield first
        first = first.next


def _check(first: Period, last: Period) -> None:
    length = (last.year - first.year) * 12 + last.month - first.month + 1
    if length < 1:
        raise _refusal("range-backwards", Text("起始期晚于截止期", "The range ends before it begins"))
    if length > LONGEST:
        text = Text(f"一次最多查询{LONGEST}个月", f"A range holds at most {LONGEST} months")
        raise _refusal("range-too-long", text)


def _refusal(code: str, text: Text) -> Invalid:
    return Invalid(text, code=code, findings=[Finding(code, code, Severity.ERROR, "/query/from", text)])


def _month(
    session: Session, unit_code: str, period: Period, view: View, answers: Answers, by: Actor
) -> Month:
    kept = answers.kept(session, unit_code=unit_code, period=period, view=view, by=by)
    if kept is None:
        blind = by.is_reporter_only
        kept = answers.computed(session, unit_code=unit_code, period=period, view=view, is_blind=blind)
    body = _parsed(kept.body)
    code, _, version = body["form"].partition("/")
    return Month(period, forms.get(session, code, int(version)), body)


@lru_cache(maxsize=128)
def _parsed(body: bytes) -> dict[str, Any]:
    """An answer as it was before it became bytes; nobody changes it."""
    found: dict[str, Any] = orjson.loads(body)
    return found
