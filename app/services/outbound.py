"""Calls of the service to others: addresses checked, pinned to what was checked, bounded in time and size."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache

from app.domain.address import Outgoing, Target, parse_target

CONNECT = 5.0
"""Seconds to connect, and between two reads."""

TOTAL = 15.0
"""Seconds for everything after the connection stands: an answer that drips is cut off."""

LARGEST_ANSWER = 262_144
"""Bytes of an answer that are read: what a provider of identities says of itself takes a tenth."""

Resolve = Callable[[str, int], list[str]]
"""Takes a host and a port, gives its IP addresses; raises OSError."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call: the status of the answer and its body, or None and a word for what failed."""

    status: int | None
    error: str | None = None
    body: bytes = b""

    @property
    def is_taken(self) -> bool:
        """Whether the receiver took it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_whole(self) -> bool:
        """Whether all of the body was read."""
        return len(self.body) <= LARGEST_ANSWER


def addresses_of(host: str, port: int) -> list[str]:
    """What the system's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def call(
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    allowed: Outgoing,
    resolve: Resolve = addresses_of,
    seconds: float = TOTAL,
) -> Outcome:
    """POST a body once, JSON unless the headers say otherwise; GET without one. Never raises; never follows a
    redirect.

    The host is resolved once, every address it has must be allowed (unless the operator named the host), and
    the connection goes to the address that was checked, so that a second answer of the resolver changes
    nothing. TLS is verified against the host's name.
    """
    try:
        target = parse_target(url, allowed)
        with _connected(target, _checked(target, allowed, resolve), seconds) as connection:
            return _exchange(connection, target, body, headers)
    except ValueError as error:
        return Outcome(None, str(error) if str(error).startswith("url-") else "answer-malformed")
    except ssl.SSLError:
        return Outcome(None, "tls-failed")
    except TimeoutError:
        return Outcome(None, "timeout")
    except (OSError, http.client.HTTPException):
        return Outcome(None, "no-connection")


def _checked(target: Target, allowed: Outgoing, resolve: Resolve) -> str:
    found = resolve(target.host, target.port)
    if not found:
        raise OSError("no address")
    if not allowed.is_inside(target.host) and not all(map(allowed.allows, found)):
        raise ValueError("url-internal")
    return found[0]


@contextmanager
def _connected(target: Target, address: str, seconds: float) -> Iterator[socket.socket]:
    with socket.create_connection((address, target.port), timeout=CONNECT) as plain:
        # A read times out by itself; a hundred slow reads do not.
        is_late = threading.Event()
        watchdog = threading.Timer(seconds, _cut, [plain, is_late])
        watchdog.daemon = True
        watchdog.start()
        try:
            if target.scheme == "http":
                yield plain
            else:
                with _tls().wrap_socket(plain, server_hostname=target.host) as secured:
                    yield secured
        finally:
            watchdog.cancel()
        if is_late.is_set():
            raise TimeoutError


def _cut(connection: socket.socket, is_late: threading.Event) -> None:
    is_late.set()
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _exchange(
    connection: socket.socket, target: Target, body: bytes | None, headers: Mapping[str, str]
) -> Outcome:
    talk = http.client.HTTPConnection(target.host, target.port)
    talk.sock = connection
    sent = {"Host": target.authority, "User-Agent": "yuebao", "Connection": "close"}
    if body is not None:
        sent["Content-Type"] = "application/json"
    talk.request("GET" if body is None else "POST", target.path, body, {**sent, **headers})
    answer = talk.getresponse()
    return Outcome(answer.status, body=answer.read(LARGEST_ANSWER + 1))


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
