"""Accepted records in a Parquet file, in an order in which those of one unit lie together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from app.reconcile.engine import Engine, load_columns
from app.reconcile.roster.columns import SHAPES, RosterKind
from app.reconcile.roster.read import Roster
from app.reconcile.roster.records import literal
from app.reconcile.watch import Watch, nobody, run_watched

GROUP = 20_480
"""Rows of a row group: a city is one or two of them, and the others need not be read."""


def save_roster(
    roster: Roster,
    path: Path,
    *,
    earlier: Path | None = None,
    closed: date | Mapping[str, date] | None = None,
    watch: Watch = nobody,
) -> None:
    """Write every record, those that do not count with their reason, to a Parquet file.

    Columns: reporting, township, identity, line, begun and ended as the record says; counts_from and
    counts_until as it counts (spells merged, back-entries moved), spell_ended; reason ("merged-spell",
    "duplicate", "village-organization", "unit-not-reporting", NULL if it counts) and the line of the record
    that it is part of; is_back_entry; terms, and for organizations rectified, counts_rectified and figures.
    There are no names.

    With `earlier`, a file written before, and `closed`, the last day of the last closed period, whatever is
    dated up to that day and was not in the earlier file counts from the day after (补录, domain.md 4.4).
    `closed` may be such a day by reporting unit: then records of other units are not moved.
    ValueError for a roster that was not accepted.
    """
    if not roster.ok:
        raise ValueError("the roster was not accepted")
    _place_in_lines(roster)
    _count(roster, earlier, closed)
    statement = (
        f"COPY (SELECT * FROM kept ORDER BY reporting, township, identity, begun, line)"
        f" TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP})"
    )
    run_watched(roster.engine, statement, (), "storing", watch)


def _place_in_lines(roster: Roster) -> None:
    """Make the view `placed`: records with their reasons and lines, and how long the spell is that they head."""
    kind = roster.kind
    roster.engine.execute(f"""
        CREATE OR REPLACE TEMP VIEW placed AS
        SELECT entry.*, left_out.reason, record + gap.added AS line, head + head_gap.added AS part_of,
            CASE WHEN spell.record IS NULL THEN entry.ended ELSE spell.ended END AS spell_ended
        FROM {kind}_entry AS entry
        ASOF JOIN {kind}_gap AS gap ON record >= gap.before
        LEFT JOIN {kind}_left_out AS left_out USING (record)
        LEFT JOIN {kind}_spell AS spell USING (record)
        ASOF LEFT JOIN {kind}_gap AS head_gap ON head >= head_gap.before
    """)


def _count(roster: Roster, earlier: Path | None, closed: date | Mapping[str, date] | None) -> None:
    """Make the view `kept` of what is written."""
    kind, shape = roster.kind, SHAPES[roster.kind]
    is_org = kind is RosterKind.ORGS
    terms = ", ".join(f"term.{code}" for code in shape.terms)
    more = "".join(f", placed.{code}" for code in ("rectified", *shape.figures)) if is_org else ""
    back = _Back(roster.engine, earlier, closed, is_org)
    roster.engine.execute(f"""
        CREATE OR REPLACE TEMP VIEW kept AS
        SELECT township.reporting, placed.township, placed.identity, placed.line::UINTEGER AS line,
            placed.begun, placed.ended, {back.begun} AS counts_from, {back.ended} AS counts_until,
            placed.spell_ended,
            CASE WHEN placed.reason IS NULL AND township.reporting = '' THEN 'unit-not-reporting'
                ELSE placed.reason END AS reason,
            placed.part_of::UINTEGER AS part_of,
            placed.reason IS NULL AND coalesce({back.is_moved}, false) AS is_back_entry, {terms}{more}
            {f", {back.rectified} AS counts_rectified" if is_org else ""}
        FROM placed JOIN township ON code = placed.township LEFT JOIN {kind}_term AS term USING (terms)
        {back.join}
    """)


class _Back:
    """The expressions that move back-entries; without an earlier file nothing is moved."""

    def __init__(
        self, engine: Engine, earlier: Path | None, closed: date | Mapping[str, date] | None, is_org: bool
    ) -> None:
        self.join, self.begun, self.ended = "", "placed.begun", "placed.spell_ended"
        self.rectified, self.is_moved = "placed.rectified", "false"
        if earlier is None or closed is None:
            return
        opened = f"(DATE '{closed}' + 1)"
        self.join = ""
        if isinstance(closed, Mapping):
            # Where nothing is closed the day is NULL, and every comparison below leaves the record as it is.
            units, days = list(closed), list(closed.values())
            load_columns(engine, "closing", {"closed_unit": ("VARCHAR", units), "last_day": ("DATE", days)})
            opened = "(closing.last_day + 1)"
            self.join = "LEFT JOIN closing ON closing.closed_unit = township.reporting "
        self.join += (
            f"LEFT JOIN (SELECT * FROM read_parquet({literal(str(earlier))}) WHERE reason IS NULL) AS earlier"
            " ON earlier.identity = placed.identity AND earlier.township = placed.township"
            " AND earlier.begun = placed.begun"
        )
        is_known = "earlier.identity IS NOT NULL"
        self.begun = (
            f"CASE WHEN {is_known} THEN earlier.counts_from"
            f" WHEN placed.begun < {opened} THEN {opened} ELSE placed.begun END"
        )
        self.ended = (
            "CASE WHEN placed.spell_ended IS NULL THEN NULL"
            f" WHEN {is_known} AND earlier.spell_ended IS NOT DISTINCT FROM placed.spell_ended"
            " THEN earlier.counts_until"
            f" WHEN placed.spell_ended < {opened} THEN {opened} ELSE placed.spell_ended END"
        )
        self.is_moved = (
            f"(({self.begun}) <> placed.begun OR ({self.ended}) IS DISTINCT FROM placed.spell_ended)"
        )
        if is_org:
            self._move_rectified(is_known, opened)

    def _move_rectified(self, is_known: str, opened: str) -> None:
        """Days that were known stay where they count; a new one in a closed period counts from the next."""
        days = "string_split(placed.rectified, ';')"
        known = f"CASE WHEN {is_known} THEN string_split(earlier.rectified, ';') ELSE [] END"
        counted = f"CASE WHEN {is_known} THEN string_split(earlier.counts_rectified, ';') ELSE [] END"
        new = f"list_filter({days}, lambda day: NOT list_contains({known}, day))"
        moved = f"list_transform({new}, lambda day: greatest(day, {opened}::VARCHAR))"
        joined = f"array_to_string(list_sort(list_distinct(list_concat({counted}, {moved}))), ';')"
        self.rectified = f"CASE WHEN placed.rectified = '' THEN '' ELSE ltrim({joined}, ';') END"
        self.is_moved = f"({self.is_moved} OR ({self.rectified}) <> placed.rectified)"
