"""A small TCP proxy that forwards every request and drops some of the replies, before or within them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Proxy:
    """Forwards one exchange a connection. `lost` counts the replies that never arrived whole."""

    def __init__(self, port: int, chance: random.Random, part: float) -> None:
        self.target = port
        self.chance = chance
        self.part = part
        self.lost = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a request whole, carry it over, and bring the reply back, or not."""
        there = None
        try:
            request = await _message(reader)
            back, there = await asyncio.open_connection("127.0.0.1", self.target)
            there.write(request)
            reply = await back.read()
            if self.chance.random() < self.part:
                self.lost += 1
                reply = reply[: self.chance.randrange(len(reply) - 1)]
            writer.write(reply)
            with suppress(ConnectionError):
                await writer.drain()
        finally:
            for each in (writer, there):
                if each is not None:
                    each.close()


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length")
    )
    return head + await reader.readexactly(length)


@asynccontextmanager
async def dropping(port: int, chance: random.Random, part: float) -> AsyncIterator[Proxy]:
    """A proxy before a local port that loses this part of the replies."""
    proxy = Proxy(port, chance, part)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    async with server:
        yield proxy
