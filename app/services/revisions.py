"""Counters that say whether an answer may have changed; an ETag names their values."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, Label, Select, bindparam, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from app.db import Session, prepared
from app.domain.period import FIRST
from app.models import Revision

REGISTER = "register"
FORMS = "forms"

_REVISIONS = Revision.__table__  # type: ignore[attr-defined]
_BUMP = prepared(
    insert(_REVISIONS)
    .values(name=bindparam("name"), number=1)
    .on_conflict_do_update(index_elements=["name"], set_={"number": _REVISIONS.c.number + 1})
)


def _number(name: str) -> Label[int]:
    number = select(_REVISIONS.c.number).where(_REVISIONS.c.name == name)
    return number.correlate(None).scalar_subquery().label(name)


_BUMP_BOTH = prepared(
    insert(_REVISIONS)
    .values([{"name": bindparam("period"), "number": 1}, {"name": bindparam("part"), "number": 1}])
    .on_conflict_do_update(index_elements=["name"], set_={"number": _REVISIONS.c.number + 1})
)
# Positions are written out: PostgreSQL takes two parameters for two expressions, which it will not group by.
_PART: ColumnElement[str] = literal_column("substr(name, 14)")
_PARTS = prepared(
    select(_PART.label("part"), func.sum(_REVISIONS.c.number).label("number"))
    .where(_REVISIONS.c.name.startswith("part:"), literal_column("substr(name, 6, 7)") <= bindparam("month"))
    .group_by(_PART)
)
"""The counters named part:2015-04:4401, by city."""

_READ_UP_TO = prepared(
    select(
        _number(REGISTER),
        _number(FORMS),
        func.sum(_REVISIONS.c.number).label("periods"),
    ).where(_REVISIONS.c.name.between(bindparam("first"), bindparam("last")))
)


def of_period(period: str) -> str:
    """The name of the counter of everything that a period's figures depend on."""
    return f"period:{period}"


def periods_before(month: str) -> Select[tuple[str]]:
    """The periods with any figures before a month, which is bound under this name: those that were ever counted."""
    name = _REVISIONS.c.name
    return select(func.substr(name, len(of_period("")) + 1)).where(
        name >= of_period(""), name < literal(of_period("")) + bindparam(month)
    )


def bump(session: Session, name: str) -> None:
    """Say that answers which depend on this have changed."""
    session.defer(_BUMP, name=name)


def current(session: Session, period: str) -> str:
    """One word that changes whenever an answer about the period may have changed.

    Earlier periods belong to it, because a missing unit enters with what it reported last. Counters only rise,
    and so does their sum.
    """
    row = session.one(_READ_UP_TO, first=of_period(str(FIRST)), last=of_period(period)) or {}
    return ".".join(str(number or 0) for number in row.values())


def part_of(unit: str) -> str:
    """The part of the country that a unit's figures belong to: the first four digits, a city's."""
    return unit[:4]


def bump_figures(session: Session, period: str, unit: str) -> None:
    """Say that answers about a period have changed, and that nothing but this unit's figures did it."""
    session.defer(_BUMP_BOTH, period=of_period(period), part=f"part:{period}:{part_of(unit)}")


class States(NamedTuple):
    """What each part's sums hang on: `common` on everything, `numbers` on its own figures."""

    common: str
    numbers: dict[str, int]

    def of(self, part: str) -> str:
        """One word that changes whenever an answer about the part may have changed."""
        return f"{self.common}:{self.numbers.get(part, 0)}"


def parts(session: Session, period: str) -> States:
    """The states of all parts, up to a period.

    A change that does not say whose figures it concerned (a deadline, say) counts for all parts: the period's
    counters are then ahead of those of the parts together. So who forgets to name the unit loses time, not truth.
    """
    register, form, total = current(session, period).split(".")
    numbers = {row["part"]: int(row["number"]) for row in session.all(_PARTS, month=period)}
    return States(f"{register}.{form}.{int(total) - sum(numbers.values())}", numbers)
