"""Bytes on disk to one strict UTF-8 file in which every record is exactly one line."""

from __future__ import annotations

import codecs
import hashlib
import re
import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from app.reconcile.findings import Findings, finding
from app.reconcile.watch import Watch, nobody, watched_blocks

BLOCK = 1 << 20
LONGEST_LINE = 1 << 16
"""Bytes in UTF-8. A longer line is no ledger row, and a file without line breaks must not fill the memory."""

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16-le", "utf-16-be")
"""What `Transcript.encoding` can say."""
_ALIASES = {"utf8": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "utf-16": "utf-16-le"}
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

_FEW = 1 << 9
"""Bytes of lines that are as soon read one by one as together."""
_MANY = 1 << 15
"""Bytes of lines that are as soon read in parts: of a larger block, one bad line would have all read again."""

_CONTROL = bytes(set(range(32)) - set(b"\t\n\r")) + b"\x7f"
_LETTERS = string.ascii_letters.encode()
_REPLACED = "\ufffd".encode()
_CELL = rb'(?:"(?:[^"\n]++|"")*+"|[^",\t\r\n]*+)'
_RECORDS = re.compile(rb"(?:" + _CELL + rb"(?:[,\t]|\r?\n|\Z))*+")
"""As many whole records as there are; possessive, so that a bad one costs no more than a good one."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A file as strict UTF-8.

    `path` is the source itself when it can be read as it lies, else a copy without byte order mark, with LF
    at the end of each line and an empty line in place of each line that has a finding, so that line numbers
    are those of the source. `sha256` is that of the source's bytes. `has_letters` is False only if there is
    no ASCII letter below the first line.
    """

    path: Path
    encoding: str
    sha256: str
    lines: int
    has_letters: bool = True
    findings: Findings = field(default_factory=Findings)
    emptied: Sequence[int] = ()
    """The lines that have a finding."""


def transcribe(
    source: Path,
    folder: Path,
    *,
    encoding: str | None = None,
    is_reader_strict: bool = False,
    has_reader_counted: bool = False,
    watch: Watch = nobody,
) -> Transcript:
    """Make a strict UTF-8 file of `source`, in `folder` when a copy is needed.

    The encoding is that of a byte order mark, else UTF-8, else GB18030, unless `encoding` names one of
    utf-8, gb18030 (gbk, gb2312), utf-16, utf-16-le, utf-16-be; any other name is a ValueError. A file most
    of whose lines are valid UTF-8 is UTF-8 with bad lines in it, and not GB18030.

    A reader that refuses invalid UTF-8 can say so: only as much is decoded then as tells the encoding. When
    it does refuse, it must ask again, and gets a copy with the findings. With `has_reader_counted` a control
    character counts as a line: a reader that finds as many records as there are lines has shown that there
    is none, and any other must ask again too.
    """
    chosen = _chosen(source, encoding)
    if chosen in ("utf-8", "utf-8-sig"):
        check = _check(source, watch, decode_all=not is_reader_strict, counts_controls=has_reader_counted)
        if check.is_clean:
            return Transcript(source, chosen, check.sha256, check.lines, check.has_letters)
        if encoding is None and chosen == "utf-8" and check.is_foreign:
            chosen = "gb18030"
    return _rewrite(source, folder / "transcript.csv", chosen, watch)


def first_line(path: Path) -> tuple[int, str]:
    """Number and text of the first line that is not blank, (0, "") if there is none; `path` is UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.decode("utf-8-sig").strip("\r\n")
            if text.strip():
                return number, text
    return 0, ""


def _chosen(source: Path, encoding: str | None) -> str:
    with source.open("rb") as file:
        start = file.read(3)
    marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    if encoding is None:
        return marked or "utf-8"
    named = encoding.lower().replace("_", "-")
    if marked and marked.startswith(named):
        return marked
    named = _ALIASES.get(named, named)
    if named not in ENCODINGS:
        raise ValueError("not an encoding that ledgers are read in")
    return named


class _Check(NamedTuple):
    """What reading a file as UTF-8 showed; hash and lines are known only of a clean one."""

    is_clean: bool
    is_foreign: bool = False
    sha256: str = ""
    lines: int = 0
    has_letters: bool = True


def _check(source: Path, watch: Watch, *, decode_all: bool, counts_controls: bool) -> _Check:
    """Whether the file is clean UTF-8 with one kind of line end; stops at the first block that is not."""
    digest, lines, has_letters, is_ascii, block = hashlib.sha256(), 0, False, True, b"\n"
    line_ends = set[bool]()
    with source.open("rb") as file:
        for block in watched_blocks(_blocks(file, digest.update), source, "checking", watch):
            if (decode_all or is_ascii) and not _is_utf8(block):
                return _Check(False, is_foreign=is_ascii and not _is_mostly_utf8(block))
            line_ends.update(_line_ends(block))
            if counts_controls and _has_plain_lines(block) and len(line_ends) == 1:
                lines += len(block) - len(block.translate(None, _CONTROL + b"\n"))
                is_ascii = is_ascii and block.isascii()
                continue
            # One question where two would do: most ledgers have no letter below the header.
            is_bare = lines > 0 and not has_letters and _has_none(block, _CONTROL + _LETTERS)
            if (
                len(line_ends) > 1
                or not _has_plain_lines(block)
                or not (is_bare or _has_none(block, _CONTROL))
            ):
                return _Check(False)
            has_letters = has_letters or not (is_bare or _has_none(_below(block, lines), _LETTERS))
            lines += block.count(b"\n")
            is_ascii = is_ascii and block.isascii()
    return _Check(True, False, digest.hexdigest(), lines + (not block.endswith(b"\n")), has_letters)


def _line_ends(block: bytes) -> set[bool]:
    """Whether its lines end in CR LF: both if some do and some do not."""
    if b"\r" not in block:
        return {False}
    return {True} if block.count(b"\r\n") == block.count(b"\n") else {True, False}


def _below(block: bytes, lines_before: int) -> bytes:
    """The block without the first line of the file."""
    return block if lines_before else block[block.find(b"\n") + 1 :]


def _has_none(block: bytes, unwanted: bytes) -> bool:
    return len(block.translate(None, unwanted)) == len(block)


def _is_utf8(block: bytes) -> bool:
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _blocks(file: BinaryIO, see: Callable[[bytes], object]) -> Iterator[bytes]:
    """The file in blocks that end with a line, except the last one and those inside a very long line.

    The byte of a line feed is never part of another character in UTF-8 and GB18030; in UTF-16 it is.
    `see` gets each block in a thread beside whoever reads them, and has seen all when they end: to hash takes
    as long as to check, and lets go of the interpreter's lock.
    """
    with ThreadPoolExecutor(1) as beside:
        seen: Future[object] | None = None
        while block := file.read(BLOCK):
            if not block.endswith(b"\n"):
                block += file.readline(BLOCK)
            if seen is not None:
                seen.result()
            seen = beside.submit(see, block)
            yield block


def _cut_at_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces of UTF-8 cut anew, in the same way."""
    rest = b""
    for piece in pieces:
        end = piece.rfind(b"\n") + 1
        if end or len(rest) > BLOCK:
            yield rest + piece[:end]
            rest = b""
        rest += piece[end:]
    if rest:
        yield rest


def _parts(block: bytes, size: int) -> Iterator[bytes]:
    """The block in parts of about that size, each but the last one whole lines."""
    start = 0
    while start < len(block):
        end = block.find(b"\n", start + size) + 1 or len(block)
        yield block[start:end]
        start = end


def _is_mostly_utf8(block: bytes) -> bool:
    lines = [line for line in block.split(b"\n") if not line.isascii()]
    return 2 * sum(map(_is_utf8, lines)) >= len(lines)


def _is_plain(block: bytes) -> bool:
    """Whether no line of a block in UTF-8 can have a finding; says no in rare cases where none has."""
    return _has_none(block, _CONTROL) and _has_plain_lines(block)


def _has_plain_lines(block: bytes) -> bool:
    """The same but for control characters."""
    return (
        not _has_replaced(block)
        and (b"\r" not in block or block.count(b"\r") == block.count(b"\r\n"))
        and (b'"' not in block or _RECORDS.fullmatch(block) is not None)
        and _has_short_lines(block)
    )


def _has_replaced(block: bytes) -> bool:
    """Whether U+FFFD is in it: its first byte is rare, and found ten times as fast as all three."""
    at = block.find(_REPLACED[:1])
    for _ in range(_FEW):
        if at < 0 or block.startswith(_REPLACED, at):
            return at >= 0
        at = block.find(_REPLACED[:1], at + 1)
    return at >= 0 and block.find(_REPLACED, at) >= 0


def _has_short_lines(block: bytes) -> bool:
    # A line feed in every window of half the limit proves that no line reaches the limit.
    window = LONGEST_LINE // 2
    return all(block.find(b"\n", i, i + window) >= 0 for i in range(0, len(block) - window, window))


def _rewrite(source: Path, target: Path, encoding: str, watch: Watch) -> Transcript:
    digest, cleaner = hashlib.sha256(), _Cleaner(encoding)
    with source.open("rb") as file, target.open("wb") as copy:
        blocks = watched_blocks(_blocks(file, digest.update), source, "transcribing", watch)
        for block in _utf8_blocks(blocks, encoding):
            copy.write(cleaner.clean(block))
        copy.write(cleaner.finish())
    return Transcript(
        target,
        encoding,
        digest.hexdigest(),
        cleaner.lines,
        findings=cleaner.findings,
        emptied=cleaner.emptied,
    )


def _utf8_blocks(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The text as UTF-8 cut at lines, without byte order mark; what cannot be read becomes U+FFFD."""
    if encoding.startswith("utf-16"):
        blocks = _cut_at_lines(_from_utf16(blocks, encoding))
    elif encoding == "gb18030":
        blocks = map(_from_gb18030, blocks)
    start = True
    for block in blocks:
        yield block.removeprefix(codecs.BOM_UTF8) if start else block
        start = False


def _from_utf16(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for piece in pieces:
        yield decoder.decode(piece).encode()
    yield decoder.decode(b"", final=True).encode()


def _from_gb18030(block: bytes) -> bytes:
    try:
        return block.decode("gb18030").encode()
    except UnicodeDecodeError:
        # Line by line, so that a broken character can never swallow the line feed after it.
        return b"\n".join(line.decode("gb18030", "replace").encode() for line in block.split(b"\n"))


class _Cleaner:
    """Writes UTF-8 blocks with LF line ends, bad lines emptied; `lines` have been written so far."""

    def __init__(self, encoding: str) -> None:
        self.lines = 0
        self.findings = Findings()
        self.emptied: list[int] = []
        self._encoding = encoding
        # Text that was just encoded need not be decoded to see that it can be.
        self._is_encoded = not encoding.startswith("utf-8")
        self._is_inside_long_line = False

    def clean(self, block: bytes) -> bytes:
        """The block as it goes into the copy; a line that has no end yet comes with the next block."""
        if len(block) <= _MANY and self._is_clean(block):
            if not block.endswith(b"\n"):
                block += b"\n"
            self.lines += block.count(b"\n")
            return block.replace(b"\r\n", b"\n") if b"\r" in block else block
        parts = [] if len(block) <= _FEW else list(_parts(block, max(_FEW, len(block) // 64)))
        if len(parts) > 1:
            # In ever smaller parts, until only the neighbours of a bad line are looked at one by one.
            return b"".join(map(self.clean, parts))
        return b"".join(self._clean_lines(block))

    def _is_clean(self, block: bytes) -> bool:
        return not self._is_inside_long_line and (self._is_encoded or _is_utf8(block)) and _is_plain(block)

    def finish(self) -> bytes:
        """What is still to be written when the last block was."""
        return b"\n" if self._is_inside_long_line else b""

    def _clean_lines(self, block: bytes) -> Iterator[bytes]:
        *whole, last = block.split(b"\n")
        for line in whole:
            yield self._clean_line(line) + b"\n"
            self._is_inside_long_line = False
        if last:
            cleaned = self._clean_line(last)
            # Only a very long line goes on in the next block; any other without an end is the last one.
            self._is_inside_long_line = len(last) > LONGEST_LINE
            yield cleaned if self._is_inside_long_line else cleaned + b"\n"

    def _clean_line(self, line: bytes) -> bytes:
        if self._is_inside_long_line:
            return b""
        self.lines += 1
        line = line.removesuffix(b"\r")
        fault = line_fault(line)
        if fault is None:
            return line
        self.emptied.append(self.lines)
        self.findings.add(finding(fault, self.lines, encoding=self._encoding.upper(), limit=LONGEST_LINE))
        return b""


def line_fault(line: bytes) -> str | None:
    """The code of what is wrong with a line in UTF-8, None if nothing is."""
    if len(line) > LONGEST_LINE:
        return "line-too-long"
    if not _is_utf8(line) or _REPLACED in line:
        return "undecodable"
    if not _has_none(line, _CONTROL):
        return "control-character"
    if b"\r" in line:
        return "lone-cr"
    return None if _RECORDS.fullmatch(line) else "broken-quotes"
