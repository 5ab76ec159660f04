"""Reading a roster while its bytes are still being checked, or still being written as a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from app.reconcile.columns import Layout
from app.reconcile.encoding import Transcript
from app.reconcile.engine import Engine
from app.reconcile.watch import PERIOD, Watch

Guess = Callable[[Path], Layout | None]
Load = Callable[[Path, Layout, bool], list[int]]
"""Read a part of a roster into its sheet, anew or as more of it; the lines of the part that were rejected."""


class ReadAhead:
    """One reading after the other of the parts that are taken; the last one is believed if it fits.

    It fits if the parts turn out to be those of the whole text, under the header that was guessed from the
    first of them. Otherwise all are read again, so that what is found never depends on reading ahead.
    """

    def __init__(self, engine: Engine, guess: Guess, load: Load) -> None:
        self._engine = engine
        self._guess = guess
        self._load = load
        self._reading: _Reading | None = None

    def take(self, part: Path, before: int) -> None:
        """Read a part with so many lines before it; with none, what was read until now is void."""
        if before == 0:
            self.stop()
            layout = self._guess(part)
            self._reading = _Reading(self._engine, layout, self._load) if layout else None
        if self._reading:
            self._reading.take(part, before)

    def rejected(self, transcript: Transcript, layout: Layout, watch: Watch) -> list[int]:
        """Read all that is not read yet; the rejected lines. Raises what the reading raised."""
        reading = self._reading
        if reading is None or not reading.fits(transcript, layout):
            self.stop()
            reading = self._reading = _Reading(self._engine, layout, self._load)
            for part, before in transcript.parts:
                reading.take(part, before)
        return reading.finish(watch)

    def stop(self) -> None:
        """Leave the engine to others."""
        if self._reading:
            self._reading.stop()


class _Reading:
    """Reads parts in a thread of its own, in their order."""

    def __init__(self, engine: Engine, layout: Layout, load: Load) -> None:
        self._engine = engine
        self._layout = layout
        self._load = load
        self._parts: list[tuple[Path, int]] = []
        self._waiting: SimpleQueue[tuple[Path, int] | None] = SimpleQueue()
        self._read = 0
        self._rejected: list[int] = []
        self._error: Exception | None = None
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def take(self, part: Path, before: int) -> None:
        self._parts.append((part, before))
        self._waiting.put((part, before))

    def fits(self, transcript: Transcript, layout: Layout) -> bool:
        return self._parts == transcript.parts and self._layout == layout

    def finish(self, watch: Watch) -> list[int]:
        self._waiting.put(None)
        while self._thread.is_alive():
            watch("reading", self._done())
            self._thread.join(PERIOD)
        watch("reading", 1.0)
        if self._error:
            raise self._error
        return self._rejected

    def _done(self) -> float:
        now = max(0.0, self._engine.query_progress() / 100)
        return min(1.0, (self._read + now) / len(self._parts))

    def stop(self) -> None:
        self._waiting.put(None)
        while self._thread.is_alive():
            # Again and again: between two statements nobody hears it.
            self._engine.interrupt()
            self._thread.join(0.01)

    def _work(self) -> None:
        try:
            while taken := self._waiting.get():
                part, before = taken
                layout = replace(self._layout, line=0) if before else self._layout
                self._rejected += [before + line for line in self._load(part, layout, before > 0)]
                self._read += 1
        except Exception as error:
            # Nobody may ask for it: then it says no more than that the text is not clean.
            self._error = error


@contextmanager
def reading_ahead(engine: Engine, guess: Guess, load: Load) -> Iterator[ReadAhead]:
    """Reads ahead while the block runs, and not longer."""
    ahead = ReadAhead(engine, guess, load)
    try:
        yield ahead
    finally:
        ahead.stop()
