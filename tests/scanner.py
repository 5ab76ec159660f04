"""A small scanner that speaks clamd's INSTREAM on a real socket: what holds the test virus is FOUND."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

VIRUS = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The file that every scanner agrees to find, which harms nobody (EICAR)."""


@dataclass
class Clam:
    """What came in, and how it behaves: `answer` replaces the verdict, `most` is its StreamMaxLength."""

    port: int = 0
    answer: bytes | None = None
    most: int = 1 << 30
    scanned: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"tcp://127.0.0.1:{self.port}"

    def verdict(self, content: bytes) -> bytes:
        """The reply, as clamd words it."""
        if self.answer is not None:
            return self.answer
        if len(content) > self.most:
            return b"INSTREAM size limit exceeded. ERROR\0"
        return b"stream: Eicar-Test-Signature FOUND\0" if VIRUS in content else b"stream: OK\0"


@contextmanager
def scanning() -> Iterator[Clam]:
    """A scanner that listens while the block runs."""
    clam = Clam()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            assert self.rfile.read(10) == b"zINSTREAM\0"
            content = b""
            while length := int.from_bytes(self.rfile.read(4), "big"):
                content += self.rfile.read(length)
            clam.scanned.append(content)
            self.wfile.write(clam.verdict(content))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        clam.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield clam
        finally:
            server.shutdown()
            thread.join()
