"""A roster is read while it is checked or copied, and what is found is what is found in one piece."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.reconcile import Roster, encoding
from app.reconcile.ahead import ReadAhead
from app.reconcile.columns import Layout, read_header
from app.reconcile.encoding import Mark, Part, Transcript
from app.reconcile.engine import Engine
from app.reconcile.roster.columns import MEMBERS
from tests.reconcile.roster_sample import MEMBERS_EN, SECRETARY, members, read

PEOPLE = [SECRETARY.replace("M0001", f"M{i:04}") for i in range(100, 160)]


def spoiled(*faults: tuple[int, str]) -> str:
    """The people, with other text in some of the lines."""
    rows = list(PEOPLE)
    for line, text in faults:
        rows[line - 2] = text
    return members(*rows)


BARE, RAGGED = SECRETARY.replace("2013-11-02", ""), "M1,999901101"
QUOTED = SECRETARY.replace("示例甲", '"示例甲"')
QUOTES, CONTROL = SECRETARY.replace("示例甲", '"示例甲'), SECRETARY.replace("示例甲", "示例\x00甲")
TEXTS = {
    "clean": spoiled().encode(),
    "gb18030": spoiled((9, BARE), (50, RAGGED)).encode("gb18030"),
    "crlf": spoiled((30, RAGGED)).replace("\n", "\r\n").encode(),
    "both line ends": spoiled().replace("\n", "\r\n", 40).encode(),
    "faults from the beginning": spoiled((2, CONTROL), (3, BARE), (31, QUOTES), (59, RAGGED)).encode(),
    "faults late": spoiled((44, BARE), (55, CONTROL), (56, RAGGED), (57, BARE)).encode(),
    "blank lines": spoiled((3, ""), (40, ""), (58, RAGGED), (59, CONTROL)).encode(),
    "undecodable late": spoiled().encode() + b"M1,\xff\xff\n" + BARE.encode() + b"\n",
    "blank before the header": b"\n" * 2000 + spoiled((9, CONTROL), (50, RAGGED)).encode(),
    "header that is undecodable": b"\n" * 1900 + b"\xff" + spoiled().encode(),
    "another header": spoiled().replace("member_id", "nobody").encode(),
    "quotes that mean something": spoiled((4, QUOTED), (9, CONTROL), (31, QUOTES), (50, QUOTED)).encode(),
    "duplicates across parts": spoiled((5, CONTROL), (60, PEOPLE[1])).encode(),
    "nothing": b"",
}


def read_in_parts(engine: Engine, folder: Path, text: bytes) -> Roster:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "BLOCK", 300)
        patch.setattr(encoding, "PART", 900)
        patch.setattr(encoding, "PIECE", 200)
        return read(engine, folder, text)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_parts_are_read_as_the_whole_is(engine: Engine, tmp_path: Path, text: bytes) -> None:
    whole = read(engine, tmp_path, text)
    entries = engine.execute("FROM members_entry ORDER BY record").fetchall() if whole.rows else []

    parts = read_in_parts(engine, tmp_path, text)

    assert parts.as_json() == whole.as_json()
    if parts.rows:
        assert engine.execute("FROM members_entry ORDER BY record").fetchall() == entries


FAULTS = [
    BARE.encode(),
    CONTROL.encode(),
    QUOTES.encode(),
    RAGGED.encode(),
    b"",
    b"\x00",
    b'"',
    QUOTES.encode().replace(b",", b'",'),
    CONTROL.encode() + b",1",
    QUOTES.encode() + b"\xff",
    SECRETARY.encode() + b"\xff",
    "合计,,,60".encode() + b"," * 7,
]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.integers(2, 61), st.sampled_from(FAULTS), max_size=9))
@example({2: b"\x00", 3: b"", 61: QUOTES.encode()})
@example({9: CONTROL.encode() + b",1", 10: SECRETARY.encode() + b"\xff", 11: b'"', 40: BARE.encode()})
def test_lines_that_are_left_out_are_found_as_in_a_copy(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: dict[int, bytes]
) -> None:
    lines = spoiled().encode().split(b"\n")
    for line, text in faults.items():
        lines[line - 1] = text

    there = read(engine, tmp_path, b"\n".join(lines))

    with monkeypatch.context() as patched:
        patched.setattr(encoding, "_in_place", lambda *_: None)
        assert there.as_json() == read(engine, tmp_path, b"\n".join(lines)).as_json()


@pytest.fixture
def layout() -> Layout:
    read, _ = read_header(1, MEMBERS_EN, MEMBERS)
    assert read is not None
    return read


class Reader:
    """Notes what is read, and rejects the first line of each part."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.read: list[tuple[str, bool]] = []

    def guess(self, part: Path) -> Layout | None:
        return self.layout

    def load(self, part: Part, layout: Layout) -> list[int]:
        self.read.append((part.path.name, part.before > 0))
        return [1]


def ready(*more: tuple[Path, int]) -> Transcript:
    marks = [Mark(before, path, 0) for path, before in ((Path("a"), 0), *more)]
    return Transcript(Path("a"), "utf-8", "", 9, places=marks)


def test_parts_that_were_taken_are_not_read_again(engine: Engine, layout: Layout) -> None:
    reader = Reader(layout)
    ahead = ReadAhead(engine, reader.guess, reader.load)
    ahead.take(Part(Path("source")))
    ahead.take(Part(Path("a"), has_more=True))
    ahead.take(Part(Path("b"), 5))

    assert ahead.rejected(ready((Path("b"), 5)), layout) == [1, 6]
    assert reader.read[-2:] == [("a", False), ("b", True)]
    assert set(reader.read[:-2]) <= {("source", False)}


def test_what_is_left_after_the_last_part_was_written_has_every_processor(
    engine: Engine, layout: Layout
) -> None:
    written, alone = Event(), list[bool]()

    def load(part: Part, layout: Layout) -> list[int]:
        alone.append(not part.has_more)
        written.wait(10)
        return []

    ahead = ReadAhead(engine, lambda part: layout, load)
    for part in (Part(Path("a"), has_more=True), Part(Path("b"), 5, has_more=True), Part(Path("c"), 7)):
        ahead.take(part)
    text = ready((Path("b"), 5), (Path("c"), 7))
    ahead.rejected(text, layout, watch=lambda *_: written.set())

    assert alone[1:] == [True, True]


@pytest.mark.parametrize("other", ["text", "header"])
def test_all_is_read_again_where_the_guess_was_wrong(engine: Engine, layout: Layout, other: str) -> None:
    reader = Reader(layout)
    ahead = ReadAhead(engine, reader.guess, reader.load)
    ahead.take(Part(Path("source" if other == "text" else "a")))
    found = layout if other == "text" else Layout(layout.columns, "\t", 1)

    assert ahead.rejected(ready(), found) == [1]
    assert reader.read[-1] == ("a", False)


def test_what_the_reading_raises_is_raised_where_it_is_asked_for(engine: Engine, layout: Layout) -> None:
    def load(part: Part, layout: Layout) -> list[int]:
        raise UnicodeError

    ahead = ReadAhead(engine, lambda part: layout, load)
    ahead.take(Part(Path("a")))

    with pytest.raises(UnicodeError):
        ahead.rejected(ready(), layout)
