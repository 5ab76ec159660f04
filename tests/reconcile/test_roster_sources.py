"""Where a roster may come from: workbooks and data frames; and how reading is watched, stopped and bounded."""

from __future__ import annotations

import io
from datetime import date, datetime
from importlib import import_module
from pathlib import Path

import pytest
import xlsxwriter

from app.reconcile import RosterKind, read_roster
from app.reconcile.engine import Engine, open_engine
from tests.reconcile.roster_sample import (
    FARMER,
    MEMBERS_EN,
    MEMBERS_ZH,
    SECRETARY,
    TEACHER,
    TODAY,
    found,
    members,
    read,
)
from tests.reconcile.sample import UNITS, cell

CLEAN = members(SECRETARY, FARMER, TEACHER)


def workbook(rows: list[list[object]]) -> bytes:
    page = io.BytesIO()
    with xlsxwriter.Workbook(page, {"default_date_format": "yyyy-mm-dd"}) as book:
        book.add_worksheet("其他").write(0, 0, "not this one")
        sheet = book.add_worksheet("名册")
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                sheet.write(number, place, value)
    return page.getvalue()


def typed(row: str) -> list[object]:
    return [date.fromisoformat(text) if text[4:5] == "-" else text or None for text in row.split(",")]


def test_a_sheet_of_a_workbook_is_read(engine: Engine, tmp_path: Path) -> None:
    data = workbook([MEMBERS_ZH.split(","), typed(SECRETARY), typed(cell(FARMER, 0, "7")), typed(TEACHER)])

    roster = read(engine, tmp_path, data, sheet="名册")

    assert (roster.encoding, roster.rows, roster.findings) == ("xlsx", 3, ())


def test_computed_cells_and_line_breaks_of_a_workbook_are_refused(engine: Engine, tmp_path: Path) -> None:
    rows = [MEMBERS_ZH.split(","), typed(SECRETARY), typed(FARMER), [], typed(TEACHER)]
    rows[1][7] = "=DATE(2013,11,2)"
    rows[2][3] = "示例\n乙"
    rows[4][7] = "2015-04"

    roster = read(engine, tmp_path, workbook(rows), sheet="名册")

    assert found(roster) == [
        ("computed-cell", 2, None),
        ("line-break", 3, None),
        ("half-date", 5, "start_date"),
    ]


@pytest.mark.parametrize(
    ("data", "sheet", "code"),
    [
        (b"PK\x03\x04 nonsense", None, "workbook-damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), None, "old-workbook"),
        (workbook([["x"]]), "no such", "no-sheet"),
    ],
)
def test_workbooks_that_cannot_be_read_say_so(
    engine: Engine, tmp_path: Path, data: bytes, sheet: str | None, code: str
) -> None:
    assert code in [c for c, _, _ in found(read(engine, tmp_path, data, sheet=sheet))]


def test_a_data_frame_is_read_like_a_file(engine: Engine) -> None:
    rows = [typed(SECRETARY), typed(cell(FARMER, 7, "")), typed(TEACHER)]
    frame = dict(zip(MEMBERS_EN.split(","), map(list, zip(*rows, strict=True)), strict=True))
    frame["start_date"][2] = datetime(2015, 3, 1)  # noqa: DTZ001 - as a frame would hold it

    roster = read_roster(frame, RosterKind.MEMBERS, UNITS, engine=engine, today=TODAY)

    assert found(roster) == [("missing-start", 3, "start_date")]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_of_a_library_is_read_like_a_file(engine: Engine, library: str) -> None:
    frames = import_module(library)
    rows = [typed(SECRETARY), typed(FARMER), typed(TEACHER)]
    columns = dict(zip(MEMBERS_EN.split(","), map(list, zip(*rows, strict=True)), strict=True))

    roster = read_roster(frames.DataFrame(columns), "members", UNITS, engine=engine, today=TODAY)

    assert (roster.rows, roster.accepted, roster.findings) == (3, 3, ())


def test_neither_path_nor_frame_is_a_mistake_of_the_caller(engine: Engine) -> None:
    with pytest.raises(TypeError):
        read_roster(7, "members", UNITS, engine=engine)


class StopError(Exception):
    pass


def test_the_watcher_sees_phases_and_may_stop_the_work(tmp_path: Path) -> None:
    seen: list[str] = []

    def watch(phase: str, done: float) -> None:
        assert 0 <= done <= 1
        seen.append(phase)
        if phase == "matching":
            raise StopError

    with open_engine() as engine, pytest.raises(StopError):
        read(engine, tmp_path, CLEAN, watch=watch)

    assert seen[0] == "checking"
    assert "reading" in seen


def test_a_running_statement_is_stopped(tmp_path: Path) -> None:
    calls = 0

    def watch(phase: str, done: float) -> None:
        nonlocal calls
        calls += phase == "reading"
        if calls > 1:
            raise StopError

    rows = (
        f"M{i},999901101,示例一镇,示例甲,书记,专职,党政干部,2013-11-02,,,2015-04-24" for i in range(600_000)
    )
    with open_engine(threads=1) as engine, pytest.raises(StopError):
        read(engine, tmp_path, members(*rows), watch=watch)


def test_rows_keep_their_lines_when_memory_is_short(tmp_path: Path) -> None:
    rows = [
        f"M{i},999901101,示例一镇,示例甲,书记,专职,党政干部,2013-11-02,,,2015-04-24" for i in range(300_000)
    ]
    wrong = {7, 99_999, 123_456, 299_999}
    for place in wrong:
        rows[place] = cell(rows[place], 7, "2013-11")

    with open_engine(str(tmp_path), memory="40MB") as engine:
        roster = read(engine, tmp_path, members(*rows))

    assert [line for _, line, _ in found(roster)] == [place + 2 for place in sorted(wrong)]
