"""The service under test: the real command line, the real endpoints, one token over the whole country."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bench.load import Target
from bench.sample import ReportingUnit, service_posts, write_lines
from bench.servers import Server, environment, free_port, running, uvicorn

CLOCK = "2045-01-15T09:00:00+08:00"
"""Late enough that 357 months can be reported: reports of the future are refused."""

QUESTION = "/api/v1/aggregates/{period}/{unit}"

CONNECTIONS = 16
SEAM = 512
"""So many requests before the last may still have been under way when a filling round ended."""


@dataclass(frozen=True)
class Service:
    """A running service, a token that may report for every unit, and one that reads all sums as another system."""

    server: Server
    token: str
    reader: str

    @property
    def base(self) -> str:
        """Its address."""
        return self.server.base

    @property
    def headers(self) -> dict[str, str]:
        """What who reports sends along."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def reading(self) -> dict[str, str]:
        """What who reads sends along."""
        return {"Authorization": f"Bearer {self.reader}"}

    def entity_tag(self, path: str) -> str:
        """The `ETag` of an answer."""
        request = urllib.request.Request(self.base + path, headers=self.reading)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(answer.headers["ETag"])

    def post(self, path: str, body: str) -> int:
        """The status of one POST."""
        headers = {**self.headers, "Content-Type": "application/json"}
        request = urllib.request.Request(self.base + path, data=body.encode(), headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code


@contextmanager
def start_service(folder: Path, database_url: str = "") -> Iterator[Service]:
    """`init`, `token create`, `serve` as an operator would; SQLite in `folder` unless a database is given."""
    env = _environment(folder, database_url)
    _command(env, "init")
    token, reader = (_token(env, role) for role in ("reporter", "integrator"))
    port = free_port()
    serve = [sys.executable, "-m", "app", "serve", "--host", "127.0.0.1", "--port", str(port)]
    with running("service", serve, port=port, ready="/health/ready", folder=folder, env=env) as server:
        yield Service(server, token, reader)


def _token(env: Mapping[str, str], role: str) -> str:
    said = _command(env, "token", "create", "--role", role, "--unit", "000000", "--name", f"bench {role}")
    return said.splitlines()[-1]


@contextmanager
def start_uncached(folder: Path, database_url: str, factory: str) -> Iterator[Server]:
    """The same service once more, on the database of `start_service`, as a function of `bench.uncached` makes it."""
    port = free_port()
    serve = [
        *uvicorn(f"bench.uncached:{factory}", port),
        "--factory",
        "--http",
        "app.api.protocol:DeadlineProtocol",
    ]
    env = _environment(folder, database_url)
    with running(factory, serve, port=port, ready="/health/ready", folder=folder, env=env) as server:
        yield server


def _environment(folder: Path, database_url: str) -> dict[str, str]:
    env = {"YUEBAO_ENV": "test", "YUEBAO_CLOCK": CLOCK, "YUEBAO_DATA_DIR": str(folder)}
    return {**env, "YUEBAO_DATABASE_URL": database_url} if database_url else env


def posts(service: Service, requests: Path) -> Target:
    """New reports, each line once."""
    headers = {**service.headers, "Content-Type": "application/json"}
    return Target("Yuebao", service.server, requests, "POST", headers, once=True)


def prepare_service_reports(
    service: Service, folder: Path, units: Sequence[ReportingUnit], periods: Sequence[str]
) -> None:
    """Store a report of every unit in every period, through the API. RuntimeError when one is refused.

    wrk draws one line before it starts, sends until its time is over, and does not say which of the last
    requests arrived: the seams between its rounds are sent again, where "exists already" is as good.
    """
    requests = write_lines(folder / "fill.txt", service_posts(units, periods))
    target, seams = posts(service, requests), [0]
    while target.offset < len(units) * len(periods):
        load = target.drive(connections=CONNECTIONS, seconds=5)
        # Each connection may ask for "/" once when the lines run out.
        if load.refused > (CONNECTIONS if load.exhausted else 0) or load.socket_errors:
            raise RuntimeError(f"the service refused prepared reports: {load}")
        seams.append(target.offset)
    for seam in seams:
        _send_again(service, requests, max(0, seam - SEAM), seam + 1)


def _send_again(service: Service, requests: Path, first: int, end: int) -> None:
    with requests.open(encoding="utf-8") as file:
        for line in islice(file, first, end):
            path, body = line.rstrip("\n").split("\t", 1)
            status = service.post(path, body)
            if status not in {201, 409}:
                raise RuntimeError(f"a prepared report was refused with status {status}")


def _command(env: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        env=environment(env),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"yuebao {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()
