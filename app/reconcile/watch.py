"""Watching a long statement: how far it is, and stopping it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

import duckdb

from app.reconcile.engine import Engine

Watch = Callable[[str, float], object]
"""Called with the name of a phase and how much of it is done, from 0 to 1; whatever it raises stops the work."""

PERIOD = 0.1
"""Seconds between two calls."""


def nobody(phase: str, done: float) -> None:
    """Nobody watches."""


def watched_blocks(blocks: Iterable[bytes], source: Path, phase: str, watch: Watch) -> Iterator[bytes]:
    """The blocks of a file, with a call before each."""
    size, seen = max(1, source.stat().st_size), 0
    for block in blocks:
        watch(phase, min(1.0, seen / size))
        seen += len(block)
        yield block


def run_watched(
    engine: Engine, statement: str, values: Sequence[Any], phase: str, watch: Watch = nobody
) -> None:
    """Execute a statement. What `watch` raises interrupts it and is raised from here.

    The watcher is called from a thread of its own, while the statement runs in this one.
    """
    watch(phase, 0.0)
    if watch is nobody:
        engine.execute(statement, list(values))
        return
    stopped, raised = Event(), list[BaseException]()
    thread = Thread(target=_look_on, args=(engine, phase, watch, stopped, raised), daemon=True)
    thread.start()
    try:
        engine.execute(statement, list(values))
    except duckdb.InterruptException:
        if not raised:
            raise
    finally:
        stopped.set()
        thread.join()
    if raised:
        raise raised[0]
    watch(phase, 1.0)


def _look_on(engine: Engine, phase: str, watch: Watch, stopped: Event, raised: list[BaseException]) -> None:
    while not stopped.wait(PERIOD):
        try:
            watch(phase, max(0.0, min(1.0, engine.query_progress() / 100)))
        except BaseException as error:
            raised.append(error)
            engine.interrupt()
            return
