"""Reading a ledger while its bytes are still being checked, or still being written as a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from app.reconcile.encoding import Part, Transcript
from app.reconcile.engine import Engine
from app.reconcile.watch import PERIOD, Watch, nobody

P = TypeVar("P")
"""A plan: all that is decided before a text is read, its layout first of all."""

Guess = Callable[[Path], P | None]
"""The plan by which a text will be read if its rest is like the beginning of this part."""

Load = Callable[[Part, P], list[int]]
"""Read a part of a text into its sheet, the first one anew; the lines of the part that were rejected."""


class ReadAhead(Generic[P]):
    """One reading after the other of the parts that are taken; the last one is believed if it fits.

    It fits if the parts turn out to be those of the whole text, and the plan that was guessed from the first
    of them to be right. Otherwise all are read again, so that what is found never depends on reading ahead.
    """

    def __init__(self, engine: Engine, guess: Guess[P], load: Load[P]) -> None:
        self._engine = engine
        self._guess = guess
        self._load = load
        self._reading: _Reading[P] | None = None

    def take(self, part: Part) -> None:
        """Read a part; with the first one of a text, what was read until now is void."""
        if part.before == 0:
            self.stop()
            plan = self._guess(part.path)
            self._reading = None if plan is None else _Reading(self._engine, plan, self._load)
        if self._reading:
            self._reading.take(part)

    @property
    def is_waiting(self) -> bool:
        """Whether all that was taken has been read."""
        return self._reading is not None and self._reading.is_waiting

    def rejected(self, transcript: Transcript, *plans: P, watch: Watch = nobody) -> list[int]:
        """Read all that is not read yet; the rejected lines. Raises what the reading raised.

        Each of `plans` is right; what must be read again is read by the first.
        """
        reading = self._reading
        if reading is None or not reading.fits(transcript, plans):
            self.stop()
            reading = self._reading = _Reading(self._engine, plans[0], self._load)
            for part in transcript.parts:
                reading.take(part)
        return reading.finish(watch)

    def stop(self) -> None:
        """Leave the engine to others."""
        if self._reading:
            self._reading.stop()


class _Reading(Generic[P]):
    """Reads parts in a thread of its own, in their order."""

    def __init__(self, engine: Engine, plan: P, load: Load[P]) -> None:
        self._engine = engine
        self._plan = plan
        self._load = load
        self._parts: list[Part] = []
        self._waiting: SimpleQueue[Part | None] = SimpleQueue()
        self._read = 0
        self._is_whole = False
        self._rejected: list[int] = []
        self._error: Exception | None = None
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def take(self, part: Part) -> None:
        self._parts.append(part)
        self._waiting.put(part)

    @property
    def is_waiting(self) -> bool:
        return self._read == len(self._parts)

    def fits(self, transcript: Transcript, plans: tuple[P, ...]) -> bool:
        return self._parts == transcript.parts and self._plan in plans

    def finish(self, watch: Watch) -> list[int]:
        self._is_whole = True
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
            while part := self._waiting.get():
                part = part._replace(has_more=part.has_more and not self._is_whole)
                self._rejected += [part.before + line for line in self._load(part, self._plan)]
                self._read += 1
        except Exception as error:
            # Nobody may ask for it: then it says no more than that the text is not clean.
            self._error = error


@contextmanager
def reading_ahead(engine: Engine, guess: Guess[P], load: Load[P]) -> Iterator[ReadAhead[P]]:
    """Reads ahead while the block runs, and not longer."""
    ahead = ReadAhead(engine, guess, load)
    try:
        yield ahead
    finally:
        ahead.stop()
