"""The service's clock: real time, or an invented start from which it runs on at the real pace."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time as aware UTC.

    With a `start`, the clock shows that instant when it is made and then follows the machine's monotonic
    clock, so that a month of 2015 can be played today and no change of the wall clock disturbs it.
    """

    def __init__(self, start: datetime | None = None) -> None:
        """ValueError for a start without a zone: guessing one would move every deadline."""
        if start is not None and start.tzinfo is None:
            raise ValueError("the clock's start needs a zone")
        self._start = start.astimezone(UTC) if start else None
        self._origin = time.monotonic()

    def now(self) -> datetime:
        """This instant."""
        if self._start is None:
            return datetime.now(UTC)
        return self._start + timedelta(seconds=time.monotonic() - self._origin)
