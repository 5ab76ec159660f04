"""Where a unit stands in a period: register, deadline, report and figures, found in one look-up."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import BindParameter, Table, and_, bindparam, exists, literal, select

from app.db import Question, Row, Session, prepared, question
from app.domain.deadline import Deadline, Override
from app.domain.form import FormVersion
from app.domain.period import Period
from app.errors import NotFound
from app.models import Claim, DeadlineOverride, Figures, Report, Unit
from app.services.periods import Policy

_UNITS: Table = Unit.__table__  # type: ignore[attr-defined]
_REPORTS: Table = Report.__table__  # type: ignore[attr-defined]
_FIGURES: Table = Figures.__table__  # type: ignore[attr-defined]
_OVERRIDES: Table = DeadlineOverride.__table__  # type: ignore[attr-defined]
_CLAIMS: Table = Claim.__table__  # type: ignore[attr-defined]
_PARENTS = _UNITS.alias("parent")
_UNDER = _UNITS.alias("under")
_MONTH: BindParameter[str] = bindparam("month")


def _of(table: Table, prefix: str) -> dict[str, str]:
    """The keys under which a table's columns come back, by column."""
    return {column.name: f"{prefix}_{column.name}" for column in table.columns}


_UNIT_KEYS, _REPORT_KEYS, _FIGURE_KEYS = _of(_UNITS, "u"), _of(_REPORTS, "r"), _of(_FIGURES, "f")
_STANDING = prepared(
    select(
        *(_UNITS.c[name].label(key) for name, key in _UNIT_KEYS.items()),
        *(_REPORTS.c[name].label(key) for name, key in _REPORT_KEYS.items()),
        *(_FIGURES.c[name].label(key) for name, key in _FIGURE_KEYS.items()),
        _PARENTS.c.level.label("parent_level"),
        select(literal(1))
        .where(
            _UNDER.c.reports,
            _UNDER.c.report_path > _UNITS.c.report_path + "/",
            _UNDER.c.report_path < _UNITS.c.report_path + "0",
        )
        .correlate(_UNITS)
        .exists()
        .label("collects"),
        _OVERRIDES.c.due_on,
        _OVERRIDES.c.reason,
        exists().where(_CLAIMS.c.unit_code == _UNITS.c.code).label("has_claims"),
    )
    .outerjoin(_PARENTS, _PARENTS.c.code == _UNITS.c.report_parent)
    .outerjoin(
        _OVERRIDES, and_(_OVERRIDES.c.unit_code == _UNITS.c.report_parent, _OVERRIDES.c.period == _MONTH)
    )
    .outerjoin(_REPORTS, and_(_REPORTS.c.unit_code == _UNITS.c.code, _REPORTS.c.period == _MONTH))
    .outerjoin(_FIGURES, and_(_FIGURES.c.unit_code == _UNITS.c.code, _FIGURES.c.period == _MONTH))
    .where(_UNITS.c.code == bindparam("unit"))
)


class Standing(NamedTuple):
    """What is stored of a unit and period; `report` and `figures` are None while there are none.

    Without any claim of the unit nothing needs to be counted, which would cost as much as storing a version.
    """

    unit: Row
    report: Row | None
    figures: Row | None
    parent_level: str
    override: Override | None
    has_claims: bool
    collects: bool = False
    """Whether units report to it, so that its own report is the sum of theirs."""

    def due(self, period: Period, form: FormVersion, policy: Policy) -> Deadline:
        """When the unit's report is due: by the level it reports to, unless that unit moved the day."""
        return policy.due(period, form, self.parent_level, self.override)


def asked(unit: str, period: str) -> Question:
    """The question that `of` asks."""
    return question(_STANDING, unit=unit, month=period)


def of(session: Session, unit: str, period: str) -> Standing:
    """Where a unit stands in a period. Raises NotFound when there is no such unit."""
    row = session.one(_STANDING, unit=unit, month=period)
    if row is None:
        raise NotFound()
    return Standing(
        unit=_part(row, _UNIT_KEYS),
        report=_part(row, _REPORT_KEYS) if row["r_period"] is not None else None,
        figures=_part(row, _FIGURE_KEYS) if row["f_period"] is not None else None,
        parent_level=row["parent_level"] or row["u_level"],
        override=Override(date.fromisoformat(row["due_on"]), row["reason"]) if row["due_on"] else None,
        collects=bool(row["collects"]),
        has_claims=bool(row["has_claims"]),
    )


def _part(row: Row, keys: dict[str, str]) -> Row:
    return {name: row[key] for name, key in keys.items()}
