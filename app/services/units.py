"""The register in use: look a unit up, list a subtree, find who contributes to a sum, load corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import ColumnElement, bindparam, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.db import Row, Session, prepared
from app.domain.canonical import digest
from app.domain.permission import Actor
from app.domain.register import Level, UnitRow, report_paths, with_counts
from app.errors import NotFound
from app.models import Unit
from app.models.unit import within
from app.services import audit, events, revisions

_UNITS = Unit.__table__  # type: ignore[attr-defined]
_PATH = _UNITS.c.report_path
_GET = prepared(select(_UNITS).where(_UNITS.c.code == bindparam("code")))
_ALL = prepared(select(_UNITS).order_by(_UNITS.c.code))
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
    """Write checked register rows: {added, changed, unchanged}. Codes that are not named stay as they are."""
    before = {row["code"]: row for row in session.all(_ALL)}
    merged = {**{code: _as_unit(row) for code, row in before.items()}, **{row.code: row for row in rows}}
    paths = report_paths(merged.values())
    new = [{**asdict(row), "report_path": paths[row.code]} for row in with_counts(merged.values())]
    added = [row for row in new if row["code"] not in before]
    changed = [row for row in new if row["code"] in before and row != before[row["code"]]]
    if added or changed:
        session.many(
            _SAVE, sorted([*added, *changed], key=lambda row: (len(row["report_path"]), row["code"]))
        )
        counts = {"added": len(added), "changed": len(changed)}
        audit.record(
            session,
            by=by,
            action="register.load",
            path="000000",
            thing="register",
            now=now,
            after=digest([[row["code"], row["report_path"]] for row in new]),
        )
        events.emit(session, "register.changed", unit="000000", data=counts, now=now)
        revisions.bump(session, revisions.REGISTER)
    return {"added": len(added), "changed": len(changed), "unchanged": len(new) - len(added) - len(changed)}


def known(session: Session) -> list[UnitRow]:
    """The register as it stands, by code."""
    return [_as_unit(row) for row in session.all(_ALL)]


def _as_unit(row: Row) -> UnitRow:
    stored = {key: value for key, value in row.items() if key != "report_path"}
    return UnitRow(**{**stored, "level": Level(row["level"])})
