"""Uploads to a server of its own process: what they cost in memory, and what strangers can make it write.

CI sends a tenth of the promised sizes; `make prove` sends all of it (docs/security.md).
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.api.test_evidence import files
from tests.house.repository import ROOT
from tests.proofs.scale import scaled

SIZE = scaled(1 << 30)
AT_ONCE = 20
EACH = scaled(100 << 20)
SOON = 20
"""Seconds in which a stranger is refused even on a busy machine; without the refusal, 96 MiB would be awaited."""

MEBIBYTE = 1 << 20
PIECE = bytes(MEBIBYTE)
STRANGERS_BYTES = 96 * MEBIBYTE


@dataclass(frozen=True)
class Running:
    """A server in its own process."""

    port: int
    pid: int
    token: str
    folder: Path

    def peak_memory(self) -> int:
        """The most bytes that the process ever held."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+([0-9]+) kB", status)
        assert found is not None
        return int(found[1]) * 1024

    def stored(self) -> int:
        """The bytes below the data folder."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service as `yuebao serve` runs it."""
    folder = tmp_path_factory.mktemp("served")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("YUEBAO_")}
    settings = {
        "YUEBAO_ENV": "test",
        "YUEBAO_CLOCK": "2015-04-24T09:00:00+08:00",
        "YUEBAO_DATA_DIR": str(folder),
        # What it does on the side opens the database, and bytes on the disk are what is counted here.
        "YUEBAO_WORKER": "false",
    }
    environment = {**inherited, **settings}

    def yuebao(*words: str) -> str:
        command = [sys.executable, "-m", "app", *words]
        return subprocess.run(
            command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout

    yuebao("init")
    created = yuebao("token", "create", "--role", "reporter", "--unit", "440100", "--name", "x")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "app", "serve", "--port", str(port)]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log) as process,
    ):
        _wait(port)
        yield Running(port, process.pid, created.splitlines()[-1], folder)
        process.terminate()


def _wait(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the service did not start")


def pdf(size: int) -> Iterator[bytes]:
    """A PDF of this many bytes, in pieces."""
    yield b"%PDF-1.4\n"
    left = size - 9 - 6
    while left:
        yield PIECE[:left]
        left -= min(left, MEBIBYTE)
    yield b"%%EOF\n"


def send(server: Running, size: int) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    with closing(connection):
        headers = {
            "Authorization": f"Bearer {server.token}",
            "Content-Type": "application/octet-stream",
            "Content-Length": str(size),
        }
        connection.request("POST", "/api/v1/evidence?filename=a.pdf", body=pdf(size), headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def insist(server: Running, size: int) -> bytes:
    """Send a file again and again until the server, which takes eight at once, has room for it."""
    while True:
        with suppress(OSError):  # it is cut off while it is refused
            status, answer = send(server, size)
            if status == 201:
                return answer
            assert status == 503
        time.sleep(0.2)


@pytest.mark.slow
def test_a_large_upload_and_download_take_32_mebibytes_at_most(server: Running) -> None:
    assert send(server, MEBIBYTE)[0] == 201
    before = server.peak_memory()

    status, body = send(server, SIZE)

    assert (status, json.loads(body)["size"]) == (201, SIZE)
    assert server.peak_memory() - before <= 32 * MEBIBYTE
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    with closing(connection):
        path = f"/api/v1/evidence/{json.loads(body)['id']}/content"
        connection.request("GET", path, headers={"Authorization": f"Bearer {server.token}"})
        answer, received = connection.getresponse(), 0
        while piece := answer.read(MEBIBYTE):
            received += len(piece)
    assert received == SIZE
    assert server.peak_memory() - before <= 32 * MEBIBYTE


@pytest.mark.slow
def test_twenty_large_uploads_at_once_take_96_mebibytes_at_most(server: Running) -> None:
    assert send(server, MEBIBYTE)[0] == 201
    before = server.peak_memory()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda number: insist(server, EACH + number), range(AT_ONCE)))

    assert len({json.loads(answer)["sha256"] for answer in answers}) == AT_ONCE
    assert server.peak_memory() - before <= 96 * MEBIBYTE


HEADS = {
    "a length": f"Content-Length: {STRANGERS_BYTES}",
    "chunks": "Transfer-Encoding: chunked",
    "a length beyond every limit": f"Content-Length: {1 << 40}",
}


@pytest.mark.parametrize("credentials", ["", "Authorization: Bearer yb_no_such\r\n"], ids=["none", "bad"])
@pytest.mark.parametrize("head", HEADS)
def test_a_stranger_is_refused_before_sending_and_leaves_64_kibibytes_at_most(
    server: Running, head: str, credentials: str
) -> None:
    before, began = server.stored(), time.monotonic()
    with closing(socket.create_connection(("127.0.0.1", server.port), 10)) as client:
        client.settimeout(SOON)
        client.sendall(
            b"POST /api/v1/evidence?filename=a.pdf HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n"
            + f"{credentials}{HEADS[head]}\r\n\r\n".encode()
        )

        answer = client.recv(4096)  # comes although not one byte of the body was sent
        waited = time.monotonic() - began
        for _ in range(STRANGERS_BYTES // MEBIBYTE):
            try:
                client.sendall(PIECE)
            except OSError:  # the connection was cut, as it should be
                break

    assert answer.split(b" ")[1] in (b"401", b"413")
    assert waited <= SOON
    assert server.stored() - before <= 64 * 1024


def until(is_so: Callable[[], bool]) -> None:
    """Wait, at most for as long as the server waits for a client that is silent."""
    end = time.monotonic() + 3 * SOON
    while not is_so() and time.monotonic() < end:
        time.sleep(0.05)


def test_an_upload_that_breaks_off_leaves_nothing(server: Running) -> None:
    stored = files(server.folder)

    with closing(socket.create_connection(("127.0.0.1", server.port), 10)) as client:
        client.sendall(
            b"POST /api/v1/evidence?filename=a.pdf HTTP/1.1\r\nHost: localhost\r\n"
            + f"Authorization: Bearer {server.token}\r\nContent-Length: {3 * MEBIBYTE}\r\n\r\n%PDF-".encode()
            + PIECE * 2
        )
        until(lambda: files(server.folder) != stored)  # only what had begun can break off

    until(lambda: files(server.folder) == stored)
    assert files(server.folder) == stored
