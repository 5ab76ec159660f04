"""Sums up the reporting tree, cached as bytes by everything they depend on."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import bindparam, or_, select

from app.db import Row, Session, prepared
from app.domain.aggregate import UnitFigures, View, aggregate
from app.domain.form import FormVersion
from app.domain.permission import Action, Actor
from app.domain.period import Period
from app.domain.values import FiguresRow
from app.models import Figures, Report, Unit
from app.services import forms, revisions, units

_FIGURES = Figures.__table__  # type: ignore[attr-defined]
_REPORTS = Report.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_PATH = _UNITS.c.report_path
_OF_PERIOD = prepared(
    select(
        _FIGURES.c.unit_code,
        _FIGURES.c.reported,
        _FIGURES.c.evidenced,
        _FIGURES.c.ledger,
        _FIGURES.c.effective,
        _FIGURES.c.sources,
        _FIGURES.c.flags,
        _REPORTS.c.status,
        _REPORTS.c.timeliness,
    )
    .join(_UNITS, _UNITS.c.code == _FIGURES.c.unit_code)
    .outerjoin(
        _REPORTS, (_REPORTS.c.unit_code == _FIGURES.c.unit_code) & (_REPORTS.c.period == _FIGURES.c.period)
    )
    .where(
        _FIGURES.c.period == bindparam("month"),
        or_(_PATH == bindparam("path"), (_PATH > bindparam("path_from")) & (_PATH < bindparam("path_to"))),
    )
)


def of_unit(session: Session, *, unit_code: str, period: Period, view: View, by: Actor) -> dict[str, Any]:
    """The answer of `GET /aggregates/{period}/{unit}`. Raises NotFound, Forbidden, Invalid."""
    unit = units.get(session, unit_code)
    by.check(Action.READ_AGGREGATES, unit["report_path"])
    form = forms.in_force(session, period)
    parts = _parts(session, unit, period, form)
    body = aggregate(form.indicators, form.ratios, parts, provisional=True, vintage=None, view=view)
    return {"period": str(period), "unit": unit["code"], "name": unit["name"], "form": form.id, **body}
