"""Figures: the four values of a unit and period, rewritten whenever one of their sources changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from app.db import Row, Session, prepared
from app.domain.form import FormVersion
from app.domain.period import Period
from app.domain.proof import units_covered
from app.domain.values import FiguresRow, figures_row
from app.models import Figures
from app.services import coverage, forms, revisions
from app.services.periods import Policy

_FIGURES = Figures.__table__  # type: ignore[attr-defined]
_GET = prepared(
    select(_FIGURES).where(_FIGURES.c.period == bindparam("month"), _FIGURES.c.unit_code == bindparam("unit"))
)
_OF_UNIT = prepared(select(_FIGURES).where(_FIGURES.c.unit_code == bindparam("unit")))
_insert = insert(_FIGURES)
_SAVE = prepared(
    _insert.on_conflict_do_update(
        index_elements=["period", "unit_code"],
        set_={c.name: _insert.excluded[c.name] for c in _FIGURES.columns if not c.primary_key},
    )
)

_VALUES = FiguresRow._fields
_SUSPEND = prepared(
    update(_FIGURES)
    .where(_FIGURES.c.period == bindparam("month"), _FIGURES.c.unit_code == bindparam("unit"))
    .values(pending=bindparam("new_pending"))
)
_REOPEN = prepared(
    update(_FIGURES)
    .where(_FIGURES.c.period == bindparam("month"), _FIGURES.c.unit_code == bindparam("unit"))
    .values(reopening=bindparam("new_reopening"))
)
_OPEN: Row = {"closed_under": None, "pending": None, "reopening": None}

KEEP: Any = object()
"""Leave this source as it is stored."""


def get(session: Session, period: str, unit: str) -> Row | None:
    """The stored row, or None while nothing is known."""
    return session.one(_GET, month=period, unit=unit)


def refresh(
    session: Session,
    *,
    unit: str,
    period: str,
    form: FormVersion,
    before: Row | None,
    policy: Policy,
    reported: Mapping[str, int] | None = KEEP,
    evidenced: Mapping[str, int] = KEEP,
    ledger: Mapping[str, int | None] | None = KEEP,
) -> Row:
    """Compute the four values anew from the given sources and store them; `before` is the stored row.

    What was closed stays as it is: there the new values are kept as pending until a restatement takes them over.

    `reported` holds figures and supplements. A source that is not given keeps its stored value; None takes it
    away (a withdrawn report). What evidence covers is counted when there is no row yet, and by `recount`.
    """
    is_closed = before is not None and before["closed_under"] is not None
    stored = known(before) if before else {"reported": None, "evidenced": None, "ledger": None}
    if before is None and evidenced is KEEP:
        evidenced = proved(session, unit, Period.parse(period), form)
    values = figures_row(
        form.governed(policy.evidence_levels),
        stored["reported"] if reported is KEEP else reported,
        (stored["evidenced"] or {}) if evidenced is KEEP else evidenced,
        stored["ledger"] if ledger is KEEP else ledger,
        is_closed,
    )
    if before and is_closed:
        return _suspend(session, before, values)
    row = {
        "period": period,
        "unit_code": unit,
        "form_code": form.code,
        "form_version": form.version,
        **values._asdict(),
        **_OPEN,
    }
    session.defer(_SAVE, **row)
    revisions.bump_figures(session, period, unit)
    return row


def known(row: Row) -> Row:
    """The six values by what is known now: those that wait for a restatement, else the stored ones."""
    return row["pending"] or row


def values_of(row: Row) -> FiguresRow:
    """The six values of a stored row, or of what is pending."""
    return FiguresRow(*(row[name] for name in _VALUES))


def reopen(session: Session, *, period: str, unit: str, leave: Row) -> None:
    """Note who may correct what after the close, and until when."""
    session.run(_REOPEN, month=period, unit=unit, new_reopening=leave)


def _suspend(session: Session, before: Row, values: FiguresRow) -> Row:
    pending = None if values == values_of(before) else values._asdict()
    session.run(_SUSPEND, month=before["period"], unit=before["unit_code"], new_pending=pending)
    revisions.bump_figures(session, before["period"], before["unit_code"])
    return {**before, "pending": pending}


def recount(session: Session, *, unit: str, since: date, policy: Policy) -> None:
    """Count anew what evidence covers in every period whose cut-off lies on or after a day."""
    for stored in session.all(_OF_UNIT, unit=unit):
        period = Period.parse(stored["period"])
        form = forms.get(session, stored["form_code"], stored["form_version"])
        if form.window(period).end >= since:
            covered = proved(session, unit, period, form)
            refresh(
                session,
                unit=unit,
                period=stored["period"],
                form=form,
                before=stored,
                policy=policy,
                evidenced=covered,
            )


def proved(session: Session, unit: str, period: Period, form: FormVersion) -> dict[str, int]:
    """The units that accepted claims cover up to a period's cut-off, by indicator."""
    return units_covered(form, coverage.proofs(session, unit, period, form), accepted=True)
