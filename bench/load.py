"""Drives wrk with prepared requests: how many a second, how long one took, how many were refused.

python -m bench.load http://127.0.0.1:8000 requests.txt --method POST --once --connections 16 --seconds 3
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.servers import Server

SCRIPT = Path(__file__).with_name("wrk.lua")
MISSING = "the program wrk is missing; install it with: apt-get install -y wrk"


@dataclass(frozen=True)
class Load:
    """What one round of wrk saw.

    Latencies are of single requests, `refused` counts statuses of 400 and above. `exhausted` says that the
    prepared requests ran out before the time did: the rate is then too low.
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    refused: int
    socket_errors: int
    exhausted: bool
    bytes: int = 0
    """What came back, heads included."""
    cpu_us: float = 0.0
    """What the server's own process took of the processors for one request; its database's processes are not in it."""

    @property
    def bytes_each(self) -> float:
        """The size of one answer with its head."""
        return self.bytes / max(1, self.requests)

    @property
    def rate(self) -> float:
        """Requests a second, the refused ones too: a round with any of those is no result."""
        return self.requests / self.seconds

    def __str__(self) -> str:
        return (
            f"{self.rate:,.0f} req/s, CPU {self.cpu_us:,.0f} us, p50 {self.p50_ms:.2f} ms, p99 {self.p99_ms:.2f} ms, "
            f"{self.bytes_each:,.0f} bytes, "
            f"non-2xx {self.refused}, socket errors {self.socket_errors}"
        )


@dataclass
class Target:
    """A server under load and the requests prepared for it.

    `once` sends each line of `requests` at most once over all rounds, so that every POST is a new report;
    otherwise the file is read round and round.
    """

    name: str
    server: Server
    requests: Path
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
    offset: int = 0

    def drive(self, *, connections: int, seconds: int) -> Load:
        """One round. The lines that it sent, or began to send, are not sent again."""
        before = self.server.cpu_seconds()
        result = _wrk(self, connections, seconds)
        spent = self.server.cpu_seconds() - before
        if self.once:
            # Each connection may have begun one more request, and wrk drew one to look at it.
            self.offset += result.requests + connections + 1
        return replace(result, cpu_us=spent / max(1, result.requests) * 1e6)


def _wrk(target: Target, connections: int, seconds: int) -> Load:
    program = shutil.which("wrk")
    if program is None:
        raise FileNotFoundError(MISSING)
    headers = [part for name, value in target.headers.items() for part in ("-H", f"{name}: {value}")]
    order = "once" if target.once else "cycle"
    command = [
        program,
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--timeout",
        "10s",
        "-s",
        str(SCRIPT),
        *headers,
    ]
    script_arguments = [target.method, str(target.requests), order, str(target.offset)]
    done = subprocess.run(
        [*command, target.server.base, "--", *script_arguments], capture_output=True, text=True, check=False
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not found:
        raise RuntimeError(f"wrk gave no result:\n{done.stdout}{done.stderr}")
    return Load(**json.loads(found[-1].removeprefix("RESULT ")))


def main() -> None:
    """One round from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", help="scheme, host and port")
    parser.add_argument("requests", type=Path, help="a file of lines: PATH, or PATH, a tab and a body")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--once", action="store_true", help="send each line at most once")
    parser.add_argument("--offset", type=int, default=0, help="lines to skip")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("-H", "--header", action="append", default=[], metavar="NAME: VALUE")
    given = parser.parse_args()
    headers = dict(header.split(": ", 1) for header in given.header)
    target = Target(
        given.base, Server(given.base, 0), given.requests, given.method, headers, given.once, given.offset
    )
    print(target.drive(connections=given.connections, seconds=given.seconds))


if __name__ == "__main__":
    main()
