"""Promise 3: a retry never doubles: 10,000 keys through a proxy that drops replies, one effect and one row each."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.db import Database
from app.models import metadata
from tests.domain.files import PDF
from tests.office import Seeds
from tests.proofs.proxy import dropping
from tests.proofs.scale import scaled
from tests.proofs.server import serving
from tests.samples import GUANGZHOU

KEYS = {"sqlite": 6_000, "postgresql": 4_000}
PART_LOST = 0.3
AT_ONCE = 16


async def exchange(port: int, token: str, path: str, body: bytes, **headers: str) -> tuple[int, bytes] | None:
    """One request on a connection of its own; None when the reply did not arrive whole."""
    sent = {
        "Host": "yuebao.test",
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        reply = await reader.read()
    finally:
        writer.close()
    first, end, rest = reply.partition(b"\r\n\r\n")
    length = [line for line in first.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    if not end or not length or len(rest) < int(length[0].partition(b":")[2]):
        return None
    return int(first.split(b" ", 2)[1]), rest


def claim(number: int, evidence: str) -> bytes:
    """A claim that no other is like; nothing but its key tells a repetition from a second one."""
    body = {
        "activity": "mobilization_meeting",
        "level": "prefecture",
        "dated": "2015-04-10",
        "title": f"示例：第{number}份新闻稿",
        "evidence": [evidence],
    }
    return json.dumps(body).encode()


async def storm(port: int, token: str, evidence: str, keys: int) -> tuple[list[list[Any]], int]:
    """Send each key one to five times, some together and some after a pause, and at last until it is heard."""
    chance, turn = random.Random(3), asyncio.Semaphore(AT_ONCE)
    heard: list[list[Any]] = [[] for _ in range(keys)]

    async with dropping(port, chance, PART_LOST) as proxy:

        async def send(number: int) -> bool:
            path = f"/api/v1/reports/2015-04/{GUANGZHOU}/claims"
            async with turn:
                answer = await exchange(
                    proxy.port, token, path, claim(number, evidence), **{"Idempotency-Key": f"key-{number}"}
                )
            if answer is not None:
                heard[number].append(answer)
            return answer is not None

        async def client(number: int, times: int) -> None:
            together = chance.randrange(1, times + 1)
            await asyncio.gather(*(send(number) for _ in range(together)))
            for _ in range(times - together):
                await send(number)
            while not heard[number]:
                await send(number)

        await asyncio.gather(*(client(number, chance.randrange(1, 6)) for number in range(keys)))
        return heard, proxy.lost


def test_a_retry_never_doubles(seeded_url: str, seeds: Seeds, engine_name: str, tmp_path: Path) -> None:
    keys = scaled(KEYS[engine_name])
    token = seeds(engine_name).tokens["guangzhou"]

    async def run(port: int) -> tuple[list[list[Any]], int]:
        path = "/api/v1/evidence?filename=a.pdf"
        stored = await exchange(port, token, path, PDF, **{"Content-Type": "application/octet-stream"})
        assert stored is not None
        return await storm(port, token, json.loads(stored[1])["id"], keys)

    with serving(seeded_url, tmp_path) as port:
        heard, lost = asyncio.run(run(port))

    assert lost > keys / 10
    assert {status for answers in heard for status, _ in answers} == {201}
    assert all(len({body for _, body in answers}) == 1 for answers in heard)
    with Database(seeded_url).transaction() as session:
        claims = session.all(select(metadata.tables["claim"]))
        filed = [
            row
            for row in session.all(select(metadata.tables["audit_event"]))
            if row["action"] == "claim.filed"
        ]
        stored = session.all(select(metadata.tables["idempotency_key"]))
    assert len(claims) == len({row["title"] for row in claims}) == keys
    assert Counter(row["object"] for row in filed) == Counter(f"claim:{row['id']}" for row in claims)
    assert len(stored) == keys
    assert {json.loads(answers[0][1])["id"] for answers in heard} == {row["id"] for row in claims}
