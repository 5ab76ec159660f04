"""The records that count, wherever they lie: in the engine of a roster just read, or in a file kept of one."""

from __future__ import annotations

from pathlib import Path

from app.reconcile.roster.columns import COOPERATIVE, RosterKind
from app.reconcile.roster.read import Roster

Records = Roster | Path
"""An accepted roster, or the Parquet file that `save_roster` wrote of one."""


def counted(records: Records, kind: RosterKind) -> str:
    """A table in SQL of what counts: identity, township, begun, ended (the first day not counted).

    Organizations have rectified, is_cooperative and wechat_groups too. Spells are merged. ValueError for a
    roster that was not accepted, or is of the other kind.
    """
    if isinstance(records, Path):
        return _kept(records, kind)
    if not records.ok or records.kind is not kind:
        raise ValueError("no accepted roster of this kind")
    return _read(records, kind)


def literal(text: str) -> str:
    """A text in SQL."""
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def _kept(path: Path, kind: RosterKind) -> str:
    more = (
        f", counts_rectified AS rectified, org_type = {literal(COOPERATIVE)} AS is_cooperative, wechat_groups"
        if kind is RosterKind.ORGS
        else ""
    )
    return (
        f"(SELECT identity, township, counts_from AS begun, counts_until AS ended{more}"
        f" FROM read_parquet({literal(str(path))}) WHERE reason IS NULL)"
    )


def _read(roster: Roster, kind: RosterKind) -> str:
    more = ""
    if kind is RosterKind.ORGS:
        cooperative = f"SELECT terms FROM {kind}_term WHERE org_type = {literal(COOPERATIVE)}"
        more = f", rectified, terms IN ({cooperative}) AS is_cooperative, wechat_groups"
    whole = f"SELECT identity, township, begun, ended{more} FROM {kind}_entry"
    if not has_rows(roster, f"{kind}_left_out") and not has_rows(roster, f"{kind}_spell"):
        return f"({whole})"
    return (
        f"({whole} WHERE record NOT IN (SELECT record FROM {kind}_left_out"
        f" UNION ALL SELECT record FROM {kind}_spell)"
        f" UNION ALL SELECT identity, township, spell.begun, spell.ended{more}"
        f" FROM {kind}_spell AS spell JOIN {kind}_entry AS entry USING (record))"
    )


def has_rows(roster: Roster, table: str) -> bool:
    """Whether a table of a roster's engine has any."""
    return bool(roster.engine.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall())
