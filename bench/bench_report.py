"""What filing one report costs: CPU of this process, through the application and in its service alone.

    python -m bench.bench_report [--reports 4000] [--database postgresql]

No socket and no load generator: CPU a request is what still repeats on a machine that others use. Each batch is
set against a fixed piece of Python run before and after it, so that a slower hour does not look like a slower
program: `adjusted` is the time on a machine that needs exactly NOMINAL for that piece. Statements are counted in
the session; a round trip is a message after which PostgreSQL's client waits (its own trace says so).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from app.api.report_answers import filed, submission_of
from app.api.strict_json import load
from app.db import Database, Session
from app.domain.permission import Actor, Grant, Role
from app.main import create_app
from app.services import forms, reports
from app.services.periods import Policy
from app.settings import Settings
from bench import postgres
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
Counted = Callable[[Callable[[], None]], tuple[int, int]]
Way = Callable[[str], Iterator[tuple[Batch, Counted | None]]]


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


def by_service(_token: str) -> Iterator[tuple[Batch, Counted | None]]:
    """The service and its answer on the writer's lane: groups of ten in one commit."""
    database, policy, now = Watched(Settings().database), Policy(), datetime.fromisoformat(CLOCK)
    forms.parse_all(database.connect())

    def file(session: Session, submission: reports.Submission) -> None:
        saved = reports.submit(session, submission=submission, by=BY, now=now, policy=policy)
        filed(BY, now, 201, saved, True)

    async def groups(bodies: list[bytes]) -> None:
        submissions = [submission_of(load(body)) for body in bodies]
        for start in range(0, len(bodies), GROUP):
            group = submissions[start : start + GROUP]
            await asyncio.gather(*(database.write_asking(reports.asked(each), file, each) for each in group))

    loop = asyncio.new_event_loop()
    yield lambda bodies: loop.run_until_complete(groups(bodies)), database.counted
    database.stop()


def by_application(token: str) -> Iterator[tuple[Batch, Counted | None]]:
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

    yield lambda bodies: loop.run_until_complete(all_at_once(bodies)), None
    loop.run_until_complete(life.__aexit__(None, None, None))


class Watched(Database):
    """A database whose drivers can say what they send."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.opened: list[Any] = []

    def connect(self) -> Session:
        """A session, as ever, whose connection is kept in mind."""
        session = super().connect()
        self.opened.append(session.connection)
        return session

    def counted(self, run: Callable[[], None]) -> tuple[int, int]:
        """Statements, and for PostgreSQL the messages after which its client waits, while something runs."""
        with tempfile.NamedTemporaryFile("w+") as file:
            sent: list[str] = []
            for raw in self.opened:
                if self.is_sqlite:
                    raw.set_trace_callback(sent.append)
                else:
                    raw.pgconn.trace(file.fileno())
            run()
            for raw in self.opened:
                if self.is_sqlite:
                    raw.set_trace_callback(None)
                else:
                    raw.pgconn.untrace()
            said = Path(file.name).read_text()
        statements = re.findall(r"\tF\t\d+\t(?:Execute|Query)\b", said)
        waits = re.findall(r"\tF\t\d+\t(?:Sync|Query)\b", said)
        return len(sent) or len(statements), len(waits)


def measure(name: str, make: Way, bodies: list[bytes], url: str) -> str:
    """One line about one way to file, on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="yuebao-bench-") as folder:
        made = make(_installed(Path(folder), url))
        run, counted = next(made)
        run(bodies[:BATCH])
        plain, adjusted = measured(run, bodies[:-BATCH])
        sent = [n / BATCH for n in counted(lambda: run(bodies[-BATCH:]))] if counted else []
        next(made, None)
    text = f"{name:18} {plain:6.0f} us a report, adjusted {adjusted:6.0f}"
    return f"{text}, statements {sent[0]:.1f}, round trips {sent[1]:.1f}" if sent else text


WAYS = {"service alone": by_service, "whole application": by_application}


def main() -> None:
    """Print both, each on a database of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--reports", type=int, default=4000)
    options.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    given = options.parse_args()
    bodies = [line.split("\t", 1)[1].encode() for line in service_posts(reporting_units(), months(357))]
    bodies = list(islice(bodies, given.reports))
    log, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115  # the access log; until the end
    with ExitStack() as stack:
        home = stack.enter_context(postgres.server()) if given.database == "postgresql" else None
        for name, make in WAYS.items():
            url = postgres.database(home, name.split()[0]) if home else ""
            print(measure(name, make, bodies, url), file=log, flush=True)


def _installed(folder: Path, url: str) -> str:
    own = {"YUEBAO_ENV": "test", "YUEBAO_CLOCK": CLOCK, "YUEBAO_DATA_DIR": str(folder)}
    if url:
        own["YUEBAO_DATABASE_URL"] = url
    os.environ.update(own)
    made = ["token", "create", "--role", "reporter", "--unit", "000000", "--name", "bench"]
    for arguments in (["init"], made):
        command = [sys.executable, "-m", "app", *arguments]
        said = subprocess.run(
            command, env=environment(own), check=True, capture_output=True, text=True
        ).stdout
    return said.split()[-1]


if __name__ == "__main__":
    main()
