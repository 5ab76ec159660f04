"""Starts the servers under test on free loopback ports, and stops exactly those."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running server: its address and its process."""

    base: str
    pid: int

    def cpu_seconds(self) -> float:
        """What the process has taken of the processors so far, in itself and in the kernel; 0 where nobody says."""
        status = Path(f"/proc/{self.pid}/stat")
        if not status.exists():
            return 0.0
        fields = status.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Ours without any setting of the service, and the extra variables."""
    return {**{k: v for k, v in os.environ.items() if not k.startswith("YUEBAO_")}, **extra}


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    port: int,
    ready: str,
    folder: Path,
    env: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """A server that answers at `ready`; its output goes to a log in `folder`."""
    base = f"http://127.0.0.1:{port}"
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment(env or {}))
    try:
        _wait(process, base + ready, log)
        yield Server(base, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"no answer at {address}:\n{log.read_text(errors='replace')[-4000:]}")


def uvicorn(app: str, port: int) -> list[str]:
    """One worker, as fast as uvicorn goes: uvloop, httptools, no access log."""
    quick = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", str(port), *quick]
