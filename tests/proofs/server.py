"""`yuebao serve` as a real process on a database of its own."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.demonstration import environment, free_port


@contextmanager
def serving(database_url: str, folder: Path, **settings: str) -> Iterator[int]:
    """The port of a server that runs while the block does, on the morning of 24 April 2015."""
    port = free_port()
    named = environment(
        YUEBAO_ENV="test",
        YUEBAO_CLOCK="2015-04-24T09:00:00+08:00",
        YUEBAO_DATABASE_URL=database_url,
        YUEBAO_DATA_DIR=str(folder),
        **settings,
    )
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", "--port", str(port)], env=named, stdout=log, stderr=log
        )
        try:
            _wait(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(30)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            assert process.poll() is None, "the server ended"
            time.sleep(0.05)
    raise TimeoutError("the server does not answer")
