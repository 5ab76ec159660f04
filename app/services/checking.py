"""Checking: gather the facts that the rules of a form need, and run them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, func, select

from app.db import Question, Row, Session, prepared, question
from app.domain.checks import Facts, Previous, UnitFacts, check
from app.domain.content import ReportContent
from app.domain.form import FormVersion
from app.domain.form_diff import comparable
from app.domain.period import Period
from app.errors import Finding
from app.models import Figures, Report
from app.models.report import IS_ACCEPTED
from app.services import forms

_REPORTS = Report.__table__  # type: ignore[attr-defined]
_FIGURES = Figures.__table__  # type: ignore[attr-defined]
_OF_UNIT = (_REPORTS.c.unit_code == bindparam("unit"), IS_ACCEPTED)
_LAST = select(func.max(_REPORTS.c.period)).where(*_OF_UNIT, _REPORTS.c.period < bindparam("month"))
_PREVIOUS = prepared(
    select(_REPORTS.c.period, _REPORTS.c.form_code, _REPORTS.c.form_version, _FIGURES.c.reported)
    .join(_FIGURES, (_FIGURES.c.period == _REPORTS.c.period) & (_FIGURES.c.unit_code == _REPORTS.c.unit_code))
    .where(*_OF_UNIT, _REPORTS.c.period == _LAST.correlate(None).scalar_subquery())
)


def findings_of(
    session: Session,
    *,
    form: FormVersion,
    unit: Row,
    period: Period,
    content: ReportContent,
    stored: Row | None,
    covered: Mapping[str, int],
) -> list[Finding]:
    """What the form's rules find in a content.

    `stored` is the row of figures that is in force, if any; `covered` says how many units the accepted and
    pending claims cover, for the indicators of which evidence is demanded.
    """
    facts = Facts(
        period=period,
        unit=UnitFacts(unit["level"], unit["counties_count"], unit["townships_count"]),
        figures=content.figures,
        supplements=content.supplements,
        previous=previous(session, form, unit["code"], period),
        ledger_flow=_ledger_flow(form, stored),
        coverage=covered,
    )
    return check(form, facts)


def asked(unit: str, period: str) -> Question:
    """The question that `previous` asks."""
    return question(_PREVIOUS, unit=unit, month=period)


def previous(session: Session, form: FormVersion, unit: str, period: Period) -> Previous | None:
    """The unit's last accepted report before a period, with the figures that can be compared."""
    row = session.one(_PREVIOUS, unit=unit, month=str(period))
    if row is None:
        return None
    figures = row["reported"] or {}
    if (row["form_code"], row["form_version"]) != (form.code, form.version):
        older = forms.get(session, row["form_code"], row["form_version"])
        figures = comparable(older, form, figures)
    return Previous(Period.parse(row["period"]), figures)


def _ledger_flow(form: FormVersion, stored: Row | None) -> bool | None:
    """Whether the ledger in force shows any flow; None while it says nothing of this unit and period."""
    ledger: Mapping[str, int | None] = (stored and stored["ledger"]) or {}
    if all(value is None for value in ledger.values()):
        return None
    return any(ledger.get(code) for code in form.flow_codes if code in form.ledger_codes)
