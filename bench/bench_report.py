"""What filing one report costs: CPU of this process, through the application and in its service alone.

    python -m bench.bench_report [--reports 4000]

No socket and no load generator: CPU a request is what still repeats on a machine that others use. Each batch is
set against a fixed piece of Python run before and after it, so that a slower hour does not look like a slower
program: `adjusted` is the time on a machine that needs exactly NOMINAL for that piece.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from app.api.report_answers import filed, submission_of
from app.api.strict_json import load
from app.db import Database
from app.domain.permission import Actor, Grant, Role
from app.main import create_app
from app.services import forms, reports
from app.services.periods import Policy
from app.settings import Settings
from bench.sample import months, reporting_units, service_posts
from bench.servers import environment
from bench.service import CLOCK

BATCH, AT_ONCE, GROUP = 400, 16, 10
NOMINAL = 0.025
"""Seconds for the fixed piece, about what the machine of docs/performance.md needs."""

BY = Actor("token:bench", "bench", "token", (Grant(Role.REPORTER, "000000", "000000"),), address="127.0.0.1")
POST = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "path": "/api/v1/reports",
    "query_string": b"",
}
ENDS = {"scheme": "http", "root_path": "", "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 8000)}

Batch = Callable[[list[bytes]], None]


def fixed_piece() -> float:
    """Seconds of CPU for the same work every time."""
    began = process_time()
    for _ in range(3000):
        members = {str(number): number for number in range(20)}
        json.dumps(members)
    return process_time() - began


def measured(run: Batch, bodies: list[bytes]) -> tuple[float, float]:
    """Microseconds of CPU a report: the median batch, and the median of the adjusted ones."""
    plain, adjusted = [], []
    for start in range(BATCH, len(bodies), BATCH):
        batch, before, began = bodies[start : start + BATCH], fixed_piece(), process_time()
        run(batch)
        plain.append((process_time() - began) / len(batch) * 1e6)
        adjusted.append(plain[-1] * NOMINAL * 2 / (before + fixed_piece()))
    return median(plain), median(adjusted)


def by_service() -> Batch:
    """The service and its answer, a savepoint each, groups of ten in one commit."""
    session, policy, now = Database(Settings().database).connect(), Policy(), datetime.fromisoformat(CLOCK)
    forms.parse_all(session)

    def run(bodies: list[bytes]) -> None:
        submissions = [submission_of(load(body)) for body in bodies]
        for start in range(0, len(bodies), GROUP):
            session.control("BEGIN IMMEDIATE")
            for each in submissions[start : start + GROUP]:
                with session.savepoint():
                    saved = reports.submit(session, submission=each, by=BY, now=now, policy=policy)
                    filed(BY, 201, saved, True)
            session.control("COMMIT")

    return run


def by_application(token: str) -> Iterator[Batch]:
    """The whole application called as ASGI, sixteen requests at once."""
    app, loop = create_app(), asyncio.new_event_loop()
    life = app.router.lifespan_context(app)
    loop.run_until_complete(life.__aenter__())

    async def post(body: bytes) -> None:
        head = {"host": "127.0.0.1", "authorization": f"Bearer {token}", "content-type": "application/json"}
        sent = {**head, "content-length": str(len(body))}.items()
        scope = {**POST, **ENDS, "headers": [(k.encode(), v.encode()) for k, v in sent], "state": {}}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            assert message.get("status", 201) == 201, message

        await app(scope, receive, send)

    async def one_of_many(bodies: Iterator[bytes]) -> None:
        for body in bodies:
            await post(body)

    async def all_at_once(bodies: list[bytes]) -> None:
        shared = iter(bodies)
        await asyncio.gather(*(one_of_many(shared) for _ in range(AT_ONCE)))

    yield lambda bodies: loop.run_until_complete(all_at_once(bodies))
    loop.run_until_complete(life.__aexit__(None, None, None))


def main() -> None:
    """Print both, each on a database of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--reports", type=int, default=4000)
    given = options.parse_args()
    bodies = [line.split("\t", 1)[1].encode() for line in service_posts(reporting_units(), months(357))]
    bodies = list(islice(bodies, given.reports))
    log, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115  # the access log; until the end
    for name in ("service alone", "whole application"):
        with tempfile.TemporaryDirectory(prefix="yuebao-bench-") as folder:
            token = _installed(Path(folder))
            run = by_service() if name == "service alone" else next(made := by_application(token))
            run(bodies[:BATCH])
            plain, adjusted = measured(run, bodies)
            if name != "service alone":
                next(made, None)
        print(f"{name:18} {plain:6.0f} us a report, adjusted {adjusted:6.0f}", file=log, flush=True)


def _installed(folder: Path) -> str:
    os.environ.update(YUEBAO_ENV="test", YUEBAO_CLOCK=CLOCK, YUEBAO_DATA_DIR=str(folder))
    own = {**environment({}), "YUEBAO_ENV": "test", "YUEBAO_CLOCK": CLOCK, "YUEBAO_DATA_DIR": str(folder)}
    made = ["token", "create", "--role", "reporter", "--unit", "000000", "--name", "bench"]
    for arguments in (["init"], made):
        command = [sys.executable, "-m", "app", *arguments]
        said = subprocess.run(command, env=own, check=True, capture_output=True, text=True).stdout
    return said.split()[-1]


if __name__ == "__main__":
    main()
