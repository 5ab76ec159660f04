"""From a sheet to records: terms, townships and names looked up, odd rows judged one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice, tee

from app.reconcile.columns import Kind
from app.reconcile.engine import Value, load_columns, load_texts
from app.reconcile.findings import finding
from app.reconcile.roster.draft import RosterDraft
from app.reconcile.roster.rows import Record, judge
from app.reconcile.roster.sheet import fingerprint
from app.reconcile.settle import is_name_of
from app.reconcile.sheet import UNDECODED
from app.reconcile.units import Units

_BATCH = 20_000
"""So many judged rows are in memory at once."""


def leave_out(draft: RosterDraft, lines: Sequence[int]) -> None:
    """Rows of lines that were refused are odd, and when the odd ones are judged, nothing is said of them."""
    draft.refused = frozenset(lines)
    if lines:
        draft.rows(
            f"UPDATE {draft.table('sheet')} SET is_odd = true WHERE rowid IN (SELECT unnest(?::BIGINT[]))",
            [list(draft.lines.records(lines))],
        )


def make_records(draft: RosterDraft, rejected: Sequence[int]) -> None:
    """Make `_judged` and `_entry` from `_sheet` and the rejected lines, with findings for all that is wrong."""
    load_townships(draft)
    _look_up_terms(draft)
    _look_up_townships(draft)
    _look_up_names(draft)
    _judge_odd_rows(draft, rejected)
    _define_entry(draft)


def load_townships(draft: RosterDraft) -> None:
    """Make the table `township` of all townships: code as a number, name, and who answers for it."""
    rows = tuple(townships(draft.units))
    if draft.rows("SELECT getvariable('townships')") == [(hash(rows),)]:
        # The roster before this one was read with the same register.
        return
    load_texts(draft.engine, "township_text", ("code", "name", "reporting"), rows)
    named = fingerprint("hash(name)")
    draft.run(
        [
            "CREATE OR REPLACE TEMP TABLE township AS SELECT code::UINTEGER AS code, name, reporting,"
            f" {named} AS named FROM township_text",
            f"SET VARIABLE townships = {hash(rows)}",
        ]
    )


def townships(units: Units) -> Iterator[tuple[str, str, str]]:
    """Code, name and reporting unit ("" for none) of each township."""
    for unit in units.values():
        # A code that ends in 000 is cut to that of its county wherever codes are read.
        if len(unit.code) == 9 and not unit.code.endswith("000"):
            yield unit.code, unit.name, unit.reporting_unit or ""


def _look_up_terms(draft: RosterDraft) -> None:
    """Make `_term`, each combination of terms once; rows with a term to be warned of are odd."""
    sheet, shape = draft.table("sheet"), draft.shape
    first = draft.rows(
        f"SELECT min(rowid) AS first, terms FROM {sheet} WHERE NOT is_odd GROUP BY terms ORDER BY first"
    )
    numbers = (draft.lines.of(record) for record, _ in first)
    doubtful: list[Value] = []
    known: list[tuple[int, tuple[str, ...]]] = []
    for (_, mark), (number, text) in zip(first, draft.lines.read(numbers), strict=True):
        judged = judge(text, number, draft.layout, shape)
        if judged.findings or judged.record is None:
            doubtful.append(mark)
        else:
            known.append((mark, judged.record.terms))
    columns: dict[str, tuple[str, Sequence[Value]]] = {"terms": ("UINTEGER", [mark for mark, _ in known])}
    for i, code in enumerate(shape.terms):
        columns[code] = ("VARCHAR", [texts[i] for _, texts in known])
    load_columns(draft.engine, draft.table("term"), columns)
    if doubtful:
        draft.rows(f"UPDATE {sheet} SET is_odd = true WHERE list_contains(?::UINTEGER[], terms)", [doubtful])


def _look_up_townships(draft: RosterDraft) -> None:
    """Rows of townships that are not known are odd, and so are those whose township answers to nobody."""
    sheet = draft.table("sheet")
    unknown = "NOT is_odd AND township NOT IN (SELECT code FROM township WHERE reporting <> '')"
    if draft.rows(f"SELECT 1 FROM {sheet} WHERE {unknown} LIMIT 1"):
        draft.run([f"UPDATE {sheet} SET is_odd = true WHERE {unknown}"])


def _look_up_names(draft: RosterDraft) -> None:
    """Warn at the first row of every name that does not fit its township; rows named by a formula are odd."""
    sheet = draft.table("sheet")
    blank = fingerprint("hash('')")
    first = draft.rows(
        f"SELECT min(sheet.rowid) AS first, code, sheet.named FROM {sheet} AS sheet"
        " JOIN township ON code = township AND township.named <> sheet.named"
        f" WHERE NOT is_odd AND sheet.named <> {blank} GROUP BY code, sheet.named ORDER BY first"
    )
    numbers = (draft.lines.of(record) for record, _, _ in first)
    for (_, code, named), (number, text) in zip(first, draft.lines.read(numbers), strict=True):
        judged = judge(text, number, draft.layout, draft.shape)
        if judged.record is None:
            pair = [code, named]
            draft.rows(f"UPDATE {sheet} SET is_odd = true WHERE township = ? AND named = ?", pair)
        else:
            _check_name(draft, number, judged.record)


def _check_name(draft: RosterDraft, number: int, record: Record) -> None:
    unit = draft.units[record.township]
    if record.township_name and not is_name_of(unit.name, record.township_name):
        column = draft.shape.column("township_name")
        draft.findings.add(
            finding(
                "name-differs", number, column=column.code, unit=unit.code, name=unit.name, **column.labels
            )
        )


def _judge_odd_rows(draft: RosterDraft, rejected: Sequence[int]) -> None:
    """Judge the odd rows and the rejected lines in their order; put the records among them into `_judged`."""
    _load_judged(draft, ())
    records = _records(draft, rejected)
    while batch := list(islice(records, _BATCH)):
        draft.watch("judging", 0.0)
        _load_judged(draft, batch)


def _records(draft: RosterDraft, rejected: Sequence[int]) -> Iterator[tuple[int, Record]]:
    odd = draft.rows(f"SELECT rowid FROM {draft.table('sheet')} WHERE is_odd ORDER BY rowid")
    places: Iterator[tuple[int, int | None]] = merge(
        ((draft.lines.of(record), record) for (record,) in odd), ((number, None) for number in rejected)
    )
    places, copy = tee(places)
    for (number, text), (_, record) in zip(draft.lines.read(n for n, _ in copy), places, strict=True):
        if number in draft.refused:
            continue
        if record is None and UNDECODED in text:
            draft.findings.add(finding("undecodable", number, encoding="UTF-8"))
            continue
        judged = judge(text, number, draft.layout, draft.shape, draft.today)
        draft.findings.extend(judged.findings)
        draft.blanks += judged.is_blank
        if record is None and (judged.record or judged.total):
            # DuckDB did not take it for a record, and the csv module does: nobody can say what it means.
            draft.findings.add(finding("unreadable", number))
        elif record is not None and judged.total:
            draft.totals.append((record, judged.total))
        elif record is not None and judged.record and _is_known(draft, number, judged.record):
            yield record, judged.record


def _is_known(draft: RosterDraft, number: int, record: Record) -> bool:
    unit = draft.units.get(record.township)
    if unit is None:
        draft.findings.add(finding("unknown-township", number, column="township_code", value=record.township))
        return False
    _check_name(draft, number, record)
    if unit.reporting_unit is None:
        draft.findings.add(finding("unit-not-reporting", number, column="township_code", value=unit.code))
    return True


def _load_judged(draft: RosterDraft, batch: Sequence[tuple[int, Record]]) -> None:
    """Add records to the table `_judged`; make it anew for an empty batch."""
    shape, found = draft.shape, [record for _, record in batch]
    columns: dict[str, tuple[str, Sequence[Value]]] = {
        "record": ("BIGINT", [place for place, _ in batch]),
        "identity": ("VARCHAR", [record.identity for record in found]),
        "township": ("UINTEGER", [int(record.township) for record in found]),
        "begun": ("DATE", [record.begun for record in found]),
        "ended": ("DATE", [record.ended for record in found]),
        "is_village": ("BOOLEAN", [record.is_village for record in found]),
    }
    if any(column.kind is Kind.DATES for column in shape.columns):
        days = [";".join(day.isoformat() for day in record.rectified) for record in found]
        columns["rectified"] = ("VARCHAR", days)
    for i, code in enumerate(shape.figures):
        columns[code] = ("UINTEGER", [record.figures[i] for record in found])
    for i, code in enumerate(shape.terms):
        columns[code] = ("VARCHAR", [record.terms[i] for record in found])
    load_columns(draft.engine, draft.table("judged"), columns, is_more=bool(batch))


def _define_entry(draft: RosterDraft) -> None:
    """Make the view `_entry` of all records, plain and judged; terms of judged rows join those of the file."""
    judged, term, terms = draft.table("judged"), draft.table("term"), ", ".join(draft.shape.terms)
    mark = fingerprint(f"hash({terms})")
    columns = ", ".join(["identity", "township", "begun", "ended", *rest(draft)])
    draft.run(
        [
            f"INSERT INTO {term} SELECT * FROM (SELECT DISTINCT {mark} AS terms, {terms} FROM {judged})"
            f" ANTI JOIN {term} USING (terms)",
            f"CREATE OR REPLACE TEMP VIEW {draft.table('entry')} AS"
            f" SELECT rowid AS record, {columns}, terms FROM {draft.table('sheet')} WHERE NOT is_odd"
            f" UNION ALL SELECT record, {columns}, {mark} AS terms FROM {judged}",
        ]
    )


def rest(draft: RosterDraft) -> list[str]:
    """The columns of `_entry` that only organizations have."""
    return ["rectified", *draft.shape.figures] if draft.shape.figures else []
