"""Bytes on disk to one strict UTF-8 file in which every record is exactly one line."""

from __future__ import annotations

import codecs
import hashlib
import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, Self

from app.reconcile.cleaner import CONTROL, PIECE, Cleaner, cut, has_none, has_plain_lines, is_utf8, signs
from app.reconcile.findings import LISTED, Findings
from app.reconcile.gb18030 import to_utf8
from app.reconcile.watch import Watch, nobody, watched_blocks

BLOCK = 1 << 20
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16-le", "utf-16-be")
"""What `Transcript.encoding` can say."""
_ALIASES = {"utf8": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "utf-16": "utf-16-le"}
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

PART = 4 << 20
"""Bytes of a part of a copy, at least: each is read while the next one is written."""
LARGE = 64 << 20
"""Bytes of one that is cut off though nobody waits: what one thread has to read after the end is less."""

_LETTERS = string.ascii_letters.encode()


class Part(NamedTuple):
    """A file with whole lines of a text, the number of lines before it, and whether each is known to be UTF-8.

    Where it has no quotes, one that is read is a character like any other. While more of the text is being
    written, who reads it has one processor.
    """

    path: Path
    before: int = 0
    is_utf8: bool = False
    has_quotes: bool = True
    has_more: bool = False


class Mark(NamedTuple):
    """A place in a text from which it can be read: the number of lines before it, the file, and the byte in it."""

    before: int
    path: Path
    offset: int


class Reader(Protocol):
    """Reads a text while it is being checked or written."""

    def take(self, part: Part) -> object:
        """Called with each part as soon as it can be read; with the first what was taken before is void."""

    @property
    def is_waiting(self) -> bool:
        """Whether all that was taken has been read."""


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
    """The lines of a copy that have a finding."""
    refused: Sequence[int] = ()
    """The lines of the source that have one: what is read of them is void."""
    places: Sequence[Mark] = ()
    """The beginnings of its parts and places every hundred kilobytes or so, where they are known."""
    is_utf8: bool = False
    """Whether each line is known to be, so that no reader need look."""
    has_quotes: bool = True
    """False where no line that has no finding has one."""

    @property
    def marks(self) -> Sequence[Mark]:
        """Where it can be read from, in ascending order; the first is its beginning."""
        return self.places or (Mark(0, self.path, 0),)

    @property
    def parts(self) -> list[Part]:
        """The files that it is in, in their order."""
        begins = [mark for mark in self.marks if mark.offset == 0]
        return [
            Part(mark.path, mark.before, self.is_utf8, self.has_quotes, mark is not begins[-1])
            for mark in begins
        ]


def transcribe(
    source: Path,
    folder: Path,
    *,
    encoding: str | None = None,
    is_reader_strict: bool = False,
    can_leave_out: bool = False,
    reader: Reader | None = None,
    watch: Watch = nobody,
) -> Transcript:
    """Make a strict UTF-8 file of `source`, in `folder` when a copy is needed.

    The encoding is that of a byte order mark, else UTF-8, else GB18030, unless `encoding` names one of
    utf-8, gb18030 (gbk, gb2312), utf-16, utf-16-le, utf-16-be; any other name is a ValueError. A file most
    of whose lines are valid UTF-8 is UTF-8 with bad lines in it, and not GB18030.

    A reader that rejects each line that is no UTF-8 can say so: only as much is decoded then as tells the
    encoding, and such lines are left for it to find. One that can leave out lines, too, reads the source
    itself where that has a few bad ones.

    `reader` gets the source while its blocks are still being checked, and then, should one of them not be
    clean, a copy in parts: the next one whenever it waits.
    """
    chosen = _chosen(source, encoding)
    if chosen in ("utf-8", "utf-8-sig"):
        check = _check(source, watch, reader, decode_all=not is_reader_strict)
        if check.is_clean:
            return Transcript(
                source, chosen, check.sha256, check.lines, check.has_letters, is_utf8=not is_reader_strict
            )
        if encoding is None and chosen == "utf-8" and check.is_foreign:
            chosen = "gb18030"
        elif is_reader_strict and can_leave_out and (found := _in_place(source, chosen, watch, reader)):
            return found
    return _rewrite(source, folder, chosen, watch, reader, is_reader_strict=is_reader_strict)


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


def _check(source: Path, watch: Watch, reader: Reader | None, *, decode_all: bool) -> _Check:
    """Whether the file is clean UTF-8 with one kind of line end; stops at the first block that is not."""
    digest, lines, has_letters, is_ascii, block = hashlib.sha256(), 0, False, True, b"\n"
    line_ends = set[bool]()
    with source.open("rb") as file:
        for block in watched_blocks(_blocks(file, digest.update), source, "checking", watch):
            if lines and reader:
                reader.take(Part(source, is_utf8=decode_all))
                reader = None
            if (decode_all or is_ascii) and not is_utf8(block):
                return _Check(False, is_foreign=is_ascii and not _is_mostly_utf8(block))
            ends, seen = signs(block, CONTROL if has_letters else CONTROL + _LETTERS)
            line_ends.update(_line_ends(block, ends))
            if len(line_ends) > 1 or not has_none(seen, CONTROL) or not has_plain_lines(block):
                return _Check(False)
            has_letters = has_letters or bool(seen and _has_letters(_below(block, lines)))
            lines += ends
            is_ascii = is_ascii and block.isascii()
    return _Check(True, False, digest.hexdigest(), lines + (not block.endswith(b"\n")), has_letters)


def _line_ends(block: bytes, ends: int) -> set[bool]:
    """Whether its lines end in CR LF: both if some do and some do not."""
    if b"\r" not in block:
        return {False}
    return {True} if block.count(b"\r\n") == ends else {True, False}


def _has_letters(block: bytes) -> bool:
    return not has_none(block, _LETTERS)


def _below(block: bytes, lines_before: int) -> bytes:
    """The block without the first line of the file."""
    return block if lines_before else block[block.find(b"\n") + 1 :]


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


def _in_place(source: Path, encoding: str, watch: Watch, reader: Reader | None) -> Transcript | None:
    """A source in UTF-8 with the lines that are to be left out of it; None if only a copy without them will do.

    Where no good line has a quote, a broken one is a character like any other, and spoils no other line.
    """
    digest, cleaner, line_ends = hashlib.sha256(), Cleaner(encoding, decodes=False), set[bool]()
    marks, offset = list[Mark](), 0
    with source.open("rb") as file:
        for block in watched_blocks(_blocks(file, digest.update), source, "checking", watch):
            if offset and reader:
                reader.take(Part(source, has_quotes=False))
                reader = None
            line_ends.update(_line_ends(block, block.count(b"\n") if b"\r" in block else 0))
            for piece in cut(block, PIECE):
                marks.append(Mark(cleaner.lines, source, offset))
                if b'"' in cleaner.clean(piece):
                    return None
                offset += len(piece)
            if len(line_ends) > 1 or not _can_be_left_out(cleaner):
                return None
    # Before the header nobody could say whether a line was it.
    if cleaner.emptied and cleaner.emptied[0] <= first_line(source)[0]:
        return None
    return Transcript(
        source,
        encoding,
        digest.hexdigest(),
        cleaner.lines,
        findings=cleaner.findings,
        refused=cleaner.emptied,
        places=marks,
        has_quotes=False,
    )


def _can_be_left_out(cleaner: Cleaner) -> bool:
    return cleaner.faults <= {"broken-quotes", "control-character"} and len(cleaner.emptied) <= LISTED


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


def _is_mostly_utf8(block: bytes) -> bool:
    lines = [line for line in block.split(b"\n") if not line.isascii()]
    return 2 * sum(map(is_utf8, lines)) >= len(lines)


def _rewrite(
    source: Path, folder: Path, encoding: str, watch: Watch, reader: Reader | None, *, is_reader_strict: bool
) -> Transcript:
    # Text that was just encoded need not be decoded to see that it can be.
    is_encoded = not encoding.startswith("utf-8")
    digest, cleaner = hashlib.sha256(), Cleaner(encoding, decodes=not (is_encoded or is_reader_strict))
    with source.open("rb") as file, _Copy(folder, reader, is_utf8=is_encoded or not is_reader_strict) as copy:
        blocks = watched_blocks(_blocks(file, digest.update), source, "transcribing", watch)
        for piece in _utf8_pieces(blocks, encoding):
            before = None if cleaner.is_inside_long_line else cleaner.lines
            copy.write(before, cleaner.clean(piece))
        copy.write(None, cleaner.finish())
    return Transcript(
        copy.marks[0].path,
        encoding,
        digest.hexdigest(),
        cleaner.lines,
        findings=cleaner.findings,
        emptied=cleaner.emptied,
        places=copy.marks,
        is_utf8=copy.is_utf8,
    )


class _Copy:
    """A text as files: one, or parts for a reader, the first of which has a line that is not blank."""

    def __init__(self, folder: Path, reader: Reader | None, *, is_utf8: bool) -> None:
        self.marks: list[Mark] = []
        self.is_utf8 = is_utf8
        self._folder = folder
        self._reader = reader
        self._has_text = False
        self._turn(0)

    def write(self, before: int | None, text: bytes) -> None:
        """Add lines with so many before them; None if they begin inside one."""
        if before is not None:
            if self._size >= PART and self._is_wanted():
                self._offer(has_more=True)
                self._turn(before)
            elif self._size:
                self.marks.append(Mark(before, self._part.path, self._size))
        self._size += self._file.write(text)
        self._has_text = self._has_text or bool(text.strip())

    def _turn(self, lines: int) -> None:
        path = self._folder / f"transcript-{lines}.csv"
        self.marks.append(Mark(lines, path, 0))
        self._part, self._file, self._size = Part(path, lines, self.is_utf8), path.open("wb"), 0

    def _is_wanted(self) -> bool:
        """Every part costs its reader some time, so there is no small one before it waits for one."""
        if self._reader is None or not self._has_text:
            return False
        return self._part.before == 0 or self._size >= LARGE or self._reader.is_waiting

    def _offer(self, *, has_more: bool = False) -> None:
        self._file.close()
        if self._reader:
            self._reader.take(self._part._replace(has_more=has_more))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind:
            self._file.close()
        else:
            self._offer()


def _utf8_pieces(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The text as UTF-8 cut at lines, without byte order mark; what cannot be read becomes U+FFFD."""
    if encoding.startswith("utf-16"):
        blocks = _cut_at_lines(_from_utf16(blocks, encoding))
    pieces = (piece for block in blocks for piece in cut(block, PIECE))
    start = True
    for piece in map(to_utf8, pieces) if encoding == "gb18030" else pieces:
        yield piece.removeprefix(codecs.BOM_UTF8) if start else piece
        start = False


def _from_utf16(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for piece in pieces:
        yield decoder.decode(piece).encode()
    yield decoder.decode(b"", final=True).encode()
