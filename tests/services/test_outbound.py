"""Calls to addresses that users name: none of them reaches into the network of the service."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from app.domain.address import LONGEST_URL, Outgoing, is_public, parse_outgoing, parse_target
from app.services.outbound import Outcome, addresses_of, post
from tests.receiver import HOST, receiving

PUBLIC = "93.184.216.34"

NAMES = {
    "rebound.example.com": ["127.0.0.1"],
    "both.example.com": [PUBLIC, "127.0.0.1"],
    "mapped.example.com": ["::ffff:127.0.0.1"],
    "six.example.com": ["::1"],
    "metadata.example.com": ["169.254.169.254"],
    "office.example.com": ["10.0.0.8"],
    "nothing.example.com": [],
}


class Trap:
    """Listens on both loopback addresses under one port, and counts who comes."""

    def __init__(self) -> None:
        self.sockets = [socket.create_server(("127.0.0.1", 0))]
        self.port = self.sockets[0].getsockname()[1]
        with suppress(OSError):  # a machine without IPv6
            self.sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        self.came = 0
        self.threads = [threading.Thread(target=self._count, args=[each]) for each in self.sockets]
        for thread in self.threads:
            thread.start()

    def _count(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                self.came += 1
                connection.close()

    def close(self) -> None:
        for each in self.sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self.threads:
            thread.join()


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    made = Trap()
    yield made
    made.close()


def resolve(host: str, port: int) -> list[str]:
    """The names of the table; numbers in odd writing as the system's resolver reads them."""
    return NAMES[host] if host in NAMES else addresses_of(host, port)


INSIDE = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST.:{port}/",
    "http://127.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://127.000.000.001:{port}/",
    "http://0.0.0.0:{port}/",
    "http://0:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://[fd00::1]:{port}/",
    "http://169.254.169.254/latest/meta-data",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://rebound.example.com:{port}/",
    "http://both.example.com:{port}/",
    "http://mapped.example.com:{port}/",
    "http://six.example.com:{port}/",
    "http://metadata.example.com/",
    "http://office.example.com/",
    "http://nothing.example.com:{port}/",
    "http://user:password@127.0.0.1:{port}/",
    "http://example.com@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@example.com/",
    "http://127.0.0.1\\@example.com:{port}/",
    "http://example.com\r\nHost: 127.0.0.1:{port}/",
    "http://１２７.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "http:///",
    "http://example.com:99999/",
    "http://example.com:0/",
    "",
]


@pytest.mark.parametrize("url", INSIDE)
def test_nothing_inside_is_reached(trap: Trap, url: str) -> None:
    named = url.replace("{port}", str(trap.port))

    outcome = post(named, b"{}", {}, allowed=Outgoing(allows_http=True), resolve=resolve)

    assert outcome.status is None
    assert outcome.error in {"url-internal", "url-malformed", "url-not-https", "no-connection"}
    assert trap.came == 0


def test_the_trap_is_there(trap: Trap) -> None:
    before = trap.came

    allowed = Outgoing(allows_http=True, inside=frozenset({"rebound.example.com"}))
    post(f"http://rebound.example.com:{trap.port}/", b"{}", {}, allowed=allowed, resolve=resolve)

    assert trap.came == before + 1
    trap.came = before


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "ftp://hooks.example.com/"])
def test_outside_a_trial_only_https_is_called(url: str) -> None:
    with pytest.raises(ValueError, match="url-not-https"):
        parse_target(url, Outgoing())


def test_a_name_is_resolved_once_and_the_connection_goes_where_was_checked() -> None:
    """A resolver that says something else the second time (DNS rebinding) is not asked a second time."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    with receiving() as receiver:
        allowed = Outgoing(allows_http=True, inside=frozenset({HOST}))
        outcome = post(receiver.url, b"{}", {}, allowed=allowed, resolve=rebinding)

    assert outcome == Outcome(204)
    assert asked == [HOST]
    assert receiver.got[0][0]["host"] == f"{HOST}:{receiver.port}"


def test_an_answer_without_end_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while True:
                    connection.sendall(b"x")
                    threading.Event().wait(0.05)

        thread = threading.Thread(target=drip)
        thread.start()
        url = f"http://{HOST}:{listening.getsockname()[1]}/"
        allowed = Outgoing(allows_http=True, inside=frozenset({HOST}))
        outcome = post(url, b"{}", {}, allowed=allowed, resolve=lambda *_: ["127.0.0.1"], seconds=0.5)
        thread.join(10)

    assert outcome == Outcome(None, "timeout")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (PUBLIC, True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("64:ff9b::5db8:d822", True),
        ("192.0.0.8", False),
        ("198.18.0.1", False),
        ("240.0.0.1", False),
        ("fec0::1", False),
        ("2001:0:7f00:1::", False),
        ("64:ff9b:1::1", False),
        ("not an address", False),
    ],
)
def test_an_address_is_public_only_if_the_world_can_reach_it(address: str, expected: bool) -> None:
    assert is_public(address) is expected


def test_a_host_that_the_operator_named_may_lie_inside() -> None:
    allowed = parse_outgoing(" hooks.office.local, 10.0.0.8 ", allows_http=False)

    assert parse_target("https://10.0.0.8:8443/in?x=1", allowed).authority == "10.0.0.8:8443"
    assert parse_target("https://hooks.office.local/", allowed).port == 443
    with pytest.raises(ValueError, match="url-internal"):
        parse_target("https://10.0.0.9/", allowed)


def test_an_address_has_a_bounded_length() -> None:
    with pytest.raises(ValueError, match="url-malformed"):
        parse_target("https://example.com/" + "a" * LONGEST_URL, Outgoing())
