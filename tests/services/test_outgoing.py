"""Requests of the service itself: where they may go, whatever a name or an address pretends to be."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from app.errors import Unavailable
from app.services.outgoing import LARGEST, Outgoing

STRICT = Outgoing()
INSIDE = Outgoing(networks=("10.1.0.0/16", "127.0.0.0/8"), is_secure=False)


@dataclass
class Trap:
    """A listener that must hear nothing, or that answers as a test wrote."""

    port: int = 0
    answer: bytes = b""
    heard: list[bytes] = field(default_factory=list)


@pytest.fixture
def trap() -> Iterator[Trap]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        found = Trap(listener.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    found.heard.append(connection.recv(4096))
                    try:
                        connection.sendall(found.answer)
                    except OSError:
                        continue

        threading.Thread(target=serve, daemon=True).start()
        yield found
        listener.shutdown(socket.SHUT_RDWR)


HOSTS = [
    "127.0.0.1",
    "127.1",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "localhost",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[::127.0.0.1]",
    "169.254.169.254",
    "[fe80::1]",
    "[::ffff:169.254.169.254]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "[fc00::1]",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
]


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_inside_is_reached_by_any_spelling(trap: Trap, host: str) -> None:
    for scheme in ("https", "http"):
        with pytest.raises(Unavailable):
            Outgoing(is_secure=False).get(f"{scheme}://{host}:{trap.port}/")

    assert trap.heard == []


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example/",
        "ftp://id.example/",
        "file:///etc/passwd",
        "https://user:pw@id.example/",
        "https:///path",
        "https://id.example:port/",
        "https://[::1/",
        "//id.example/",
        "https://例子.example/",
        "",
    ],
)
def test_a_url_is_https_and_names_a_host(url: str) -> None:
    with pytest.raises(Unavailable):
        STRICT.check(url)


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [
        ("10.1.2.3", True),
        ("10.2.0.1", False),
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("169.254.169.254", False),
        ("::ffff:10.1.2.3", True),
        ("64:ff9b::a01:203", False),
        ("not an address", False),
    ],
)
def test_networks_of_ones_own_are_named(address: str, is_allowed: bool) -> None:
    assert INSIDE.allows(address) is is_allowed


def test_link_local_addresses_are_never_reached_even_when_named() -> None:
    assert not Outgoing(networks=("169.254.0.0/16", "fe80::/10")).allows("169.254.169.254")
    assert not Outgoing(networks=("169.254.0.0/16", "fe80::/10")).allows("fe80::1%eth0")


GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
BAD = {
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
    "an error": b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
    "no HTTP": b"hello\r\n\r\n",
    "silence": b"",
    "too much": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (LARGEST + 1),
}


def test_an_answer_is_given_back(trap: Trap) -> None:
    trap.answer = GOOD

    assert INSIDE.post(f"http://127.0.0.1:{trap.port}/a?b=c", b"d=e", {"X": "y"}) == b"{}"
    assert trap.heard[0].startswith(b"POST /a?b=c HTTP/1.1\r\n")


@pytest.mark.parametrize("name", BAD)
def test_whatever_is_no_good_answer_is_the_providers_fault(trap: Trap, name: str) -> None:
    trap.answer = BAD[name]

    with pytest.raises(Unavailable):
        INSIDE.get(f"http://127.0.0.1:{trap.port}/")

    assert len(trap.heard) == 1
