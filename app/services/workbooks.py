"""Reports as workbooks: what stands in the table that a unit downloads, and whose table came back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.db import Row, Session
from app.documents.form_book import FormSheet
from app.domain.form import FormVersion
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.errors import NotFound
from app.services import drafts, forms, standing, units, versions

_NOBODY = {"name": "", "phone": ""}


@dataclass(frozen=True, slots=True)
class Target:
    """The report that a workbook is for."""

    form: FormVersion
    name: str


def sheet(session: Session, *, period: Period, unit: str, by: Actor) -> FormSheet:
    """A unit's table: the report as the caller sees it, else what a new one starts from.

    The contact stands in it for the unit itself only; a masked one would come back as if it were real.
    Raises NotFound, Forbidden.
    """
    at = standing.of(session, unit, str(period))
    by.check(Action.READ_REPORT, at.unit["report_path"])
    return _sheet(session, at.unit, at.report, period, by)


def sheets(session: Session, *, period: Period, within: str, by: Actor) -> list[FormSheet]:
    """The tables of all units that report to a unit, by code. Raises NotFound, Forbidden."""
    place = units.get(session, within)
    by.check(Action.READ_REPORT, place["report_path"])
    cut_off = forms.in_force(session, period).window(period).end
    found = units.contributors(session, place, on=cut_off)
    return [sheet(session, period=period, unit=row["code"], by=by) for row in found]


def target(session: Session, *, period: Period, unit: str, by: Actor) -> Target:
    """The form and the unit's name, for reading a workbook. Raises NotFound, Forbidden."""
    place = units.get(session, unit)
    by.check(Action.WRITE_REPORT, place["report_path"])
    return Target(forms.in_force(session, period), place["name"])


def form_named(session: Session, *, name: str) -> FormVersion:
    """A form by its code and version, baixian-qianxiang/1. Raises NotFound."""
    code, _, version = name.partition("/")
    return forms.get(session, code, int(version))


def _sheet(session: Session, place: Row, report: Row | None, period: Period, by: Actor) -> FormSheet:
    version = _version(session, place, report, by)
    if version is None:
        content, form = drafts.carried_over(session, place, period), forms.in_force(session, period)
    else:
        content = version["content"]
        form = forms.get(session, version["form_code"], version["form_version"])
    return FormSheet(
        form=form,
        period=period,
        unit=place["code"],
        name=place["name"],
        level=place["level"],
        content=_seen(content, place, by),
        version=version["number"] if version else 0,
    )


def _version(session: Session, place: Row, report: Row | None, by: Actor) -> Row | None:
    """What the caller sees of the report; of another unit's draft, nothing."""
    if report is None:
        return None
    try:
        return versions.shown(session, report, place["report_path"], by)
    except NotFound:
        return None


def _seen(content: dict[str, Any], place: Row, by: Actor) -> dict[str, Any]:
    return content if versions.is_own(place["report_path"], by) else {**content, "contact": _NOBODY}
