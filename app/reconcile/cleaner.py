"""Which lines of a text in UTF-8 can be no record, and a copy with these lines emptied."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from app.reconcile.findings import Findings, finding

LONGEST_LINE = 1 << 16
"""Bytes in UTF-8. A longer line is no ledger row, and a file without line breaks must not fill the memory."""

_FEW = 1 << 9
"""Bytes of lines that are as soon read one by one as together."""
_CUTS = 16
"""Parts of a block with a bad line, each cleaned like a block of its own."""
PIECE = 1 << 17
"""Bytes of lines that are at hand for each step when the one before it is done."""

CONTROL = bytes(set(range(32)) - set(b"\t\n\r")) + b"\x7f"
_REPLACED = "\ufffd".encode()
_CELL = rb'(?:"(?:[^"\n]++|"")*+"|[^",\t\r\n]*+)'
_RECORDS = re.compile(rb"(?:" + _CELL + rb"(?:[,\t]|\r?\n|\Z))*+")
"""As many whole records as there are; possessive, so that a bad one costs no more than a good one."""


class Cleaner:
    """Writes UTF-8 blocks with LF line ends, bad lines emptied; `lines` have been written so far.

    `emptied` are those that have a finding, `faults` the codes of all findings.

    It `decodes` blocks to see whether they are UTF-8, unless they are known to be, or a reader looks.
    """

    def __init__(self, encoding: str, *, decodes: bool) -> None:
        self.lines = 0
        self.findings = Findings()
        self.emptied: list[int] = []
        self.faults: set[str] = set()
        self._encoding = encoding
        self._decodes = decodes
        self.is_inside_long_line = False

    def clean(self, block: bytes) -> bytes:
        """The block as it goes into the copy; a line that has no end yet comes with the next block."""
        ends = None if self.is_inside_long_line else plain_lines(block)
        if ends is not None and (not self._decodes or is_utf8(block)):
            if not block.endswith(b"\n"):
                block, ends = block + b"\n", ends + 1
            self.lines += ends
            return block.replace(b"\r\n", b"\n") if b"\r" in block else block
        parts = [] if len(block) <= _FEW else list(cut(block, max(_FEW, len(block) // _CUTS)))
        if len(parts) > 1:
            # Smaller and smaller, until only the neighbours of a bad line are looked at one by one.
            return b"".join(map(self.clean, parts))
        return b"".join(self._clean_lines(block))

    def finish(self) -> bytes:
        """What is still to be written when the last block was."""
        return b"\n" if self.is_inside_long_line else b""

    def _clean_lines(self, block: bytes) -> Iterator[bytes]:
        *whole, last = block.split(b"\n")
        for line in whole:
            yield self._clean_line(line) + b"\n"
            self.is_inside_long_line = False
        if last:
            cleaned = self._clean_line(last)
            # Only a very long line goes on in the next block; any other without an end is the last one.
            self.is_inside_long_line = len(last) > LONGEST_LINE
            yield cleaned if self.is_inside_long_line else cleaned + b"\n"

    def _clean_line(self, line: bytes) -> bytes:
        if self.is_inside_long_line:
            return b""
        self.lines += 1
        line = line.removesuffix(b"\r")
        fault = line_fault(line)
        if fault is None:
            return line
        self.emptied.append(self.lines)
        self.faults.add(fault)
        encoding = self._encoding.removesuffix("-sig").upper()
        self.findings.add(finding(fault, self.lines, encoding=encoding, limit=LONGEST_LINE))
        return b""


def line_fault(line: bytes) -> str | None:
    """The code of what is wrong with a line in UTF-8, None if nothing is."""
    if len(line) > LONGEST_LINE:
        return "line-too-long"
    if not is_utf8(line) or _REPLACED in line:
        return "undecodable"
    if not has_none(line, CONTROL):
        return "control-character"
    if b"\r" in line:
        return "lone-cr"
    return None if _RECORDS.fullmatch(line) else "broken-quotes"


def plain_lines(block: bytes) -> int | None:
    """The number of line feeds of a block of whose lines none can have a finding, if it is UTF-8.

    None for any other, and in rare cases for one of which none has.
    """
    ends, controls = signs(block, CONTROL)
    return None if controls or not has_plain_lines(block) else ends


def signs(block: bytes, wanted: bytes) -> tuple[int, bytes]:
    """The number of line feeds, and which of the bytes that are wanted there are, in one pass."""
    found = block.translate(None, _all_but(wanted + b"\n"))
    ends = found.count(b"\n")
    return ends, b"" if len(found) == ends else found.replace(b"\n", b"")


@cache
def _all_but(kept: bytes) -> bytes:
    return bytes(set(range(256)) - set(kept))


def has_plain_lines(block: bytes) -> bool:
    """Whether no line can have a finding but for control characters."""
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


def has_none(block: bytes, unwanted: bytes) -> bool:
    return len(block.translate(None, unwanted)) == len(block)


def is_utf8(block: bytes) -> bool:
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def cut(block: bytes, size: int) -> Iterator[bytes]:
    """The block in parts of about that size, each but the last one whole lines."""
    start = 0
    while start < len(block):
        end = block.find(b"\n", start + size) + 1 or len(block)
        yield block[start:end]
        start = end
