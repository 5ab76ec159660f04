"""Calls of the service to others: none of them reaches into its network, whatever a name or an address
pretends to be."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from app.domain.address import LONGEST_URL, Outgoing, is_public, parse_outgoing, parse_target
from app.errors import Unavailable
from app.services.outbound import LARGEST_ANSWER, Outcome, addresses_of, call
from app.services.provider import Errand, Provider
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
    "http://169.254.169.254:{port}/",
    "http://[::ffff:169.254.169.254]:{port}/",
    "http://[64:ff9b::a9fe:a9fe]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://[fc00::1]:{port}/",
    "http://10.0.0.1:{port}/",
    "http://172.16.0.1:{port}/",
    "http://192.168.0.1:{port}/",
    "http://192.168.1.1/",
    "http://192.0.2.1:{port}/",
    "http://100.64.0.1:{port}/",
    "http://224.0.0.1:{port}/",
    "http://255.255.255.255:{port}/",
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
SECURE = [f"https://{url.removeprefix('http://')}" for url in INSIDE if url.startswith("http://")]


@pytest.mark.parametrize("url", INSIDE + SECURE)
def test_nothing_inside_is_reached(trap: Trap, url: str) -> None:
    named = url.replace("{port}", str(trap.port))

    outcome = call(named, b"{}", {}, allowed=Outgoing(allows_http=True), resolve=resolve)

    assert outcome.status is None
    assert outcome.error in {"url-internal", "url-malformed", "url-not-https", "no-connection"}
    assert trap.came == 0


def test_the_trap_is_there(trap: Trap) -> None:
    before = trap.came

    allowed = Outgoing(allows_http=True, inside=frozenset({"rebound.example.com"}))
    call(f"http://rebound.example.com:{trap.port}/", b"{}", {}, allowed=allowed, resolve=resolve)

    assert trap.came == before + 1
    trap.came = before


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://hooks.example.com/", "url-not-https"),
        ("ftp://hooks.example.com/", "url-not-https"),
        ("file:///etc/passwd", "url-not-https"),
        ("//id.example.com/", "url-not-https"),
        ("", "url-not-https"),
        ("https://user:pw@id.example.com/", "url-malformed"),
        ("https:///path", "url-malformed"),
        ("https://id.example.com:port/", "url-malformed"),
        ("https://[::1/", "url-malformed"),
        ("https://例子.example.com/", "url-malformed"),
    ],
)
def test_outside_a_trial_only_https_is_called_and_a_host_is_named(url: str, word: str) -> None:
    for networks in ((), ("10.1.0.0/16",)):
        with pytest.raises(ValueError, match=word):
            parse_target(url, Outgoing(networks=networks))


def test_a_name_is_resolved_once_and_the_connection_goes_where_was_checked() -> None:
    """A resolver that says something else the second time (DNS rebinding) is not asked a second time."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    with receiving() as receiver:
        allowed = Outgoing(allows_http=True, inside=frozenset({HOST}))
        outcome = call(receiver.url, b"{}", {}, allowed=allowed, resolve=rebinding)

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
        outcome = call(url, b"{}", {}, allowed=allowed, resolve=lambda *_: ["127.0.0.1"], seconds=0.5)
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


OWN = Outgoing(allows_http=True, networks=("10.1.0.0/16", "127.0.0.0/8"))


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
    assert OWN.allows(address) is is_allowed


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "::", "224.0.0.1"]
)
def test_link_local_addresses_are_never_reached_even_when_named(address: str) -> None:
    assert not Outgoing(networks=("0.0.0.0/0", "169.254.0.0/16", "::/0", "fe80::/10")).allows(address)


def test_a_name_in_ones_own_network_is_checked_by_what_it_leads_to(trap: Trap) -> None:
    allowed = Outgoing(allows_http=True, networks=("10.1.0.0/16",))

    outcomes = {
        call(f"http://{name}:{trap.port}/", b"", {}, allowed=allowed, resolve=resolve).error
        for name in ("localhost", "127.1", *NAMES)
    }

    assert outcomes == {"url-internal", "no-connection"}
    assert trap.came == 0


@dataclass
class Listener:
    """Answers as a test wrote, and keeps what it heard."""

    port: int = 0
    answer: bytes = b""
    heard: list[bytes] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = Listener(listening.getsockname()[1])

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection, suppress(OSError):
                        found.heard.append(connection.recv(4096))
                        connection.sendall(found.answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield found
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
    thread.join()


GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
BAD = {
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
    "an error": b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
    "no HTTP": b"hello\r\n\r\n",
    "silence": b"",
    "too much": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (LARGEST_ANSWER + 1),
}


def test_an_answer_is_given_back(listener: Listener) -> None:
    listener.answer = GOOD

    sent = call(f"http://127.0.0.1:{listener.port}/a?b=c", b"d=e", {"X": "y"}, allowed=OWN)
    asked = call(f"http://127.0.0.1:{listener.port}/", None, {"X": "y"}, allowed=OWN)

    assert sent == asked == Outcome(200, body=b"{}")
    assert listener.heard[0].startswith(b"POST /a?b=c HTTP/1.1\r\n")
    assert listener.heard[1].startswith(b"GET / HTTP/1.1\r\n")


@pytest.mark.parametrize("name", BAD)
def test_whatever_is_no_good_answer_is_the_providers_fault(listener: Listener, name: str) -> None:
    listener.answer = BAD[name]
    issuer = f"http://127.0.0.1:{listener.port}"
    provider = Provider(issuer, "yuebao", "secret", "https://yuebao.example/back", OWN)

    with pytest.raises(Unavailable) as refused:
        provider.address(Errand.new())

    assert refused.value.headers["Retry-After"] == "30"
    assert len(listener.heard) == 1
