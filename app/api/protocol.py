"""uvicorn's protocol with deadlines: half-sent and oversized heads, stalled readers, cut-off bodies all end.

An answer's head goes out with its body.

Pass it to uvicorn as `http=DeadlineProtocol`, with `ws="none"`, `server_header=False` and `access_log=False`.
"""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from app.api.context import Headers

HEAD_SECONDS = 15.0
"""From the first byte of a head (or from the connection) to its last."""

STALL_SECONDS = 30.0
"""How long a client may leave our answer unread while more of it waits."""

MAX_HEAD = 65_536
"""Bytes of request line and headers together."""


class HeadWithBody:
    """A transport that sends the head of an answer together with the first piece of its body.

    uvicorn writes one after the other, and uvloop sends each at once: two system calls, of which the first wakes
    the reader for nothing. A head that no body follows goes out at the loop's next turn.
    """

    __slots__ = ("_head", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send a piece, or keep it for the next if it is a head."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.writelines([head, data])
        elif data.startswith(b"HTTP/1.1 "):
            self._head = data
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Send what waits, and close when it is sent."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        # A client that has left meanwhile gets nothing: uvloop refuses to write for it.
        if self._head and not self._transport.is_closing():
            head, self._head = self._head, b""
            self._transport.write(head)


_CONTROLS = bytes({*range(32), 127} - {9})
_UNUSUAL = frozenset({b"connection", b"transfer-encoding"})


class QuickCycle(RequestResponseCycle):
    """One request and its answer as uvicorn has it, but the head is put together and checked as a whole.

    uvicorn searches each name and value with a regular expression, which takes longer than to find a sum that stands.
    What is unusual (no length, the end of the connection, a control character) is left to it.
    """

    async def send(self, message: Message) -> None:  # type: ignore[override]  # all that comes is a message
        """A piece of the answer."""
        is_begun = self.response_started or self.disconnected or self.flow.write_paused
        if is_begun or not (self.keep_alive and self._begins(message)):
            await super().send(message)  # type: ignore[arg-type]  # as above

    def _begins(self, message: Message) -> bool:
        """Send the head, if it is a usual one."""
        headers: Headers = [*self.default_headers, *message["headers"]]
        named, lines = dict(headers), [*map(b": ".join, headers), b"", b""]
        head = STATUS_LINE[message["status"]] + b"\r\n".join(lines)
        has_controls = len(head) - len(head.translate(None, _CONTROLS)) != 2 * len(lines)
        if has_controls or b"content-length" not in named or not _UNUSUAL.isdisjoint(named):
            return False
        self.response_started, self.waiting_for_100_continue, self.chunked_encoding = True, False, False
        self.expected_content_length = int(named[b"content-length"])
        self.transport.write(head)
        return True


class DeadlineProtocol(HttpToolsProtocol):
    """One timer per connection, not per request: it looks every HEAD_SECONDS and cuts what is overdue.

    uvicorn itself never closes a connection whose head or answer stands still, so that a few hundred idle
    sockets would use up its connections. Bodies have their own deadline where they are read (app.api.body).
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(HeadWithBody(transport, self.loop))  # type: ignore[arg-type]  # all that uvicorn asks for
        self.head_since: float | None = self.loop.time()
        self.head_bytes = 0
        self.fresh_bytes = 0
        self.stalled_since: float | None = None
        self.watch = self.loop.call_later(HEAD_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self.watch.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        now = self.loop.time()
        if self.stalled_since is not None and now - self.stalled_since >= STALL_SECONDS:
            self.transport.abort()
            return
        wait = HEAD_SECONDS
        if self.head_since is not None:
            wait -= now - self.head_since
            if wait <= 0:
                self._refuse(408)
                return
        self.watch = self.loop.call_later(wait, self._look)

    def pause_writing(self) -> None:
        self.stalled_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.stalled_since = None
        super().resume_writing()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.head_since = self.loop.time()
        self.head_bytes = self.fresh_bytes

    def data_received(self, data: bytes) -> None:
        # What arrives together with the rest of a body is not counted: only the parser knows where that ends.
        self.fresh_bytes = 0 if self._is_busy() and self.cycle.more_body else len(data)
        self.head_bytes += len(data)
        super().data_received(data)
        if self.head_since is not None and self.head_bytes > MAX_HEAD:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        self.head_since = None
        # Counting each header costs; it is needed only when the bytes so far could be too many.
        if self.head_bytes > MAX_HEAD and self._head_size() > MAX_HEAD:
            self._refuse(431)
            return
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # uvicorn makes a cycle in the midst of reading a head, and asks nobody which class it should be.
        cycle.__class__ = QuickCycle
        super()._start_asgi_task(cycle, app)

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn's returns nothing and so closes
        """A client that stops sending in the middle gets 400; one that has sent all still gets its answer."""
        if not self._is_busy() or self.scheme == "https":
            return False
        if self.cycle.more_body:
            self._refuse(400)
            return False
        self.cycle.keep_alive = False
        return True

    def send_400_response(self, msg: str) -> None:
        """What the parser refused, in the form of all other refusals."""
        self._refuse(400)

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, status: int) -> None:
        if self.transport.is_closing():
            return
        if not self._is_busy():
            self.transport.write(_refusal(status))
        elif not self.cycle.more_body:
            # The fault is in a request sent ahead; the one before it still gets its answer.
            self.cycle.keep_alive = False
            return
        elif not self.cycle.response_started:
            self.transport.write(_refusal(status))
            self.cycle.disconnected = True
        self.transport.close()


_TITLES = {
    400: ("bad-request", "请求格式无法识别", "The request cannot be read"),
    408: (
        "request-timeout",
        "请求头发送过慢，连接已关闭",
        "The head arrived too slowly; the connection is closed",
    ),
    431: ("head-too-large", "请求头超过大小限制", "The request line and headers are too long"),
}


def _refusal(status: int) -> bytes:
    code, title_zh, title = _TITLES[status]
    problem: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": title,
        "title_zh": title_zh,
        "status": status,
        "code": code,
        "request_id": "",
    }
    body = json.dumps(problem, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        "content-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\n"
        "x-content-type-options: nosniff\r\n"
        "connection: close\r\n\r\n"
    )
    return head.encode() + body
