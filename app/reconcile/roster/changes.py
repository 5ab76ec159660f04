"""What differs between two rosters that were kept: records that came, changed and went, by key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.reconcile.engine import Engine
from app.reconcile.roster.columns import SHAPES, RosterKind
from app.reconcile.roster.records import literal

ADDED, CHANGED, REMOVED = "added", "changed", "removed"
_KEY = ("identity", "township", "begun")


def count_changes(earlier: Path | None, records: Path, kind: RosterKind, *, engine: Engine) -> dict[str, int]:
    """How many records came, changed and went since an earlier file of the same kind; without one, all came.

    A member is known by identity, township and start, an organization by its identity. Rows that repeat
    another are no records.
    """
    picked = ", ".join(
        f"count(*) FILTER (change = '{change}')::BIGINT" for change in (ADDED, CHANGED, REMOVED)
    )
    counts = engine.execute(f"SELECT {picked} FROM ({_changes(earlier, records, kind)})").fetchall()[0]
    return dict(zip((ADDED, CHANGED, REMOVED), counts, strict=True))


def list_changes(
    earlier: Path | None,
    records: Path,
    kind: RosterKind,
    *,
    engine: Engine,
    offset: int = 0,
    limit: int,
) -> list[dict[str, Any]]:
    """The records themselves in the order of their keys, from the offset on: each with its change and its lines."""
    names = (*_KEY, "change", "line", "earlier_line")
    rows = engine.execute(
        f"SELECT {', '.join(names)} FROM ({_changes(earlier, records, kind)})"
        f" ORDER BY {', '.join(_KEY)} LIMIT {limit} OFFSET {offset}"
    ).fetchall()
    return [_record(dict(zip(names, row, strict=True))) for row in rows]


def back_entries(records: Path, *, engine: Engine) -> int:
    """How many records count later than they are dated (补录)."""
    (count,) = engine.execute(
        f"SELECT count(*) FROM read_parquet({literal(str(records))}) WHERE is_back_entry"
    ).fetchall()[0]
    return int(count)


def units_named(records: Path, *, engine: Engine) -> list[str]:
    """The reporting units of which there is any record, in order."""
    return [
        unit
        for (unit,) in engine.execute(
            f"SELECT DISTINCT reporting FROM read_parquet({literal(str(records))})"
            " WHERE reporting <> '' ORDER BY reporting"
        ).fetchall()
    ]


def _changes(earlier: Path | None, records: Path, kind: RosterKind) -> str:
    shape = SHAPES[kind]
    is_org = kind is RosterKind.ORGS
    keys = ("identity",) if is_org else _KEY
    told = ("ended", *(("township", "begun", "rectified") if is_org else ()), *shape.terms, *shape.figures)
    differs = " OR ".join(f"now.{name} IS DISTINCT FROM was.{name}" for name in told)
    joined = " AND ".join(f"now.{name} = was.{name}" for name in keys)
    values = ", ".join(f"coalesce(now.{name}, was.{name}) AS {name}" for name in _KEY)
    return (
        f"SELECT {values}, now.line AS line, was.line AS earlier_line,"
        f" CASE WHEN was.identity IS NULL THEN '{ADDED}' WHEN now.identity IS NULL THEN '{REMOVED}'"
        f" ELSE '{CHANGED}' END AS change"
        f" FROM {_file(records)} AS now FULL JOIN {_file(earlier, like=records)} AS was ON {joined}"
        f" WHERE was.identity IS NULL OR now.identity IS NULL OR {differs}"
    )


def _file(path: Path | None, *, like: Path | None = None) -> str:
    if path is None:
        return f"(SELECT * FROM read_parquet({literal(str(like))}) WHERE false)"
    return f"(SELECT * FROM read_parquet({literal(str(path))}) WHERE reason IS DISTINCT FROM 'duplicate')"


def _record(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "township": str(row["township"]), "begun": row["begun"].isoformat()}
