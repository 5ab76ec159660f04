"""Versions of the ledger: what differs between two imports, and which of them is in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, or_, select, update

from app.db import Row, Session, prepared
from app.domain.permission import Actor
from app.errors import Conflict, Text
from app.models import LedgerFigure, LedgerImport
from app.reconcile import RosterKind
from app.services import ledger
from app.services.ledger import Act, Changes
from app.services.periods import Policy

_IMPORTS = LedgerImport.__table__  # type: ignore[attr-defined]
_FIGURES = LedgerFigure.__table__  # type: ignore[attr-defined]
_OF_IMPORT = prepared(
    select(_FIGURES.c.period, _FIGURES.c.unit_code, _FIGURES.c.figures)
    .where(_FIGURES.c.import_id == bindparam("id"))
    .order_by(_FIGURES.c.period, _FIGURES.c.unit_code)
)
_BEFORE = prepared(
    select(_IMPORTS.c.kind, _FIGURES.c.figures)
    .join(_IMPORTS, _IMPORTS.c.id == _FIGURES.c.import_id)
    .where(
        _FIGURES.c.period == bindparam("month"),
        _FIGURES.c.unit_code == bindparam("unit"),
        _IMPORTS.c.id != bindparam("but"),
        _IMPORTS.c.rank.is_not(None),
    )
    .order_by(_IMPORTS.c.rank.desc())
)
_RANK = prepared(
    update(_IMPORTS)
    .where(
        _IMPORTS.c.id == bindparam("import_id"),
        _IMPORTS.c.rank.is_not_distinct_from(bindparam("was_rank")),
        _IMPORTS.c.purged_at.is_(None),
    )
    .values(rank=bindparam("new_rank"))
)
_newer, _newer_figure = _IMPORTS.alias("newer"), _FIGURES.alias("newer_figure")
_IS_SUPERSEDED = (
    select(_newer.c.id)
    .where(
        _newer_figure.c.period == _FIGURES.c.period,
        _newer_figure.c.unit_code == _FIGURES.c.unit_code,
        _newer_figure.c.import_id == _newer.c.id,
        _newer.c.rank > _IMPORTS.c.rank,
        # A roster decides some of a summary's figures, so it supersedes another of its kind only.
        or_(_newer.c.kind == _IMPORTS.c.kind, _newer.c.kind == "summary"),
    )
    .correlate(_FIGURES, _IMPORTS)
    .exists()
)
_IS_IN_FORCE = (
    select(_FIGURES.c.import_id)
    .where(_FIGURES.c.import_id == _IMPORTS.c.id, _IMPORTS.c.rank.is_not(None), ~_IS_SUPERSEDED)
    .correlate(_IMPORTS)
    .exists()
)
_OLD = prepared(
    select(_IMPORTS.c.id, _IMPORTS.c.kind, _IS_IN_FORCE.label("is_in_force"))
    .where(_IMPORTS.c.purged_at.is_(None), _IMPORTS.c.imported_at < bindparam("cut"))
    .order_by(_IMPORTS.c.id)
)
_FORGET = prepared(delete(_FIGURES).where(_FIGURES.c.import_id == bindparam("id")))
_PURGED = prepared(
    update(_IMPORTS)
    .where(_IMPORTS.c.id == bindparam("import_id"))
    .values(rank=None, records=None, purged_at=bindparam("new_purged_at"))
)


class RecordsDiff(NamedTuple):
    """The files of two rosters by their hashes, and the counts of their differences where they are known."""

    kind: RosterKind
    records: str
    earlier: str | None
    counts: Mapping[str, int] | None


LISTED = 10_000
"""The most figures that a difference lists; its counts count all."""


def diff(session: Session, *, import_id: str, against: str | None, by: Actor) -> dict[str, Any]:
    """The figures that appear, differ or vanish from one import to another, by period, unit and column.

    Against the one that it superseded unless another is named; against nothing, everything is added. `records`
    says of a roster which files to compare (`rosters.compare`), and is None for a summary. Raises
    NotFound, and Conflict for an import whose figures were purged.
    """
    new = _kept(ledger.get(session, import_id, by=by))
    earlier = against if against is not None else new["supersedes"]
    old = _kept(ledger.get(session, earlier, by=by)) if earlier is not None else None
    before = _figures(session, old["id"]) if old else {}
    now = _figures(session, import_id)
    counts = {"added": 0, "changed": 0, "removed": 0}
    found: list[dict[str, Any]] = []
    for key in sorted(before.keys() | now.keys()):
        was, known = before.get(key), now.get(key)
        if was != known:
            what = "added" if was is None else "removed" if known is None else "changed"
            counts[what] += 1
            period, unit, indicator = key
            line = {"period": period, "unit": unit, "indicator": indicator, "change": what}
            found.append({**line, "from": was, "to": known})
    return {
        "id": import_id,
        "against": earlier,
        "changes": counts,
        "figures": found[:LISTED],
        "truncated": len(found) > LISTED,
        "records": _records(new, old) if new["records"] else None,
    }


def _records(new: Row, old: Row | None) -> RecordsDiff:
    is_usual = (old and old["id"]) == new["supersedes"]
    is_same_kind = old is not None and old["kind"] == new["kind"]
    return RecordsDiff(
        RosterKind(new["kind"]),
        new["records"],
        old["records"] if old and is_same_kind else None,
        new["summary"]["records"] if is_usual else None,
    )


def _figures(session: Session, import_id: str) -> dict[tuple[str, str, str], int]:
    return {
        (row["period"], row["unit_code"], code): value
        for row in session.all(_OF_IMPORT, id=import_id)
        for code, value in row["figures"].items()
    }


def promote(
    session: Session,
    *,
    import_id: str,
    in_force: str | None,
    by: Actor,
    now: datetime,
    policy: Policy,
) -> Row:
    """Put an earlier import in force again, for the units and periods that it names.

    `in_force` is the import that the caller takes for the one in force. Raises NotFound, Forbidden, Conflict
    when another one is, when it is this one, or when its figures were purged.
    """
    row = _kept(ledger.get(session, import_id, by=by))
    head = ledger.in_force(session, row["kind"], row["unit_code"])
    if head is not None and head["id"] == import_id:
        raise Conflict(
            Text("该版本已是现行版本", "This version is in force already"), code="already-in-force"
        )
    if in_force != (head and head["id"]):
        raise _moved_on(head)
    act, changes = Act(by, now, policy), Changes()
    for line in session.all(_OF_IMPORT, id=import_id):
        values = _standing(session, line, but=import_id, first={**line, "kind": row["kind"]})
        ledger.apply(session, line["period"], line["unit_code"], values, changes, act)
    rank = ledger.next_rank(session)
    _set_rank(session, row, rank)
    ledger.trail(session, "promote", row, act, before=head["sha256"] if head else None, after=row["sha256"])
    return _answer({**row, "rank": rank}, import_id, changes)


def roll_back(session: Session, *, import_id: str, by: Actor, now: datetime, policy: Policy) -> Row:
    """Take the import in force back: what was in force before it is again, and where nothing was, nothing is.

    Raises NotFound, Forbidden, Conflict when this is not the version in force.
    """
    row = _kept(ledger.get(session, import_id, by=by))
    head = ledger.in_force(session, row["kind"], row["unit_code"])
    if head is None or head["id"] != import_id:
        raise _moved_on(head)
    act, changes = Act(by, now, policy), Changes()
    for line in session.all(_OF_IMPORT, id=import_id):
        values = _standing(session, line, but=import_id)
        ledger.apply(session, line["period"], line["unit_code"], values, changes, act)
    _set_rank(session, row, None)
    ledger.trail(session, "rollback", row, act, before=row["sha256"])
    again = ledger.in_force(session, row["kind"], row["unit_code"])
    return _answer({**row, "rank": None}, again["id"] if again else None, changes)


def _standing(
    session: Session, line: Row, *, but: str, first: Row | None = None
) -> dict[str, int | None] | None:
    """What is in force for the unit and period of a line without one import, or with `first` before all others.

    Each figure is what the last import says that decides it: a summary all of them, a roster those of its side.
    """
    rows = session.all(_BEFORE, month=line["period"], unit=line["unit_code"], but=but)
    values: dict[str, int | None] = {}
    for row in [first, *rows] if first else rows:
        values = ledger.decided(row["kind"], row["figures"]) | values
    return values or None


def purge(
    session: Session, *, days: int, by: Actor, now: datetime, policy: Policy
) -> tuple[list[str], list[str]]:
    """Delete the figures of imports older than so many days; counts and hash stay.

    An import that is still in force for any unit and period is kept. The ids of the purged and of the kept ones.
    """
    purged, kept = [], []
    for row in session.all(_OLD, cut=now - timedelta(days=days)):
        if row["is_in_force"]:
            kept.append(row["id"])
            continue
        session.run(_FORGET, id=row["id"])
        session.run(_PURGED, import_id=row["id"], new_purged_at=now)
        ledger.trail(session, "purge", row, Act(by, now, policy))
        purged.append(row["id"])
    return purged, kept


def _kept(row: Row) -> Row:
    if row["purged_at"] is not None:
        raise Conflict(
            Text(
                "该版本的数据已按保存期限清除，只留有数量和摘要",
                "The figures of this version were purged; only counts and hash are left",
            ),
            code="ledger-purged",
        )
    return row


def _moved_on(head: Row | None) -> Conflict:
    return Conflict(
        Text("现行版本已变，请刷新后重试", "Another version is in force; read it again"),
        code="not-in-force",
        in_force=head and head["id"],
    )


def _set_rank(session: Session, row: Row, rank: int | None) -> None:
    """Compare and set: of two people exactly one changes what is in force."""
    if session.run(_RANK, import_id=row["id"], was_rank=row["rank"], new_rank=rank) != 1:
        raise _moved_on(None)


def _answer(row: Row, in_force: str | None, changes: Changes) -> Row:
    """The import as it stands, what its move changed, and the import in force now."""
    return {**row, "in_force": in_force, "moved": changes.counts, "closed": ledger.closed_json(changes)}
