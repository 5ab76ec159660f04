"""Figures: the four values of a unit and period, rewritten whenever one of their sources changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from app.db import Row, Session, prepared
from app.domain.form import FormVersion
from app.domain.values import figures_row
from app.models import Figures
from app.services import revisions

_FIGURES = Figures.__table__  # type: ignore[attr-defined]
_GET = prepared(
    select(_FIGURES).where(_FIGURES.c.period == bindparam("month"), _FIGURES.c.unit_code == bindparam("unit"))
)
_insert = insert(_FIGURES)
_SAVE = prepared(
    _insert.on_conflict_do_update(
        index_elements=["period", "unit_code"],
        set_={c.name: _insert.excluded[c.name] for c in _FIGURES.columns if not c.primary_key},
    )
)

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
    reported: Mapping[str, int] | None = KEEP,
    ledger: Mapping[str, int | None] | None = KEEP,
    closed: bool = False,
) -> Row:
    """Compute the four values anew from the given sources and store them; `before` is the stored row.

    `reported` holds figures and supplements. A source that is not given keeps its stored value; None takes it
    away (a withdrawn report).
    """
    stored = before or {"reported": None, "evidenced": None, "ledger": None}
    values = figures_row(
        form.summed,
        stored["reported"] if reported is KEEP else reported,
        stored["evidenced"] or {},
        stored["ledger"] if ledger is KEEP else ledger,
        closed,
    )
    row = {
        "period": period,
        "unit_code": unit,
        "form_code": form.code,
        "form_version": form.version,
        **values._asdict(),
    }
    session.run(_SAVE, **row)
    revisions.bump(session, revisions.of_period(period))
    return row
