"""The demo as a real process, in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.house.repository import ROOT

SECONDS_TO_START = 60


@dataclass(frozen=True)
class Demo:
    """A running demo: where it answers, and what it printed until then."""

    address: str
    printed: str

    @property
    def commands(self) -> list[str]:
        """The printed commands, as somebody would paste them."""
        return re.findall(r"^curl .+$", self.printed, re.MULTILINE)


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(port: int, *options: str) -> list[str]:
    """The command line of a demo."""
    return [sys.executable, "-m", "app", "demo", "--port", str(port), *options]


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without settings of the service, but for those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YUEBAO_")}
    return {**kept, "PYTHONPATH": str(ROOT), **settings}


def pasted(line: str) -> tuple[int, dict[str, Any]]:
    """The status and the body of a printed command, run by a shell at the repository's root."""
    shell = [shutil.which("sh") or "sh", "-c", f"{line} -w '\\n%{{http_code}}'"]
    done = subprocess.run(shell, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60)
    body, _, status = done.stdout.rpartition("\n")
    assert done.returncode == 0, done.stderr
    return int(status), json.loads(body)


@contextmanager
def running(folder: Path) -> Iterator[Demo]:
    """Start the demo in a folder and wait until it is ready; stop it afterwards."""
    port, printed = free_port(), folder / "printed.txt"
    with printed.open("w") as out:
        process = subprocess.Popen(
            command(port), cwd=folder, env=environment(), stdout=out, stderr=subprocess.STDOUT
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(process, f"{address}/health/ready", printed)
        yield Demo(address, printed.read_text())
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], url: str, printed: Path) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"the demo did not start: {printed.read_text()}")
