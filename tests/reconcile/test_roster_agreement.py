"""Whichever way a roster is read, its findings and records are the same: file, workbook, frame, row by row."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.reconcile import Roster, RosterKind, read_roster
from app.reconcile.engine import Engine
from app.reconcile.roster import crosscheck
from app.reconcile.roster import read as reading
from app.reconcile.roster.sheet import picked
from tests.reconcile.roster_sample import (
    FARMER,
    FRUIT,
    MEMBERS_EN,
    ORGS_EN,
    SECRETARY,
    STREET,
    TEACHER,
    TODAY,
)
from tests.reconcile.sample import UNITS

ODD = [
    "",
    " ",
    "\u3000",
    "0",
    "007",
    "1.5",
    "1.0",
    "1e3",
    "1E+17",
    "0x10",
    "1_000",
    "+5",
    "-3",
    "１２",
    "42095",
    "2015",
    "2015-04",
    "2015-4-1",
    "2015-04-1 ",
    " 2015-4-01",
    "02015-4-01",
    "2015/04/01",
    "2015 04 01",
    "2015\\04\\01",
    "2015-04-01",
    "2015-04-31",
    "2015-04-01x",
    "1949-12-31",
    "2100-01-01",
    "2015-04-01 (BC)",
    "epoch",
    "infinity",
    "2015-07-01",
    "2015-04-09;2015-04-10",
    "2015-04-10;2015-04-09",
    "2015-04-09;2015-04-09",
    "2015-04-09；2015-04-10",
    "2015-04-09;2015-04-10;2015-04-11",
    "2015-04-09;2015-7",
    "999901101",
    "999901101000",
    "999901101001",
    "999901000",
    "999901",
    "99990110",
    "9.999e8",
    "999806101",
    "9999011e2",
    "M0001",
    "m-1",
    "=1+1",
    "@x",
    "#N/A",
    "合计",
    "total",
    "SUM",
    "书记",
    "书 记",
    "村团组织",
    "农村合作组织",
    "示例一镇",
    "样本",
    "NULL",
    "é",
    "A" * 40,
]
CELL = st.sampled_from(ODD)


@st.composite
def tables(draw: st.DrawFn) -> tuple[RosterKind, list[list[str]]]:
    kind = draw(st.sampled_from(list(RosterKind)))
    samples = [SECRETARY, FARMER, TEACHER] if kind is RosterKind.MEMBERS else [FRUIT, STREET]
    rows = []
    for number in range(draw(st.integers(1, 6))):
        row = draw(st.sampled_from(samples)).split(",")
        if draw(st.booleans()):
            row[0] = f"X{number}"
        for _ in range(draw(st.integers(0, 2))):
            row[draw(st.integers(0, len(row) - 1))] = draw(CELL)
        rows.append(row)
    return kind, rows


def as_text(kind: RosterKind, rows: list[list[str]]) -> str:
    page = io.StringIO()
    csv.writer(page, lineterminator="\n").writerows(rows)
    return header(kind) + "\n" + page.getvalue()


def header(kind: RosterKind) -> str:
    return MEMBERS_EN if kind is RosterKind.MEMBERS else ORGS_EN


def as_workbook(kind: RosterKind, rows: list[list[str]]) -> bytes:
    page = io.BytesIO()
    with xlsxwriter.Workbook(page, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([header(kind).split(","), *rows]):
            for place, text in enumerate(row):
                sheet.write_string(number, place, text)
    return page.getvalue()


def outcome(roster: Roster, engine: Engine) -> tuple[Any, ...]:
    """Everything that a reader of a roster sees: counts, findings in any order, records."""
    found = sorted((f.line or 0, f.code, f.column or "", f.value or "") for f in roster.findings)
    records: list[Any] = []
    if roster.ok:
        entry = f"{roster.kind}_entry"
        terms = "SELECT * EXCLUDE (terms) FROM"
        records = engine.execute(
            f"{terms} {entry} JOIN {roster.kind}_term USING (terms) ORDER BY record"
        ).fetchall()
        records += engine.execute(f"FROM {roster.kind}_left_out ORDER BY ALL").fetchall()
    return roster.rows, roster.accepted, dict(roster.counts), found, records


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
@example((RosterKind.MEMBERS, [["M1", "9999011e2", "", "", "", "", "", "02015-4-01", "2015-04-1 ", "", ""]]))
@example((RosterKind.ORGS, [FRUIT.split(","), FRUIT.replace("D0001", "\u3000D0001").split(",")]))
def test_every_way_gives_the_same(
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    table: tuple[RosterKind, list[list[str]]],
) -> None:
    kind, rows = table
    text = as_text(kind, rows)
    frame = dict(zip(header(kind).split(","), map(list, zip(*rows, strict=True)), strict=True))

    def read(source: Any) -> tuple[Any, ...]:
        if isinstance(source, bytes):
            (tmp_path / "roster").write_bytes(source)
            source = tmp_path / "roster"
        return outcome(read_roster(source, kind, UNITS, engine=engine, today=TODAY), engine)

    expected = read(text.encode())

    # The plain one may be taken for UTF-8 where it says so little in Chinese that both are possible.
    assert read(text.encode("gb18030")) == expected
    assert read(text.encode("utf-16")) == expected
    assert read(as_workbook(kind, rows)) == expected
    assert read(frame) == expected
    with monkeypatch.context() as patched:
        patched.setattr(
            reading, "picked", lambda *given: picked(*given).rpartition("coalesce(NOT")[0] + "true AS is_odd"
        )
        assert read(text.encode()) == expected
    with monkeypatch.context() as patched:
        patched.setattr(crosscheck, "_mark_neighbours", lambda *_: False)
        assert read(text.encode()) == expected


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 79), st.integers(0, 79)), max_size=5))
@example([(20, 50), (21, 10)])
@example([(79, 3)])
@example([(5, 40), (4, 40)])
def test_repeated_records_are_seen_beside_each_other_as_they_are_by_grouping(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: list[tuple[int, int]]
) -> None:
    rows = [SECRETARY.replace("M0001", f"M{number:04}") for number in range(80)]
    for source, target in moves:
        rows[target] = rows[source]
    text = "\n".join([MEMBERS_EN, *rows])
    (tmp_path / "roster").write_text(text, encoding="utf-8")

    def found() -> tuple[Any, ...]:
        roster = read_roster(tmp_path / "roster", RosterKind.MEMBERS, UNITS, engine=engine, today=TODAY)
        return outcome(roster, engine)

    beside = found()

    with monkeypatch.context() as patched:
        patched.setattr(crosscheck, "_mark_neighbours", lambda *_: False)
        assert beside == found()
