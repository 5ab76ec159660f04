"""Reading a long sheet while its bytes are still being checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from app.reconcile.columns import SUMMARY, Layout, read_header
from app.reconcile.encoding import BLOCK, Transcript, first_line
from app.reconcile.engine import Engine
from app.reconcile.sheet import load_sheet

_LETTER = re.compile(rb"[A-Za-z]")


class _Guess(NamedTuple):
    """How the sheet will be read if the rest of the file is like its first block."""

    layout: Layout
    counts_digits: bool


class ReadAhead:
    """One reading of `source` in a thread, begun once the first of several blocks is known to be clean.

    It is believed only when the whole file turned out to be so; otherwise the sheet is read again, so that
    what is found never depends on whether anything was read ahead.
    """

    def __init__(self, engine: Engine, source: Path) -> None:
        self._engine = engine
        self._source = source
        self._guess: _Guess | None = None
        self._thread = Thread(target=self._load, daemon=True)
        self._rejected: list[int] = []
        self._error: Exception | None = None

    def watch(self, phase: str, done: float) -> None:
        """Begin, when the checking of bytes reports that it is past the first block."""
        if phase == "checking" and done > 0 and self._guess is None:
            self._guess = _guess(self._source)
            if self._guess:
                self._thread.start()

    def load_sheet(self, transcript: Transcript, layout: Layout, *, counts_digits: bool) -> list[int]:
        """What `load_sheet` gives and raises, which see."""
        if self._fits(transcript, layout, counts_digits=counts_digits):
            self._thread.join()
            if self._error:
                raise self._error
            return self._rejected
        self.stop()
        return load_sheet(self._engine, transcript.path, layout, counts_digits=counts_digits)

    def stop(self) -> None:
        """Leave the engine to others."""
        while self._thread.is_alive():
            # Again and again: between two statements nobody hears it.
            self._engine.interrupt()
            self._thread.join(0.01)

    def _fits(self, transcript: Transcript, layout: Layout, *, counts_digits: bool) -> bool:
        # Not to count digits is right for every file, to count them only for one without letters.
        return (
            self._guess is not None
            and transcript.path == self._source
            and layout == self._guess.layout
            and (counts_digits or not self._guess.counts_digits)
        )

    def _load(self) -> None:
        assert self._guess is not None
        layout, counts_digits = self._guess
        try:
            self._rejected = load_sheet(self._engine, self._source, layout, counts_digits=counts_digits)
        except Exception as error:
            # Nobody may ask for it: then it says no more than that the file is not clean.
            self._error = error


@contextmanager
def reading_ahead(engine: Engine, source: Path) -> Iterator[ReadAhead]:
    """Reads ahead while the block runs, and not longer."""
    ahead = ReadAhead(engine, source)
    try:
        yield ahead
    finally:
        ahead.stop()


def _guess(source: Path) -> _Guess | None:
    with source.open("rb") as file:
        start = file.read(BLOCK)
    if not start.strip():
        return None
    number, text = first_line(source)
    layout, _ = read_header(number, text, SUMMARY)
    if layout is None:
        return None
    below = start.split(b"\n", number)[-1]
    return _Guess(layout, counts_digits=_LETTER.search(below) is None)
