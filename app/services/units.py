"""The register in use: look a unit up, list a subtree, find who contributes to a sum, load corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from operator import attrgetter

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.db import Row, Session, prepared
from app.domain.canonical import digest
from app.domain.permission import Actor
from app.domain.register import (
    CENTRE,
    COLUMNS,
    Denominators,
    Level,
    UnitRow,
    denominators,
    report_paths,
    with_counts,
)
from app.errors import NotFound
from app.models import Unit
from app.models.unit import within
from app.services import audit, events, revisions

_UNITS = Unit.__table__  # type: ignore[attr-defined]
_values = attrgetter(*COLUMNS)
_PATH = _UNITS.c.report_path
_GET = prepared(select(_UNITS).where(_UNITS.c.code == bindparam("code")))
_ALL = prepared(select(_UNITS).order_by(_UNITS.c.code))
_NAMES = prepared(select(_UNITS.c.code, _UNITS.c.name))
_ANY = prepared(select(func.max(_UNITS.c.code).label("code")))
_REPORTING_BELOW = prepared(
    select(_UNITS)
    .where(
        _UNITS.c.reports,
        bindparam("path_from") <= _PATH,
        bindparam("path_to") > _PATH,
        _UNITS.c.valid_from <= bindparam("on"),
        or_(_UNITS.c.valid_to.is_(None), _UNITS.c.valid_to > bindparam("on")),
    )
    .order_by(_PATH)
)
_insert = insert(_UNITS)
_SAVE = prepared(
    _insert.on_conflict_do_update(
        index_elements=["code"],
        set_={c.name: _insert.excluded[c.name] for c in _UNITS.columns if c.name != "code"},
    )
)


def get(session: Session, code: str) -> Row:
    """A unit by its code. Raises NotFound."""
    row = session.one(_GET, code=code)
    if row is None:
        raise NotFound()
    return row


def names(session: Session) -> dict[str, str]:
    """The name of every unit by its code."""
    return {row["code"]: row["name"] for row in session.all(_NAMES)}


def register_figures(unit: Row) -> dict[str, int | None]:
    """What the register says of a unit's denominators, by the code of their indicators."""
    return {
        "counties_agri_total": unit["agri_counties_count"],
        "townships_total": unit["townships_count"],
    }


def contributors(session: Session, unit: Row, on: date) -> list[Row]:
    """The units whose figures make up a unit's sum on a day, by code.

    The topmost reporting units below it by `report_parent` (so Shunde counts for Guangdong and not for
    Foshan); a reporting unit with none below it stands for itself.
    """
    path = unit["report_path"]
    found = session.all(_REPORTING_BELOW, path_from=path + "/", path_to=path + "0", on=on)
    topmost: list[Row] = []
    for row in found:
        if not topmost or not row["report_path"].startswith(topmost[-1]["report_path"] + "/"):
            topmost.append(row)
    if not topmost and unit["reports"]:
        return [unit]
    return sorted(topmost, key=lambda row: str(row["code"]))


def listed(
    session: Session,
    *,
    paths: Sequence[str],
    parent: str | None = None,
    level: str | None = None,
    query: str | None = None,
    after: str = "",
    limit: int = 100,
) -> list[Row]:
    """Units within the paths, by code, after a code; `query` is a code's beginning or a part of a name."""
    conditions: list[ColumnElement[bool]] = [within(paths, _PATH), _UNITS.c.code > after]
    if parent is not None:
        conditions.append(_UNITS.c.report_parent == parent)
    if level is not None:
        conditions.append(_UNITS.c.level == level)
    if query:
        conditions.append(
            or_(
                _UNITS.c.name.contains(query, autoescape=True),
                _UNITS.c.code.startswith(query, autoescape=True),
            )
        )
    return session.all(select(_UNITS).where(*conditions).order_by(_UNITS.c.code).limit(limit))


def load(session: Session, rows: Sequence[UnitRow], *, by: Actor, now: datetime) -> dict[str, int]:
    """Write checked register rows: {added, changed, unchanged}. Codes that are not named stay as they are.

    Counts that the register derived are derived anew, so that a new town raises its city's; a count that
    somebody stated otherwise stands until it is stated again.
    """
    before = {row["code"]: row for row in session.all(_ALL)}
    kept = _without_derived_counts([_as_unit(row) for row in before.values()])
    merged = {row.code: row for row in (*kept, *rows)}
    paths = report_paths(merged.values())
    new = [_as_row(row, paths[row.code]) for row in with_counts(merged.values())]
    added = [row for row in new if row["code"] not in before]
    changed = [row for row in new if row["code"] in before and row != before[row["code"]]]
    if added or changed:
        session.many(_SAVE, [*added, *changed])
        _trail(session, new, {"added": len(added), "changed": len(changed)}, by=by, now=now)
    return {"added": len(added), "changed": len(changed), "unchanged": len(new) - len(added) - len(changed)}


def _trail(session: Session, units: list[Row], counts: dict[str, int], *, by: Actor, now: datetime) -> None:
    audit.record(
        session,
        by=by,
        action="register.load",
        path=CENTRE,
        thing="register",
        now=now,
        after=digest([[str(value) for value in unit.values()] for unit in units]),
    )
    events.emit(session, "register.changed", unit=CENTRE, data=counts, now=now)
    revisions.bump(session, revisions.REGISTER)


def _without_derived_counts(rows: Sequence[UnitRow]) -> list[UnitRow]:
    """The rows with the counts blank that say no more than the tree itself does."""
    counted = denominators(rows)
    return [_without_derived(row, counted[row.code]) if row.reports else row for row in rows]


def _without_derived(row: UnitRow, counted: Denominators) -> UnitRow:
    return replace(
        row,
        counties_count=_unless(counted.counties, row.counties_count),
        agri_counties_count=_unless(counted.agri_counties, row.agri_counties_count),
        townships_count=_unless(counted.townships, row.townships_count),
    )


def _unless(derived: int, stated: int | None) -> int | None:
    return None if stated == derived else stated


def is_empty(session: Session) -> bool:
    """Whether no unit is known yet."""
    row = session.one(_ANY)
    return row is None or row["code"] is None


def known(session: Session) -> list[UnitRow]:
    """The register as it stands, by code."""
    return [_as_unit(row) for row in session.all(_ALL)]


def _as_row(unit: UnitRow, path: str) -> Row:
    """The columns of a unit; not by `asdict`, whose deep copies take longer than the whole import."""
    # The bare string, because the driver looks for an adapter for every value of a type it does not know.
    return dict(zip(COLUMNS, _values(unit), strict=True)) | {"level": unit.level.value, "report_path": path}


def _as_unit(row: Row) -> UnitRow:
    stored = {key: value for key, value in row.items() if key != "report_path"}
    return UnitRow(**{**stored, "level": Level(row["level"])})
