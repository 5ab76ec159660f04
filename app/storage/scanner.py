"""A virus scanner that speaks clamd's protocol: a file goes there piece by piece, a verdict comes back."""

from __future__ import annotations

import socket
from typing import BinaryIO, NamedTuple

from app.errors import Unavailable

PIECE = 1 << 18
SECONDS = 30.0
"""How long the scanner may take for a step; a large document is unpacked before it answers."""

LONGEST_REPLY = 4096


class Scanner(NamedTuple):
    """Where the scanner listens: a host and port, or the path of a socket."""

    address: str
    port: int | None


def parse_scanner(url: str) -> Scanner:
    """`tcp://host:3310` or `unix:/run/clamav/clamd.ctl`. ValueError for anything else."""
    kind, _, rest = url.partition(":")
    if kind == "unix" and rest.startswith("/"):
        return Scanner(rest, None)
    host, _, port = rest.removeprefix("//").rpartition(":")
    if kind == "tcp" and host and port.isdigit():
        return Scanner(host.strip("[]"), int(port))
    raise ValueError("tcp://host:3310, or unix:/run/clamav/clamd.ctl")


def is_infected(scanner: Scanner, file: BinaryIO) -> bool:
    """Whether the scanner finds something in a file (INSTREAM). Reads it from its start to its end.

    Fails closed: Unavailable when the scanner cannot be reached, breaks off, or answers anything but OK or
    FOUND, such as that the file exceeds its StreamMaxLength.
    """
    try:
        reply = _asked(scanner, file)
    except OSError as error:
        raise Unavailable(headers={"Retry-After": "30"}) from error
    if reply.endswith(b" FOUND"):
        return True
    if reply == b"stream: OK":
        return False
    raise Unavailable(headers={"Retry-After": "30"})


def _asked(scanner: Scanner, file: BinaryIO) -> bytes:
    with _connected(scanner) as connection:
        connection.sendall(b"zINSTREAM\0")
        file.seek(0)
        while piece := file.read(PIECE):
            connection.sendall(len(piece).to_bytes(4, "big") + piece)
        connection.sendall((0).to_bytes(4, "big"))
        reply = b""
        while not reply.endswith(b"\0") and len(reply) < LONGEST_REPLY:
            got = connection.recv(LONGEST_REPLY)
            if not got:
                break
            reply += got
    return reply.rstrip(b"\0\n")


def _connected(scanner: Scanner) -> socket.socket:
    if scanner.port is not None:
        return socket.create_connection((scanner.address, scanner.port), timeout=SECONDS)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(SECONDS)
    try:
        connection.connect(scanner.address)
    except OSError:
        connection.close()
        raise
    return connection
