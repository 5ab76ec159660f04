"""What a server does on the side: carry events out, remind, anchor the audit, on one thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

Report = Callable[[str, Exception], None]
"""Takes the name of a task and what it raised."""


@dataclass(slots=True)
class Task:
    """Something that is done every so many seconds; it may also do nothing."""

    name: str
    every: float
    work: Callable[[], object]
    last: float = field(default=0.0)


class Worker(threading.Thread):
    """Runs its tasks in turn until it is stopped. One that fails is reported and tried again at its next turn."""

    def __init__(self, tasks: Sequence[Task], report: Report) -> None:
        super().__init__(name="worker", daemon=True)
        self._tasks = tasks
        self._report = report
        self._stopped = threading.Event()

    def run(self) -> None:
        """Wait first, so that starting and stopping a server at once does nothing on the side."""
        tick = min(task.every for task in self._tasks)
        for task in self._tasks:
            task.last = monotonic() - task.every + tick
        while not self._stopped.wait(tick):
            for task in self._tasks:
                if monotonic() - task.last >= task.every and not self._stopped.is_set():
                    task.last = monotonic()
                    self._do(task)

    def stop(self, seconds: float = 20.0) -> None:
        """Let the task at hand end, within some seconds."""
        self._stopped.set()
        self.join(seconds)

    def _do(self, task: Task) -> None:
        try:
            task.work()
        except Exception as error:
            self._report(task.name, error)
