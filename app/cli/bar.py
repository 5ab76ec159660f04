"""A progress bar on standard error for work on large files, where somebody is looking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from app.reconcile.watch import Watch, nobody

PHASES = {
    "checking": "检查编码 Checking",
    "transcribing": "转换编码 Transcribing",
    "unpacking": "读工作簿 Unpacking",
    "reading": "读取 Reading",
    "judging": "逐行核对 Judging",
    "matching": "查重与合并 Matching",
    "storing": "保存 Storing",
    "deriving": "推算 Deriving",
}
"""What people read of each phase of reading a roster."""


@contextmanager
def progress(*, is_shown: bool = True) -> Iterator[Watch]:
    """A watcher that draws a bar for each phase of each file; nobody watches where nobody is looking."""
    console = Console(stderr=True)
    if not (is_shown and console.is_terminal):
        yield nobody
        return
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as bars:
        tasks = {}

        def watch(phase: str, done: float) -> None:
            if phase not in tasks:
                side, _, step = phase.rpartition(" ")
                tasks[phase] = bars.add_task(f"{side} {PHASES.get(step, step)}", total=1.0)
            bars.update(tasks[phase], completed=done)

        yield watch
