"""Rankings: the units of a month by one ratio of its form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from app.db import Session
from app.domain.aggregate import PREFECTURES_TOTAL, View
from app.domain.completeness import UnitState, is_submitted
from app.domain.form_parts import Ratio as RatioSpec
from app.domain.period import Period
from app.domain.permission import Actor
from app.domain.ranking import Candidate, ranking
from app.domain.ratio import Ratio
from app.errors import Finding, Invalid, Severity, Text
from app.services import forms
from app.services.aggregates import Answers


def of_unit(
    session: Session,
    *,
    unit_code: str,
    period: Period,
    ratio: str,
    view: View,
    answers: Answers,
    by: Actor,
) -> dict[str, Any]:
    """The answer of `GET /rankings/{period}/{unit}`, from the sums of the month.

    Raises NotFound, Forbidden, and Invalid for a ratio that the month's form does not have.
    """
    asked: Any = {"unit_code": unit_code, "period": period, "view": view}
    kept = answers.kept(session, **asked, by=by)
    kept = kept or answers.computed(session, **asked, is_blind=by.is_reporter_only)
    body = orjson.loads(kept.body)
    spec = _spec(session, period, ratio)
    rows = ranked(body["units"], spec)
    same = ("period", "unit", "name", "form", "provisional")
    return {
        **{name: body[name] for name in same},
        "ratio": spec.code,
        "label": spec.label.text._asdict(),
        "ranked": sum(row["rank"] is not None for row in rows),
        "items": rows,
    }


def ranked(of_units: Iterable[Mapping[str, Any]], spec: RatioSpec) -> list[dict[str, Any]]:
    """The units of an aggregate by one ratio."""
    return ranking(_candidate(unit, spec) for unit in of_units)


def _spec(session: Session, period: Period, code: str) -> RatioSpec:
    known = {ratio.code: ratio for ratio in forms.in_force(session, period).ratios}
    if code not in known:
        named = "、".join(known)
        text = Text(f"没有这个比例，可选：{named}", f"No such ratio; there are {', '.join(known)}")
        found = Finding("unknown-ratio", "unknown-ratio", Severity.ERROR, "/query/ratio", text)
        raise Invalid(text, code="unknown-ratio", findings=[found])
    return known[code]


def _candidate(unit: Mapping[str, Any], spec: RatioSpec) -> Candidate:
    values = unit["effective"]
    numerator = values.get(spec.numerator)
    whole = 1 if spec.denominator == PREFECTURES_TOTAL else values.get(spec.denominator)
    state = UnitState(unit["unit"], unit["status"], unit["timeliness"])
    return Candidate(unit["unit"], unit["name"], Ratio(numerator, whole), is_submitted(state))
