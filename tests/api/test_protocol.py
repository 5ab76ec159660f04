"""The server's own edge: framing, deadlines and cut-off bodies, over real sockets."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import parse_qsl

import pytest
from starlette.types import Receive, Scope, Send

from app.api import protocol
from app.api.protocol import HeadWithBody
from tests.api.server import running
from tests.api.small_app import EXAMPLE, small_app

TOKEN = b"Authorization: Bearer yb_good_0123456789\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /api/v1/reports HTTP/1.1\r\nHost: a\r\n" + TOKEN + b"Content-Type: application/json\r\n"
GOOD = json.dumps(EXAMPLE).encode()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running(small_app()) as address:
        yield int(address.rpartition(":")[2])


def talk(
    port: int, sent: bytes, *, half_close: bool = False, patience: float = 0.3
) -> tuple[list[int], bool, bytes]:
    """What a client gets: the statuses, whether the server closed, and all the bytes."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(patience)
        client.sendall(sent)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while piece := client.recv(65_536):
                received += piece
            is_closed = True
        except TimeoutError:
            is_closed = False
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", received)]
    return statuses, is_closed, received


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(
            b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + LIVE + b"\r\n", id="CL+TE"
        ),
        pytest.param(b"Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}   ", id="two lengths"),
        pytest.param(b"Content-Length: +2\r\n\r\n{}", id="signed length"),
        pytest.param(b"Content-Length: -2\r\n\r\n{}", id="negative length"),
        pytest.param(b"Content-Length: 2, 2\r\n\r\n{}", id="list of lengths"),
        pytest.param(b"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", id="unknown coding"),
        pytest.param(b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", id="compressed coding"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n", id="bad chunk"),
        pytest.param(b"X: a\r\n b\r\n\r\n", id="folded header"),
        pytest.param(b"X: a\x00b\r\n\r\n", id="NUL in a header"),
        pytest.param(b"X : a\r\n\r\n", id="space before the colon"),
        pytest.param(b"Host: b\r\n\r\n", id="two hosts"),
    ],
)
def test_row_25_a_head_that_could_be_read_in_two_ways_is_refused_and_the_connection_ends(
    port: int, head: bytes
) -> None:
    statuses, is_closed, received = talk(port, POST + head)

    assert statuses == [400]
    assert is_closed
    assert b"application/problem+json" in received


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /health/live HTTP/1.1\nHost: a\n\n",
        b"GET /health/live HTTP/1.1\r\n\r\n",
        b"FOO / HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_row_25_bare_line_feeds_and_a_missing_host_are_refused(port: int, sent: bytes) -> None:
    statuses, is_closed, _ = talk(port, sent)

    assert (statuses, is_closed) == ([400], True)


@pytest.mark.parametrize(
    "path", [b"/docs/%00", b"/docs/%2e%2e/api", b"/docs/../api", b"/%2e%2e/%2e%2e/etc/passwd"]
)
def test_row_25_hidden_controls_and_parents_in_a_path_are_not_found(port: int, path: bytes) -> None:
    assert talk(port, b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")[0] == [404]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(LIVE + b"X: " + b"a" * 70_000 + b"\r\n\r\n", id="complete"),
        pytest.param(LIVE + b"X: " + b"a" * 70_000, id="incomplete"),
        pytest.param(LIVE + b"X: y\r\n" * 12_000 + b"\r\n", id="many headers"),
        pytest.param(
            b"GET /health/live?" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", id="long target"
        ),
    ],
)
def test_row_25_a_head_of_70_kilobytes_is_too_large(port: int, sent: bytes) -> None:
    statuses, is_closed, received = talk(port, sent, patience=2)

    assert (statuses, is_closed) == ([431], True)
    assert json.loads(received.partition(b"\r\n\r\n")[2])["code"] == "head-too-large"


def test_a_large_body_does_not_count_as_head(port: int) -> None:
    head = b"POST /api/v1/evidence HTTP/1.1\r\nHost: a\r\n" + TOKEN + b"Content-Length: 300000\r\n\r\n"

    assert talk(port, (head + b"x" * 300_000) * 2, patience=2)[0] == [201, 201]


def test_row_24_a_body_shorter_than_its_length_is_a_bad_request(port: int) -> None:
    statuses, is_closed, received = talk(port, POST + b"Content-Length: 50\r\n\r\n{}", half_close=True)

    assert (statuses, is_closed) == ([400], True)
    assert json.loads(received.partition(b"\r\n\r\n")[2])["code"] == "bad-request"


def test_a_client_that_has_sent_all_and_closes_its_side_still_gets_its_answer(port: int) -> None:
    length = f"Content-Length: {len(GOOD)}\r\n\r\n".encode()

    assert talk(port, POST + length + GOOD, half_close=True)[:2] == ([201], True)
    slow = b"GET /api/v1/slow HTTP/1.1\r\nHost: a\r\n" + TOKEN + b"\r\n"
    assert talk(port, slow, half_close=True)[:2] == ([200], True)


def test_a_kept_connection_serves_several_requests(port: int) -> None:
    statuses, is_closed, _ = talk(port, (LIVE + b"\r\n") * 3)

    assert (statuses, is_closed) == ([200, 200, 200], False)


def test_a_fault_in_a_request_sent_ahead_does_not_cost_the_first_its_answer(port: int) -> None:
    statuses, is_closed, _ = talk(port, LIVE + b"\r\n" + b"GET / HTTP/9.9\r\n\r\n")

    assert statuses[0] == 200
    assert is_closed


def test_half_sent_heads_are_cut_and_do_not_block_others(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.4)
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
    for client in slow:
        client.sendall(b"GET /health/live HTTP/1.1\r\nHo")
    started = time.monotonic()

    assert talk(port, LIVE + b"Connection: close\r\n\r\n")[0] == [200]
    for client in slow:
        client.settimeout(3)
        assert client.recv(4096).startswith(b"HTTP/1.1 408 ")
        with suppress(ConnectionResetError):  # closed is closed, whichever way the kernel says it
            assert client.recv(4096) == b""
        client.close()
    assert time.monotonic() - started < 3


def test_a_connection_that_never_sends_anything_is_cut(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)

    assert talk(port, b"", patience=3)[1]


def test_a_client_that_does_not_read_its_answer_is_cut(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(protocol, "STALL_SECONDS", 0.2)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.settimeout(3)
        client.sendall(b"GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n" * 4)
        time.sleep(0.6)
        received = 0
        with suppress(ConnectionError):
            while piece := client.recv(65_536):
                received += len(piece)

    assert 0 < received < 6_000_000


def test_an_answer_that_is_read_late_but_read_is_not_cut(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    asked = b"GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n"
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.connect(("127.0.0.1", port))
        client.settimeout(5)
        client.sendall((asked + b"\r\n") * 5 + asked + b"Connection: close\r\n\r\n")
        time.sleep(0.3)
        received = b""
        while piece := client.recv(1 << 20):
            received += piece

    lengths = [int(length) for length in re.findall(rb"content-length: ([0-9]+)", received)]
    assert len(lengths) == 6
    assert len(received) > sum(lengths) > 10_000_000


def test_row_08_an_unauthenticated_upload_is_answered_at_once_and_cut(port: int) -> None:
    head = b"POST /api/v1/evidence HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(1)
        client.sendall(head)
        assert client.recv(65_536).startswith(b"HTTP/1.1 401 ")
        assert client.recv(65_536) == b""


def test_a_client_that_asks_first_is_told_before_it_sends_its_body(port: int) -> None:
    expecting = b"Content-Length: 50\r\nExpect: 100-continue\r\n"
    refused = POST.replace(TOKEN, b"") + expecting + b"\r\n"

    assert talk(port, refused)[0] == [401]
    assert talk(port, POST + expecting + b"\r\n")[0] == [100]


class Sent(asyncio.Transport):
    """A transport that notes what it was given, call by call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.calls.append(bytes(data))

    def writelines(self, pieces: Iterable[bytes | bytearray | memoryview]) -> None:
        self.calls.append(b"".join(pieces))

    def close(self) -> None:
        self.calls.append("closed")

    def abort(self) -> None:
        self.calls.append("aborted")

    def is_closing(self) -> bool:
        return bool({"closed", "aborted"} & set(self.calls))


HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "calls"),
    [
        ([HEAD, b"body"], [HEAD + b"body"]),
        ([HEAD, b"body", b"more"], [HEAD + b"body", b"more"]),
        ([HEAD, "turn", b"late"], [HEAD, b"late"]),
        ([HEAD, "turn"], [HEAD]),
        ([HEAD, "close"], [HEAD, "closed"]),
        ([HEAD, "abort"], ["aborted"]),
        (
            [b"HTTP/1.1 100 Continue\r\n\r\n", HEAD, b"body"],
            [b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD, b"body"],
        ),
        ([b"body"], [b"body"]),
    ],
)
def test_the_head_of_an_answer_goes_out_with_its_body_and_in_order(
    pieces: list[bytes | str], calls: list[bytes | str]
) -> None:
    async def scenario() -> list[bytes | str]:
        sent = Sent()
        transport = HeadWithBody(sent, asyncio.get_running_loop())
        for piece in pieces:
            if isinstance(piece, bytes):
                transport.write(piece)
            elif piece == "turn":
                await asyncio.sleep(0)
            else:
                getattr(transport, piece)()
        await asyncio.sleep(0)
        return sent.calls

    assert asyncio.run(scenario()) == calls


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """An application without an edge: what follows `?` are the headers of its answer, `name=value&...`."""
    if scope["type"] == "http":
        headers = [(name.lower(), value) for name, value in parse_qsl(scope["query_string"])]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"abc"})


@pytest.mark.parametrize(
    ("headers", "lines"),
    [
        ("content-length=3&x=a%09b", [b"content-length: 3", b"x: a\tb", b"", b"abc"]),
        ("x=a", [b"x: a", b"transfer-encoding: chunked", b"", b"3", b"abc", b"0", b"", b""]),
        ("content-length=3&connection=close", [b"content-length: 3", b"connection: close", b"", b"abc"]),
    ],
)
def test_an_answer_says_how_long_it_is_and_when_the_connection_ends(headers: str, lines: list[bytes]) -> None:
    with running(echo) as address:
        sent = f"GET /?{headers} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        _, _, received = talk(int(address.rpartition(":")[2]), sent)

    head, *rest = received.split(b"\r\n")
    assert head == b"HTTP/1.1 200 OK"
    assert [line for line in rest if not line.startswith(b"date:")] == lines


@pytest.mark.parametrize("control", ["%0D", "%0A", "%0D%0A", "%00", "%1F", "%7F"])
def test_no_header_of_an_answer_can_begin_another(control: str) -> None:
    with running(echo) as address:
        sent = f"GET /?content-length=3&x=a{control}y:b HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        assert talk(int(address.rpartition(":")[2]), sent) == ([], True, b"")
