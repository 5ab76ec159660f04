"""Records against each other: duplicates, spells that continue one another, and rows of totals."""

from __future__ import annotations

from collections.abc import Sequence

from app.reconcile.roster.columns import RosterKind
from app.reconcile.roster.draft import RosterDraft
from app.reconcile.roster.rows import RosterTotal
from app.reconcile.roster.settle import rest
from app.reconcile.watch import run_watched

ORDER = "begun, record"
_FEW = 8
"""One record in so many may be out of order, or have another spell, before it is as well to group all."""


def settle_repeated(draft: RosterDraft) -> None:
    """Make `_left_out` (record, reason) and `_spell`, from records of one member or organization.

    Identical records count once, different ones of one key are refused. Spells of one member in one township
    are one when the next begins at most a day after the one before has ended (domain.md 4.4).
    """
    left_out, spell = draft.table("left_out"), draft.table("spell")
    draft.run(
        [
            f"CREATE OR REPLACE TEMP TABLE {left_out} (record BIGINT, reason VARCHAR, head BIGINT)",
            f"CREATE OR REPLACE TEMP TABLE {spell} (record BIGINT, begun DATE, ended DATE, parts BIGINT)",
        ]
    )
    if draft.shape.kind is RosterKind.ORGS:
        villages = (
            f"SELECT record, 'village-organization', NULL FROM {draft.table('judged')} WHERE is_village"
        )
        draft.run([f"INSERT INTO {left_out} {villages}"])
    if _find_repeated(draft):
        _settle_duplicates(draft)
        # Of a roster that is refused no record counts, and no spell is needed.
        if draft.shape.kind is RosterKind.MEMBERS and not draft.findings.has_errors:
            _merge_spells(draft)


def _find_repeated(draft: RosterDraft) -> bool:
    """Make `_repeated` of all records that share their identity (and township) with another one."""
    entry, repeated = draft.table("entry"), draft.table("repeated")
    same = "identity, township" if draft.shape.kind is RosterKind.MEMBERS else "identity"
    if not _mark_neighbours(draft, same):
        # Equal keys have equal hashes: none is missed. Different keys with one hash are told apart later.
        _mark(
            draft,
            f"SELECT mark FROM (SELECT hash({same}) AS mark FROM {entry}) GROUP BY mark HAVING count(*) > 1",
        )
    if not draft.rows("SELECT 1 FROM shared_mark LIMIT 1"):
        return False
    draft.run(
        [
            f"CREATE OR REPLACE TEMP TABLE {repeated} AS SELECT * FROM {entry}"
            f" WHERE hash({same}) IN (SELECT mark FROM shared_mark)"
        ]
    )
    return True


def _mark_neighbours(draft: RosterDraft, same: str) -> bool:
    """Mark what is repeated in a roster that is mostly in the order of identities, as exports are.

    It stands side by side there, which is seen in a fifth of the time that grouping takes. Records out of
    order are marked too, and those judged one by one; False if these are many, or the others still fall.
    """
    sheet, judged = draft.table("sheet"), draft.table("judged")
    after = f"(SELECT *, rowid AS record, lag(identity) OVER () AS before FROM {sheet} WHERE NOT is_odd)"
    (rows, odd) = draft.rows(f"SELECT (SELECT count(*) FROM {sheet}), (SELECT count(*) FROM {judged})")[0]
    most = rows // _FEW - odd
    if most < 0:
        return False
    marks = f"hash({same}) AS mark, CASE WHEN identity < before THEN record END AS falls, before"
    _mark(draft, f"SELECT {marks} FROM {after} WHERE identity <= before LIMIT {most + 1}")
    (found, falls) = draft.rows("SELECT count(*), count(falls) FROM shared_mark")[0]
    if found > most or (falls and not _others_rise(draft, after, falls)):
        return False
    draft.run([f"INSERT INTO shared_mark SELECT hash({same}), NULL, NULL FROM {judged}"])
    return True


def _others_rise(draft: RosterDraft, after: str, falls: int) -> bool:
    """Whether of all records above the one before them each is above all others before it.

    So it is where after each that falls comes one above the one before it, as after a record that was moved.
    """
    (single,) = draft.rows(
        f"SELECT count(*) FROM {draft.table('sheet')} AS sheet JOIN shared_mark ON sheet.rowid = falls + 1"
        " WHERE NOT is_odd AND identity > before"
    )[0]
    if single == falls:
        return True
    others = f"SELECT identity <= lag(identity) OVER () AS falls FROM {after} WHERE before IS NULL OR identity > before"
    return not draft.rows(f"SELECT 1 FROM ({others}) WHERE falls LIMIT 1")


def _mark(draft: RosterDraft, query: str) -> None:
    """Make `shared_mark` of the hashes of keys that more than one record may have."""
    statement = f"CREATE OR REPLACE TEMP TABLE shared_mark AS {query}"
    run_watched(draft.engine, statement, (), "matching", draft.watch)


def _settle_duplicates(draft: RosterDraft) -> None:
    is_member = draft.shape.kind is RosterKind.MEMBERS
    key = "identity, township, begun" if is_member else "identity"
    content = ", ".join(["township", "begun", "ended", "terms", *rest(draft)])
    # Most records that share a member are spells, and no duplicates: only the others are compared.
    rows = draft.rows(f"""
        WITH several AS (SELECT {key} FROM {draft.table("repeated")} GROUP BY ALL HAVING count(*) > 1)
        SELECT record, first, is_equal FROM (
            SELECT record, first_value(record) OVER same AS first,
                row({content}) IS NOT DISTINCT FROM first_value(row({content})) OVER same AS is_equal
            FROM {draft.table("repeated")} SEMI JOIN several USING ({key})
            WINDOW same AS (PARTITION BY {key} ORDER BY record)
        ) WHERE record <> first ORDER BY record
    """)
    for record, first, is_equal in rows:
        code = "duplicate-same" if is_equal else "duplicate-record"
        draft.note(code, record, draft.shape.identity if not is_equal else None, other=draft.lines.of(first))
    if rows:
        pairs: tuple[Sequence[int], ...] = tuple(
            zip(*((record, first) for record, first, _ in rows), strict=True)
        )
        draft.rows(
            f"INSERT INTO {draft.table('left_out')}"
            " SELECT unnest(?::BIGINT[]), 'duplicate', unnest(?::BIGINT[])",
            list(map(list, pairs)),
        )


def _merge_spells(draft: RosterDraft) -> None:
    """Give the first record of spells that continue one another the days of all; leave the others out."""
    left_out = draft.table("left_out")
    draft.run(
        [
            f"""
            CREATE OR REPLACE TEMP TABLE spell_of AS
            WITH ordered AS (
                SELECT *, coalesce(begun > 1 + max(coalesce(ended, DATE '9999-01-01')) OVER (
                    PARTITION BY identity, township ORDER BY {ORDER}
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true) AS is_first
                FROM {draft.table("repeated")} WHERE record NOT IN (SELECT record FROM {left_out})
            )
            SELECT record, begun, ended, last_value(CASE WHEN is_first THEN record END IGNORE NULLS) OVER (
                PARTITION BY identity, township ORDER BY {ORDER}
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS head
            FROM ordered
            """,
            f"""
            INSERT INTO {draft.table("spell")}
            SELECT head, min(begun), CASE WHEN count(ended) = count(*) THEN max(ended) END, count(*)
            FROM spell_of GROUP BY head HAVING count(*) > 1
            """,
            f"INSERT INTO {left_out} SELECT record, 'merged-spell', head FROM spell_of WHERE record <> head",
        ]
    )


def check_totals(draft: RosterDraft) -> None:
    """Check each row of totals; only once every other row could be read, or every sum would seem wrong.

    A total states the number of records above it, or the sums of the figures: of the file, or since the row
    of totals before it. Blanks count as nothing, as they do in a spreadsheet's sum.
    """
    for record, _ in draft.totals:
        draft.note("total-skipped", record)
    if draft.findings.has_errors:
        return
    before = -1
    for record, total in draft.totals:
        block, whole = _sums(draft, before, record), _sums(draft, -1, None)
        _check_total(draft, record, total, [block, whole] if total.is_subtotal else [whole, block])
        before = record


def _sums(draft: RosterDraft, after: int, before: int | None) -> tuple[int, ...]:
    """The number of records between two places, and the sums of their figures."""
    sums = ", ".join(["count(*)", *(f"coalesce(sum({c}), 0)::BIGINT" for c in draft.shape.figures)])
    ending = "true" if before is None else f"record < {before}"
    return tuple(
        draft.rows(f"SELECT {sums} FROM {draft.table('entry')} WHERE record > {after} AND {ending}")[0]
    )


def _check_total(
    draft: RosterDraft, record: int, total: RosterTotal, candidates: list[tuple[int, ...]]
) -> None:
    differences = [_differences(draft, total, sums) for sums in candidates]
    if all(differences):
        for column, said, summed in differences[0]:
            draft.note("total-differs", record, column, value=str(said), found=said, expected=summed)


def _differences(draft: RosterDraft, total: RosterTotal, sums: tuple[int, ...]) -> list[tuple[str, int, int]]:
    said = {} if total.count is None else {draft.shape.identity: total.count}
    known = dict(zip((draft.shape.identity, *draft.shape.figures), sums, strict=True))
    said |= total.figures
    return [(code, value, known[code]) for code, value in said.items() if value != known[code]]
