"""A close against what others do at the same moment: whoever comes first, the snapshot tells the truth."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from tests.samples import GUANGDONG, GUANGDONG_UNITS, REPORTS, RETURN, at, report
from tests.service import Answer, Asked, Service

ROUNDS = int(os.environ.get("YUEBAO_TEST_RACES", "100"))
READS = int(os.environ.get("YUEBAO_TEST_READS", "1000"))
"""Full size by `make prove`: 1,000 races and 10,000 reads on each database."""

REASON = {"reason": "竞态测试，提前关闭"}
SUMS = f"/api/v1/aggregates/2015-04/{GUANGDONG}"
PERIODS = [f"{year}-{month:02}" for year in (2015, 2016) for month in range(1, 13)][3:15]
MONTHS = PERIODS[: -(-ROUNDS // len(GUANGDONG_UNITS))]
"""Each close of a month meets all 22 units: 22 races, 264 in a year of the province."""


@pytest.fixture
def late(service: Service) -> Service:
    """The service at a time when many months can be reported."""
    service.clock.set("2016-03-28T09:00:00+08:00")
    return service


def raced(service: Service, period: str, asked: list[Asked]) -> tuple[list[int], dict[str, Any]]:
    """Ask all and a close at the same time, somewhere among them; the answers, and each unit's row in vintage 1."""
    closing = Asked("POST", f"/api/v1/periods/{period}/{GUANGDONG}/close", "reviewer", REASON)
    place = MONTHS.index(period) * 5 % len(asked)
    answers = service.together([*asked[:place], closing, *asked[place:]])
    assert answers.pop(place).status == 200
    sums = service.get(f"/api/v1/aggregates/{period}/{GUANGDONG}?vintage=1", by="reviewer").json
    return [answer.status for answer in answers], {row["unit"]: row["status"] for row in sums["units"]}


@pytest.mark.parametrize("period", MONTHS)
def test_a_close_and_a_report_never_miss_each_other(late: Service, period: str) -> None:
    filing = [Asked("POST", REPORTS, "everybody", report(code, period)) for code in GUANGDONG_UNITS]

    statuses, rows = raced(late, period, filing)

    for code, status in zip(GUANGDONG_UNITS, statuses, strict=True):
        assert (status, rows[code]) in {(201, "submitted"), (409, None)}


@pytest.mark.parametrize("period", MONTHS)
def test_a_close_and_an_acceptance_never_miss_each_other(late: Service, period: str) -> None:
    filing = [Asked("POST", REPORTS, "everybody", report(code, period)) for code in GUANGDONG_UNITS]
    assert {answer.status for answer in late.together(filing)} == {201}

    accepting = [
        Asked("POST", at("/accept", code, period), "second_reviewer", {}) for code in GUANGDONG_UNITS
    ]
    statuses, rows = raced(late, period, accepting)

    for code, status in zip(GUANGDONG_UNITS, statuses, strict=True):
        assert (status, rows[code]) in {(200, "accepted"), (409, "submitted")}


@pytest.mark.parametrize("period", MONTHS)
def test_of_eight_decisions_exactly_one_wins(late: Service, period: str) -> None:
    filing = [Asked("POST", REPORTS, "everybody", report(code, period)) for code in GUANGDONG_UNITS]
    assert {answer.status for answer in late.together(filing)} == {201}

    for code in GUANGDONG_UNITS:
        accept = Asked("POST", at("/accept", code, period), "reviewer", {})
        give_back = Asked("POST", at("/return", code, period), "second_reviewer", RETURN)
        answers = late.together([accept, give_back] * 4)
        statuses = sorted(answer.status for answer in answers)
        assert statuses[0] == 200
        assert set(statuses[1:]) <= {409, 412}


def test_every_sum_equals_its_listed_parts_while_others_write(service: Service) -> None:
    """Promise 8: reports come, are accepted and returned while readers ask for the province's sums."""
    done = asyncio.Event()

    async def write(codes: list[str]) -> None:
        turn = 0
        while not done.is_set():
            code = codes[turn % len(codes)]
            turn += 1
            body = report(code, figures={"wechat_groups": turn})
            filed = await service.exchange(Asked("POST", REPORTS, "everybody", body))
            if filed.status != 201:
                path = at("", code)
                await service.exchange(Asked("PUT", path, "everybody", body, {"if-match": "*"}))
            step, sent = ("accept", {}) if turn % 5 == 0 else ("return", RETURN)
            await service.exchange(Asked("POST", at(f"/{step}", code), "reviewer", sent))

    async def read() -> int:
        wrong = 0
        for _ in range(READS // 4):
            wrong += not agrees(await service.exchange(Asked("GET", SUMS, "reviewer")))
        return wrong

    async def both() -> list[int]:
        writers = [asyncio.create_task(write(GUANGDONG_UNITS[start::3])) for start in range(3)]
        wrong = await asyncio.gather(*(read() for _ in range(4)))
        done.set()
        await asyncio.gather(*writers)
        return list(wrong)

    assert service.run(both()) == [0, 0, 0, 0]


def agrees(answer: Answer) -> bool:
    sums = answer.json
    for code, cell in sums["cells"].items():
        for kind in ("reported", "effective"):
            parts = [row[kind].get(code) for row in sums["units"]]
            known = [part for part in parts if part is not None]
            if cell[f"{kind}_sum"] != (sum(known) if known else None):
                return False
    return True
