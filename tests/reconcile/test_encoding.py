"""Bytes become strict UTF-8 with one record a line, or findings with the line they stand in."""

from __future__ import annotations

from hashlib import sha256
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reconcile import cleaner, encoding
from app.reconcile.cleaner import LONGEST_LINE
from app.reconcile.encoding import Part, Transcript, transcribe
from app.reconcile.findings import LISTED

NAMES = "期别,单位名称\n2015-04,示例市\n"


def transcribed(folder: Path, data: bytes, **how: object) -> Transcript:
    source = folder / "source.csv"
    source.write_bytes(data)
    return transcribe(source, folder, **how)  # type: ignore[arg-type]


def faults(transcript: Transcript) -> list[tuple[str, int | None]]:
    return [(found.code, found.line) for found in transcript.findings.listed()]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (NAMES.encode(), "utf-8"),
        (NAMES.replace("\n", "\r\n").encode(), "utf-8"),
        (NAMES.encode("utf-8-sig"), "utf-8-sig"),
        (NAMES.rstrip().encode(), "utf-8"),
        (b'a,b\n"1,5","x""y"\n', "utf-8"),
        (b"", "utf-8"),
    ],
    ids=["lf", "crlf", "bom", "no last line end", "quotes", "empty"],
)
def test_clean_utf8_is_not_copied(tmp_path: Path, data: bytes, name: str) -> None:
    transcript = transcribed(tmp_path, data)

    assert transcript.path == tmp_path / "source.csv"
    assert transcript.encoding == name
    assert transcript.lines == len(data.splitlines())
    assert not transcript.findings.has_errors


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (NAMES.encode("gb18030"), "gb18030"),
        (b"\xff\xfe" + NAMES.encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + NAMES.encode("utf-16-be"), "utf-16-be"),
        (NAMES.replace("\n", "\r\n", 1).encode(), "utf-8"),
    ],
    ids=["gb18030", "utf-16-le", "utf-16-be", "both line ends"],
)
def test_anything_else_is_copied_to_utf8_without_mark_and_with_line_feeds(
    tmp_path: Path, data: bytes, name: str
) -> None:
    transcript = transcribed(tmp_path, data)

    assert transcript.path.read_bytes() == NAMES.encode()
    assert transcript.encoding == name
    assert transcript.sha256 == sha256(data).hexdigest()


BAD_LINES = {
    "NUL": (b"a\x00b", "control-character"),
    "escape": (b"a\x1bb", "control-character"),
    "delete": (b"a\x7fb", "control-character"),
    "bare carriage return": (b"a\rb", "lone-cr"),
    "two carriage returns": (b"a\r\r", "lone-cr"),
    "unclosed quote": (b'"a,b', "broken-quotes"),
    "quote inside": (b'a"b,c', "broken-quotes"),
    "text after quote": (b'"a"b,c', "broken-quotes"),
    "very long": (b"x" * (LONGEST_LINE + 1), "line-too-long"),
    "longer than a block": (b"x" * (3 * encoding.BLOCK), "line-too-long"),
    "truncated character": ("示".encode()[:2], "undecodable"),
    "surrogate": (b"\xed\xa0\x80", "undecodable"),
    "overlong form": (b"\xc0\xaf", "undecodable"),
    "replacement character": ("a\ufffdb".encode(), "undecodable"),
}


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(("line", "code"), BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_is_found_where_it_stands_and_emptied(
    tmp_path: Path, line: bytes, code: str, line_end: bytes
) -> None:
    lines = ["示例".encode(), b"b", line, b"d", b"e"]

    transcript = transcribed(tmp_path, line_end.join([*lines, b""]))

    assert faults(transcript) == [(code, 3)]
    assert transcript.path.read_bytes() == "示例\nb\n\nd\ne\n".encode()
    assert transcript.lines == 5


LEFT_OUT = ("NUL", "escape", "delete", "unclosed quote", "quote inside", "text after quote")
REJECTED = ("truncated character", "surrogate", "overlong form")


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_bad_line_is_left_to_a_reader_that_can_leave_it_out(
    tmp_path: Path, name: str, line_end: bytes
) -> None:
    line, code = BAD_LINES[name]
    lines = ["示例".encode(), b"b", line, b"d", b"e"]

    transcript = left_out(tmp_path, line_end.join([*lines, b""]))

    assert faults(transcript) == [(code, 3)]
    assert transcript.parts == [Part(tmp_path / "source.csv", has_quotes=False)]
    assert (transcript.refused, transcript.emptied, transcript.lines) == ([3], (), 5)


NOT_LEFT_OUT = {
    **{
        name: b"a\nb\n" + line + b"\n"
        for name, (line, _) in BAD_LINES.items()
        if name not in LEFT_OUT + REJECTED
    },
    "both line ends": b'a\nb\r\n"c\n',
    "a quote that means something": b'a\n"b"\n"c\n',
    "a line before the first good one": b'\n"a\nb\nc\n',
    "more lines than are listed": b"a\n" + b'"b\n' * (LISTED + 1),
}


@pytest.mark.parametrize("data", NOT_LEFT_OUT.values(), ids=NOT_LEFT_OUT)
def test_a_copy_is_made_where_leaving_out_lines_does_not_help(tmp_path: Path, data: bytes) -> None:
    transcript = left_out(tmp_path, data)

    assert transcript.path != tmp_path / "source.csv"
    assert transcript.refused == ()
    assert len(transcript.emptied) == transcript.findings.counts["error"] > 0


@pytest.mark.parametrize("name", REJECTED)
def test_no_copy_is_made_for_lines_that_the_reader_rejects(tmp_path: Path, name: str) -> None:
    transcript = left_out(tmp_path, "示例\n".encode() + BAD_LINES[name][0])

    assert (transcript.path, transcript.refused) == (tmp_path / "source.csv", [])


def left_out(folder: Path, data: bytes) -> Transcript:
    return transcribed(folder, data, encoding="utf-8", is_reader_strict=True, can_leave_out=True)


def test_a_bad_last_line_without_a_line_end_is_found(tmp_path: Path) -> None:
    transcript = transcribed(tmp_path, b'a\n"b')

    assert faults(transcript) == [("broken-quotes", 2)]
    assert transcript.lines == 2


def test_a_line_break_inside_quotes_spoils_both_of_its_lines(tmp_path: Path) -> None:
    transcript = transcribed(tmp_path, b'a\nb,"c\nd",e\nf\n')

    assert faults(transcript) == [("broken-quotes", 2), ("broken-quotes", 3)]


@pytest.mark.parametrize("size", [0, encoding.BLOCK], ids=["in the first block", "in a later block"])
def test_one_bad_line_does_not_turn_utf8_into_gb18030(tmp_path: Path, size: int) -> None:
    data = NAMES.encode() + b"2015-04,a\n" * (size // 10) + b"\xb9\xe3\n"

    transcript = transcribed(tmp_path, data)

    assert transcript.encoding == "utf-8"
    assert faults(transcript) == [("undecodable", data.count(b"\n"))]


def test_gb18030_is_recognized_after_a_megabyte_of_ascii(tmp_path: Path) -> None:
    data = b"2015-04,a\n" * (encoding.BLOCK // 5) + NAMES.encode("gb18030")

    transcript = transcribed(tmp_path, data)

    assert transcript.encoding == "gb18030"
    assert transcript.path.read_bytes().endswith(NAMES.encode())


def test_a_broken_character_of_gb18030_does_not_swallow_the_line_end(tmp_path: Path) -> None:
    data = NAMES.encode("gb18030") + b"a\x81\nb\n\xff\nc\n"

    transcript = transcribed(tmp_path, data)

    assert faults(transcript) == [("undecodable", 3), ("undecodable", 5)]
    assert transcript.path.read_bytes() == NAMES.encode() + b"\nb\n\nc\n"


def test_what_a_strict_reader_rejects_is_left_to_it(tmp_path: Path) -> None:
    data = NAMES.encode() + b"a,b\n" * encoding.BLOCK + b"\xff\n"

    transcript = transcribed(tmp_path, data, is_reader_strict=True)

    assert (transcript.path, faults(transcript)) == (tmp_path / "source.csv", [])


def test_a_part_is_only_cut_off_for_a_reader_that_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "PART", 100)
    monkeypatch.setattr(encoding, "PIECE", 100)
    data = NAMES.encode("gb18030") * 100

    busy, waiting = Taken(), Taken()
    busy.is_waiting = False
    for reader in (busy, waiting):
        transcript = transcribed(tmp_path, data, reader=reader)

    assert len(busy.parts) == 2
    assert len(waiting.parts) > 10
    assert waiting.parts == transcript.parts


def test_only_after_the_last_part_nothing_is_written_beside_the_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "PART", 100)
    reader = Taken()

    transcribed(tmp_path, NAMES.encode("gb18030") * 100_000, reader=reader)

    assert len(reader.parts) > 2
    assert [part.has_more for part in reader.parts[-2:]] == [True, False]
    assert not any(part.has_more for part in transcribed(tmp_path, NAMES.encode()).parts)


def test_a_large_part_is_cut_off_though_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("PART", 100), ("PIECE", 100), ("LARGE", 1000)):
        monkeypatch.setattr(encoding, name, size)
    reader = Taken()
    reader.is_waiting = False

    transcribed(tmp_path, NAMES.encode("gb18030") * 100, reader=reader)

    assert len(reader.parts) == 5


def test_half_a_character_of_utf16_is_found(tmp_path: Path) -> None:
    data = b"\xff\xfe" + "a\n".encode("utf-16-le") + b"\x00\xd8" + "\nb\n".encode("utf-16-le") + b"c"

    transcript = transcribed(tmp_path, data)

    assert faults(transcript) == [("undecodable", 2), ("undecodable", 4)]


def test_utf16_is_read_across_blocks(tmp_path: Path) -> None:
    text = "期别,单位名称\n" + "2015-04,示例上市\n" * 100_000

    transcript = transcribed(tmp_path, b"\xfe\xff" + text.encode("utf-16-be"))

    assert transcript.path.read_text(encoding="utf-8") == text
    assert transcript.lines == 100_001


@pytest.mark.parametrize("name", ["gb18030", "GBK", "gb2312"])
def test_a_named_encoding_overrules_the_bytes(tmp_path: Path, name: str) -> None:
    # 联通 in GB18030 is the classic of bytes that are valid UTF-8 by accident.
    transcript = transcribed(tmp_path, "联通\n".encode("gb18030"), encoding=name)

    assert transcript.encoding == "gb18030"
    assert transcript.path.read_text(encoding="utf-8") == "联通\n"


def test_gb18030_named_utf8_has_bad_lines(tmp_path: Path) -> None:
    transcript = transcribed(tmp_path, NAMES.encode("gb18030"), encoding="utf-8")

    assert faults(transcript) == [("undecodable", 1), ("undecodable", 2)]


@pytest.mark.parametrize(("name", "found"), [("utf-16", "utf-16-be"), ("utf_8", "utf-8")])
def test_a_byte_order_mark_refines_the_named_encoding(tmp_path: Path, name: str, found: str) -> None:
    data = NAMES.encode() if found == "utf-8" else b"\xfe\xff" + NAMES.encode("utf-16-be")

    assert transcribed(tmp_path, data, encoding=name).encoding == found


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="encoding"):
        transcribed(tmp_path, b"a\n", encoding="latin-1")


def test_letters_below_the_first_line_are_seen(tmp_path: Path) -> None:
    assert not transcribed(tmp_path, b"period\n2015-04\n").has_letters
    assert transcribed(tmp_path, b"period\n2015-04x\n").has_letters


PIECES = [
    b"a",
    b",",
    b'"',
    b"\n",
    b"\r\n",
    b"\r",
    b"\x00",
    b"\xff",
    b"\x81",
    b"\xe7\xa4\xba",
    b"\xb9\xe3",
    b"\xef",
]


class Taken:
    """Notes the parts that are offered, and always waits for the next one."""

    is_waiting = True

    def __init__(self) -> None:
        self.parts: list[Part] = []

    def take(self, part: Part) -> None:
        self.parts.append(part)


@given(data=st.lists(st.sampled_from(PIECES), max_size=80).map(b"".join), block=st.sampled_from([24, 32, 64]))
def test_whatever_the_bytes_lines_keep_their_numbers(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, block: int
) -> None:
    folder, taken = tmp_path_factory.mktemp("bytes"), Taken()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cleaner, "LONGEST_LINE", 8)
        whole = transcribed(folder, data)
        patch.setattr(encoding, "BLOCK", block)
        patch.setattr(encoding, "PART", block)
        in_pieces = transcribed(folder, data, reader=taken)
    copy = b"".join(path.read_bytes() for path, *_ in in_pieces.parts)

    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    assert in_pieces.lines == whole.lines == len(lines)
    assert (
        in_pieces.path == folder / "source.csv" or [*in_pieces.parts] == taken.parts[-len(in_pieces.parts) :]
    )
    counts = [path.read_bytes().count(b"\n") for path, *_ in in_pieces.parts]
    assert [part.before for part in in_pieces.parts] == [0, *accumulate(counts[:-1])]
    assert in_pieces.sha256 == whole.sha256 == sha256(data).hexdigest()
    if in_pieces.encoding == whole.encoding:
        assert faults(in_pieces) == faults(whole)
        bad = {number for _, number in faults(whole)}
        read = copy.decode().removesuffix("\n").split("\n") if copy else []
        kept = [b"" if i in bad else line.removesuffix(b"\r") for i, line in enumerate(lines, 1)]
        assert [text.rstrip("\r") for text in read] == [line.decode(whole.encoding) for line in kept]
