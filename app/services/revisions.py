"""Counters that say whether an answer may have changed; an ETag names their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Label, Select, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from app.db import Session, prepared
from app.domain.period import FIRST
from app.models import Revision

REGISTER = "register"
FORMS = "forms"
UNNAMED = "unnamed"
"""Counts the changes that do not say whose figures they concern."""

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
_CITIES = prepared(
    select(_REVISIONS.c.name, _REVISIONS.c.number).where(
        _REVISIONS.c.name.between(bindparam("first"), bindparam("last"))
    )
)

_READ_UP_TO = prepared(
    select(
        _number(REGISTER),
        _number(FORMS),
        _number(UNNAMED),
        func.sum(_REVISIONS.c.number).label("periods"),
    ).where(_REVISIONS.c.name.between(bindparam("first"), bindparam("last")))
)


def _of_period(period: str) -> str:
    """The name of the counter of everything that a period's figures depend on."""
    return f"period:{period}"


def _of_city(city: str) -> str:
    """The name of the counter of what the units of a city have stored, of whatever period."""
    return f"city:{city}"


def periods_before(month: str) -> Select[tuple[str]]:
    """The periods with any figures before a month, which is bound under this name: those that were ever counted."""
    name = _REVISIONS.c.name
    return select(func.substr(name, len(_of_period("")) + 1)).where(
        name >= _of_period(""), name < literal(_of_period("")) + bindparam(month)
    )


def bump(session: Session, name: str) -> None:
    """Say that answers which depend on the register, or on the forms, have changed."""
    session.defer(_BUMP, name=name)


def bump_period(session: Session, period: str) -> None:
    """Say that answers about a period have changed, whoever's figures did it."""
    session.defer(_BUMP_BOTH, period=_of_period(period), part=UNNAMED)


def bump_figures(session: Session, period: str, unit: str) -> None:
    """Say that answers about a period have changed, and that nothing but this unit's figures did it."""
    session.defer(_BUMP_BOTH, period=_of_period(period), part=_of_city(city_of(unit)))


def current(session: Session, period: str) -> str:
    """One word that changes whenever an answer about the period may have changed.

    Earlier periods belong to it, because a missing unit enters with what it reported last. Counters only rise,
    and so does their sum. In turn: the register's, the forms', that of changes that name no unit, and that sum.
    """
    row = session.one(_READ_UP_TO, first=_of_period(str(FIRST)), last=_of_period(period)) or {}
    return ".".join(str(number or 0) for number in row.values())


def common(state: str) -> str:
    """Of what `current` says, the counters of everything but figures: the register, the forms, deadlines, closes."""
    return state.rpartition(".")[0]


def city_of(unit: str) -> str:
    """The city that a unit belongs to: the first four digits."""
    return unit[:4]


def province_of(unit: str) -> str:
    """The province that a unit, or a city, belongs to: the first two digits."""
    return unit[:2]


class States(NamedTuple):
    """What the figures of each city and province hang on: `common` on everything, `numbers` on their own changes."""

    common: str
    numbers: Mapping[str, int]

    def of(self, place: str) -> str:
        """One word that changes whenever what a city or a province brings to a sum may have changed."""
        return f"{self.common}:{self.numbers.get(place, 0)}"


def cities(session: Session, state: str, first: str, last: str) -> States:
    """The states of the cities from `first` to `last` and of their provinces; `state` is what `current` says now.

    A change that does not say whose figures it concerned (a deadline, say) counts for all of them, and one of another
    period for its city: so who cannot tell what exactly has changed loses time, not truth.
    """
    numbers: dict[str, int] = {}
    for row in session.all(_CITIES, first=_of_city(first), last=_of_city(last)):
        city, number = row["name"].partition(":")[2], row["number"]
        province = province_of(city)
        numbers[city], numbers[province] = number, numbers.get(province, 0) + number
    return States(common(state), numbers)
