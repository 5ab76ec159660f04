"""From a sheet to entries: units found, odd rows judged one by one, spellings settled, names checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain, islice, tee
from typing import NamedTuple

from app.reconcile.cells import Reading, is_formula, read_date, read_period
from app.reconcile.columns import SUMMARY
from app.reconcile.draft import Draft, PlacedTotal
from app.reconcile.engine import Value, load_columns, load_texts
from app.reconcile.findings import finding
from app.reconcile.rows import Entry, judge, total_label
from app.reconcile.sheet import UNDECODED
from app.reconcile.units import LedgerUnit

_BATCH = 20_000
"""So many judged rows are in memory at once."""
_COLUMNS = {column.code: column for column in SUMMARY}


class _Survey(NamedTuple):
    """What a glance over the sheet showed: its texts of periods and dates, and how many rows are doubtful."""

    periods: dict[str, Reading[str]]
    dates: dict[str, Reading[str]]
    doubtful: int

    @property
    def is_plain(self) -> bool:
        """Whether every row is as good as it looks."""
        texts = chain(self.periods.items(), self.dates.items())
        return not self.doubtful and all(reading.value == text for text, reading in texts)


def make_entries(draft: Draft, rejected: Sequence[int]) -> None:
    """Make `unit` and `entry` from `sheet` and the rejected lines, with findings for all that is wrong."""
    load_units(draft)
    survey = _look(draft)
    _load_judged(draft, ())
    draft.is_plain = survey.is_plain and not rejected
    if not draft.is_plain:
        _mark_odd_rows(draft, survey)
        names = _judge_odd_rows(draft, rejected)
        load_units(draft, [code for code, _ in names])
        _settle(draft, "period", survey.periods)
        _settle(draft, "as_of", survey.dates)
        _check_names(draft, names)
    _define_entry(draft)


def load_units(draft: Draft, more: Sequence[str] = ()) -> None:
    """Make the table `unit`, of all units or, for a short sheet, of those that it names."""
    (count,) = draft.rows("SELECT count(*) FROM sheet")[0]
    units: Iterable[LedgerUnit] = draft.units.values()
    if count < len(draft.units):
        named = (code for (code,) in draft.rows("SELECT DISTINCT unit_code FROM sheet"))
        spellings = chain(more, chain.from_iterable((code, code[:9], code[:6]) for code in named))
        units = (draft.units[code] for code in dict.fromkeys(spellings) if code in draft.units)
    rows = ((unit.code, unit.name, unit.reporting_unit or "") for unit in units)
    load_texts(draft.engine, "unit", ("code", "name", "reporting"), rows)


def _look(draft: Draft) -> _Survey:
    """Make `glance`, which is all that a plain sheet needs, and sum up what is doubtful in it."""
    draft.rows(f"""
        CREATE OR REPLACE TEMP TABLE glance AS
        SELECT period, as_of, reporting, count(*) AS parts, {draft.sums},
            count(*) FILTER (is_odd OR (unit_name <> name AND unit_name <> '')) AS doubtful
        FROM sheet LEFT JOIN unit ON code = unit_code GROUP BY period, as_of, reporting
    """)
    rows = draft.rows(
        "SELECT period, as_of, sum(CASE WHEN reporting IS NULL THEN parts ELSE doubtful END)::BIGINT"
        " FROM glance GROUP BY period, as_of ORDER BY period, as_of"
    )
    periods = {period: read_period(period) for period, _, _ in rows}
    dates = {text: _read_date(text) for _, text, _ in rows}
    for period, text, _ in rows:
        _keep_cut_off(draft, periods[period].value, dates[text].value)
    return _Survey(periods, dates, sum(doubtful for _, _, doubtful in rows))


def _read_date(text: str) -> Reading[str]:
    """Like `read_date`, with the day as text and a blank as an empty one."""
    day, refused, notes = read_date(text)
    return Reading(day.isoformat() if day else "", refused, notes)


def _keep_cut_off(draft: Draft, period: str | None, day: str | None) -> None:
    if period and day:
        draft.cut_offs[period].add(day)


def _mark_odd_rows(draft: Draft, survey: _Survey) -> None:
    """Mark all rows that must be judged one by one, for whatever reason."""
    for length in (12, 9):
        # Codes of twelve digits, and those that end in 000 below the county, are cut as read_code cuts them.
        draft.rows(
            f"UPDATE sheet SET unit_code = left(unit_code, {length - 3})"
            f" WHERE strlen(unit_code) = {length} AND ends_with(unit_code, '000')"
        )
    names = draft.rows(
        "SELECT DISTINCT unit_name FROM sheet LEFT JOIN unit ON code = unit_code WHERE unit_name <> name"
    )
    suspects = {
        "unit_name": [name for (name,) in names if is_formula(name) or total_label("", "-", name)],
        "period": [text for text, reading in survey.periods.items() if reading.refused],
        "as_of": [text for text, reading in survey.dates.items() if reading.refused],
    }
    kinds = [kind for kind, texts in suspects.items() for _ in texts]
    texts = list(chain.from_iterable(suspects.values()))
    load_columns(draft.engine, "suspect", {"kind": ("VARCHAR", kinds), "text": ("VARCHAR", texts)})
    doubts = [f"{kind} IN (SELECT text FROM suspect WHERE kind = '{kind}')" for kind in suspects]
    doubts.append("unit_code NOT IN (SELECT code FROM unit)")
    draft.rows(f"UPDATE sheet SET is_odd = true WHERE {' OR '.join(doubts)}")


Names = dict[tuple[str, str], int]
"""The first record of each pair of code and name."""


def _judge_odd_rows(draft: Draft, rejected: Sequence[int]) -> Names:
    """Judge the odd rows and the rejected lines in their order; put the entries among them into `judged`."""
    names: Names = {}
    entries = _entries(draft, rejected)
    while batch := list(islice(entries, _BATCH)):
        _load_judged(draft, batch)
        for record, entry in batch:
            names.setdefault((entry.unit, entry.name), record)
    return names


def _entries(draft: Draft, rejected: Sequence[int]) -> Iterator[tuple[int, Entry]]:
    records = draft.rows("SELECT rowid FROM sheet WHERE is_odd ORDER BY rowid")
    places: Iterator[tuple[int, int | None]] = merge(
        ((draft.lines.of(record), record) for (record,) in records), ((number, None) for number in rejected)
    )
    places, copy = tee(places)
    for (number, text), (_, record) in zip(draft.lines.read(n for n, _ in copy), places, strict=True):
        if record is None and UNDECODED in text:
            draft.findings.add(finding("undecodable", number, encoding="UTF-8"))
            continue
        judged = judge(text, number, draft.layout)
        draft.findings.extend(judged.findings)
        draft.blanks += judged.is_blank
        if record is None:
            _refuse(draft, number, judged.entry or judged.total)
        elif judged.total:
            draft.totals.append(PlacedTotal(record, number, judged.total))
        elif judged.entry and _is_known(draft, number, judged.entry):
            yield record, judged.entry


def _refuse(draft: Draft, number: int, found: object) -> None:
    if found is not None:
        # DuckDB did not take it for a record, and the csv module does: nobody can say what it means.
        draft.findings.add(finding("unreadable", number))


def _is_known(draft: Draft, number: int, entry: Entry) -> bool:
    _keep_cut_off(draft, entry.period, entry.as_of.isoformat() if entry.as_of else "")
    if entry.unit in draft.units:
        return True
    draft.findings.add(finding("unknown-unit", number, column="unit_code", value=entry.unit))
    return False


def _settle(draft: Draft, column: str, texts: Mapping[str, Reading[str]]) -> None:
    """Write one text for each value, and warn once, at its first plain row, of a spelling that was tidied."""
    other = {text: reading for text, reading in texts.items() if reading.value not in (text, None)}
    values: list[Value] = [reading.value for reading in other.values()]
    load_columns(draft.engine, "spelling", {"text": ("VARCHAR", list(other)), "value": ("VARCHAR", values)})
    plain = f"{column} = spelling.text AND NOT is_odd"
    first = f"SELECT min(sheet.rowid), text FROM sheet JOIN spelling ON {plain} GROUP BY text ORDER BY 1"
    for record, text in draft.rows(first):
        for code in other[text].notes:
            draft.note(code, record, _COLUMNS[column], value=text)
    draft.rows(f"UPDATE sheet SET {column} = spelling.value FROM spelling WHERE {plain}")


def _check_names(draft: Draft, judged: Names) -> None:
    """Warn at the first row of every name that does not fit its code."""
    plain = draft.rows(
        "SELECT min(sheet.rowid), unit_code, unit_name FROM sheet JOIN unit ON code = unit_code"
        " WHERE NOT is_odd AND unit_name <> name AND unit_name <> '' GROUP BY unit_code, unit_name"
    )
    first: Names = {}
    for record, code, name in sorted([*plain, *((record, *pair) for pair, record in judged.items())]):
        if name and not is_name_of(draft.units[code].name, name):
            first.setdefault((code, name), record)
    for (code, _), record in first.items():
        draft.note("name-differs", record, _COLUMNS["unit_name"], unit=code, name=draft.units[code].name)


def is_name_of(registered: str, written: str) -> bool:
    """Whether the name means the unit: one holds the other, 团 left out (广州, 广东省广州市, 广州团市委)."""
    ours, theirs = (name.replace("共青团", "").replace("团", "") for name in (registered, written))
    return len(theirs) > 1 and (ours in theirs or theirs in ours)


def _load_judged(draft: Draft, batch: Sequence[tuple[int, Entry]]) -> None:
    """Add entries to the table `judged`; make it anew for an empty batch."""
    columns: dict[str, tuple[str, Sequence[Value]]] = {
        "record": ("BIGINT", [record for record, _ in batch]),
        "period": ("VARCHAR", [entry.period for _, entry in batch]),
        "unit_code": ("VARCHAR", [entry.unit for _, entry in batch]),
    }
    for i, column in enumerate(draft.figures):
        columns[column.code] = ("UINTEGER", [entry.figures[i] for _, entry in batch])
    load_columns(draft.engine, "judged", columns, is_more=bool(batch))


def _define_entry(draft: Draft) -> None:
    """Make `entry` a view of the whole sheet if that is plain, else of its plain rows and the judged ones."""
    picked = ", ".join(["period", "unit_code", *(column.code for column in draft.figures)])
    rows = f"SELECT rowid AS record, {picked} FROM sheet"
    if not draft.is_plain:
        rows = f"{rows} WHERE NOT is_odd UNION ALL SELECT record, {picked} FROM judged"
    draft.rows(f"CREATE OR REPLACE TEMP VIEW entry AS {rows}")
