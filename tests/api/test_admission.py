"""How many requests are worked on at once, and what becomes of the rest."""

from __future__ import annotations

import asyncio
import json

import pytest

from app.api.admission import Gate, Quota
from app.errors import Unavailable
from tests.api.asgi import HOST, JSON, TOKEN, call, exchange
from tests.api.slow_client import trickle, upload
from tests.api.small_app import EXAMPLE, small_app

REPORTS = "/api/v1/reports"
REPORT = "/api/v1/reports/2015-04/440100"
GOOD = json.dumps(EXAMPLE).encode()


def test_a_full_service_refuses_with_a_time_to_come_back() -> None:
    async def crowd() -> list:
        app = small_app(quotas={"upload": Quota(1, queue=1, patience=0.05)})
        hold = asyncio.Event()
        return await asyncio.gather(*[upload(app, hold) for _ in range(3)], release(hold))

    *uploads, _ = asyncio.run(crowd())

    assert sorted(status for status, _, _ in uploads) == [201, 503, 503]
    for status, code, retry in uploads:
        assert (status, code) == (201, None) or (code == "overloaded" and 5 <= int(retry) <= 30)


async def release(hold: asyncio.Event) -> None:
    await asyncio.sleep(0.2)
    hold.set()


def test_bodies_that_trickle_do_not_keep_others_from_writing() -> None:
    async def crowd() -> int:
        app = small_app(quotas={"write": Quota(1, queue=0, patience=0.05)})
        slow = [asyncio.create_task(trickle(app, [b" "], pause=0.01)) for _ in range(20)]
        await asyncio.sleep(0.05)
        length = ("content-length", str(len(GOOD)))
        answer = await exchange(app, "POST", REPORTS, [HOST, TOKEN, JSON, length], [GOOD])
        for task in slow:
            task.cancel()
        return answer.status

    assert asyncio.run(crowd()) == 201


def test_health_is_answered_however_full_the_service_is() -> None:
    app = small_app(quotas={"read": Quota(0, queue=0)})

    assert call(app, "GET", REPORT).status == 503
    assert call(app, "GET", "/health/live").status == 200


def test_a_gate_gives_back_every_slot() -> None:
    async def use() -> None:
        gate = Gate(Quota(2, queue=5, patience=0.01))
        await gate.enter()
        await gate.enter()
        with pytest.raises(Unavailable):
            await gate.enter()
        gate.leave()
        await gate.enter()
        with pytest.raises(Unavailable):
            await gate.enter()

    asyncio.run(use())


def test_a_gate_neither_loses_nor_doubles_slots_when_some_lose_patience() -> None:
    gate, inside, most, refused = Gate(Quota(2, queue=9, patience=0.002)), 0, 0, 0

    async def work(seconds: float) -> None:
        nonlocal inside, most, refused
        try:
            await gate.enter()
        except Unavailable:
            refused += 1
            return
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(seconds)
        inside -= 1
        gate.leave()

    async def crowds() -> None:
        for _ in range(30):
            await asyncio.gather(*(work(0.002) for _ in range(8)))
        await gate.enter()
        await gate.enter()
        with pytest.raises(Unavailable):
            await gate.enter()

    asyncio.run(crowds())
    assert most == 2
    assert refused
