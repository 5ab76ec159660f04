"""The clock that can start in another month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.clock import Clock
from app.domain.period import SHANGHAI


def test_a_clock_without_a_start_shows_real_time() -> None:
    before = datetime.now(UTC)

    now = Clock().now()

    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


def test_a_clock_with_a_start_runs_on_from_there() -> None:
    start = datetime(2015, 4, 25, 23, 59, tzinfo=SHANGHAI)
    clock = Clock(start)

    first, second = clock.now(), clock.now()

    assert start <= first <= second < start + timedelta(seconds=5)
    assert first.tzinfo is UTC


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        Clock(datetime(2015, 4, 25))  # noqa: DTZ001 the point of the test
