"""Promise 38: logs tell no lies and no secrets: 1,000 hostile requests, one JSON object a line, nothing personal."""

from __future__ import annotations

import asyncio
import json
import random
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.office import Seeds
from tests.proofs.scale import scaled
from tests.proofs.server import serving

REQUESTS = 5_000
"""Five times the promised thousand; a tenth of them in every run."""

FORGED = '{"event":"request","status":200,"forged":true}'
PHONE, IDENTITY, SECRET = "13812345678", "110101199003070011", "yb_7c1f_Very-secret"
EVIL = [
    f"\r\n{FORGED}\r\n",
    f"\n{FORGED}",
    "\u001b[31mred\u001b[0m\u001b]0;title\u0007",
    "\u202e}\u2028{\u2029\u0085",
    "\u0000\u0008\u007f",
    '","forged":true,"x":"',
    "\\u000a\\",
    PHONE,
    f"+86{PHONE}",
    IDENTITY,
    IDENTITY[:-1] + "X",
    SECRET,
    "张三丰",
    "zhang@office.example",
    "%0d%0a" + FORGED,
    "<script>alert(1)</script>",
]


def hostile(chance: random.Random, token: str, number: int) -> bytes:
    """A request that carries something evil in one or several of its places."""
    evil = chance.choice(EVIL)
    in_path, in_query, in_header = (chance.random() < 0.5 for _ in range(3))
    path = chance.choice(["/api/v1/reports/2015-04/", "/api/v1/units/", "/", "/api/v1/evidence/", "/x/"])
    path += quote(evil, safe="") if in_path else "440100"
    path += f"?q={quote(evil)}&access_token={token}" if in_query else ""
    clean = evil.encode().translate(None, b"\r\n\0").decode().encode("utf-8").decode("latin-1")
    headers = {
        "Host": "yuebao.test",
        "Authorization": f"Bearer {chance.choice([token, SECRET, 'yb_' + '0' * 32 + '_' + SECRET])}",
        "X-Request-ID": clean
        if in_header
        else chance.choice([PHONE, IDENTITY, f"id-{PHONE}", f"r-{number}"]),
        "User-Agent": clean,
        "X-Forwarded-For": clean,
        "Referer": clean,
        "Cookie": f"session={SECRET}",
        "Idempotency-Key": f"{IDENTITY}-{number}",
    }
    body = json.dumps({"unit": evil, "contact": {"name": "张三丰", "phone": PHONE}}).encode()
    method = chance.choice(["GET", "POST", "PUT", "DELETE", "OPTIONS"])
    if method in {"POST", "PUT"}:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"{method} {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode("latin-1", "replace")
    return head + (body if method in {"POST", "PUT"} else b"")


async def send(port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        reply = await reader.read()
    except ConnectionError:
        return 0
    finally:
        writer.close()
    return int(reply.split(b" ", 2)[1]) if reply else 0


@pytest.fixture
def engine_name() -> str:
    """What is logged does not depend on the database."""
    return "sqlite"


def test_logs_tell_no_lies_and_no_secrets(seeded_url: str, seeds: Seeds, tmp_path: Path) -> None:
    chance, token = random.Random(38), seeds("sqlite").tokens["guangzhou"]
    requests = [hostile(chance, token, number) for number in range(scaled(REQUESTS))]

    async def storm(port: int) -> list[int]:
        turn = asyncio.Semaphore(16)

        async def one(request: bytes) -> int:
            async with turn:
                return await send(port, request)

        return await asyncio.gather(*(one(request) for request in requests))

    with serving(seeded_url, tmp_path) as port:
        statuses = asyncio.run(storm(port))

    said = (tmp_path / "server.log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in said.splitlines()]
    assert {status for status in statuses if status >= 500} == set()
    assert {line["event"] for line in lines} <= {"request", "server"}
    assert not any("forged" in line for line in lines)
    # A request that the parser refuses leaves a line of the server's in place of one of its own.
    assert len([line for line in lines if line.get("route") != "/health/ready"]) == len(requests)
    assert said.isascii()
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f]", said) is None
    for secret in (PHONE, IDENTITY[:-1], SECRET, token.split("_", 2)[2], "zhang@", "\\u5f20\\u4e09"):
        assert secret not in said
