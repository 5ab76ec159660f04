"""Drafts to start from: what a unit need not type again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from app.db import Row, Session, prepared
from app.domain.form import FormVersion
from app.domain.form_diff import comparable
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.models import ReportVersion
from app.services import consolidations, forms, revisions, units

_VERSIONS = ReportVersion.__table__  # type: ignore[attr-defined]
_LAST = prepared(
    select(_VERSIONS.c.form_code, _VERSIONS.c.form_version, _VERSIONS.c.content)
    .where(
        # The versions are kept by period and unit: where each period is named, the index finds a unit's at once.
        _VERSIONS.c.period.in_(revisions.periods_before("month")),
        _VERSIONS.c.unit_code == bindparam("unit"),
        _VERSIONS.c.draft.is_(False),
    )
    .order_by(_VERSIONS.c.period.desc(), _VERSIONS.c.number.desc())
)


def prefilled(session: Session, *, period: Period, unit: str, by: Actor) -> dict[str, Any]:
    """A body to start from: contact and denominators of the last report, else the register's; the rest blank.

    The ledger's figures are never in it: a unit reports before it is shown them (blind first). Raises NotFound,
    Forbidden.
    """
    place = units.get(session, unit)
    by.check(Action.WRITE_REPORT, place["report_path"])
    return carried_over(session, place, period)


def carried_over(session: Session, place: Row, period: Period) -> dict[str, Any]:
    """The same, whoever asks: the caller sees to it that the contact reaches nobody but the unit."""
    unit, form = place["code"], forms.in_force(session, period)
    last = session.one(_LAST, unit=unit, month=str(period))
    carried = {**units.register_figures(place), **_comparable(session, form, last)}
    known = {code: carried.get(code) for code in form.prefilled_codes}
    of_parts = consolidations.draft(session, place, period) or {}
    known |= of_parts.pop("figures", {})
    return {
        "period": str(period),
        "unit": unit,
        "contact": last["content"]["contact"] if last else {"name": "", "phone": ""},
        "figures": {code: value for code, value in known.items() if value is not None},
        "supplements": {},
        "activities": [],
        "narrative": "",
        "explanations": [],
        "draft": True,
        **of_parts,
    }


def _comparable(session: Session, form: FormVersion, last: Row | None) -> Mapping[str, int | None]:
    """The figures of the last report that still mean the same under this form."""
    if last is None:
        return {}
    older = forms.get(session, last["form_code"], last["form_version"])
    return comparable(older, form, last["content"]["figures"])
