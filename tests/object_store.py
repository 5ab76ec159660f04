"""A real S3-compatible server for tests: SeaweedFS, on this machine only, gone afterwards."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import obstore
from obstore.store import S3Store

SERVER = Path(sys.executable).parent / "weed"
KEY, SECRET = "yuebao", "only-for-tests"
BUCKET = "evidence"
SECONDS = 60

_IDENTITY = {
    "name": KEY,
    "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
    "actions": ["Admin", "Read", "Write", "List"],
}


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now; SeaweedFS wants each twice, the second 10,000 higher."""
    with ExitStack() as held:
        found: list[int] = []
        while len(found) < count:
            probe = held.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1] % 20_000 + 20_000
            if port not in found:
                found.append(port)
        return found


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The URL of the running server's S3 side."""
    master, volume, filer, s3 = free_ports(4)
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [_IDENTITY]}))
    options = {
        "dir": folder,
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "master.port": master,
        "volume.port": volume,
        "volume.max": 20,
        "master.volumeSizeLimitMB": 64,
        "filer.port": filer,
        "s3.port": s3,
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.config": config,
    }
    command = [
        str(SERVER),
        "server",
        "-filer",
        "-s3",
        *(f"-{name}={value}" for name, value in options.items()),
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait(f"http://127.0.0.1:{s3}/", server)
            _make_bucket(f"http://127.0.0.1:{s3}")
            yield f"http://127.0.0.1:{s3}"
        finally:
            # It was seen not to end on SIGTERM.
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _make_bucket(url: str) -> None:
    """The server makes a bucket with its first object; a list of one that is not there yet is refused."""
    config: Any = {"endpoint": url, "region": "us-east-1", "access_key_id": KEY, "secret_access_key": SECRET}
    made = S3Store(BUCKET, config=config, client_options={"allow_http": True})
    obstore.put(made, "first", b"")


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        assert server.poll() is None, "the object store ended"
        try:
            urlopen(url, timeout=1).close()
        except HTTPError:
            return  # it answers, if only to refuse us
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the object store did not start")
