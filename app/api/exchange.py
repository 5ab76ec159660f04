"""One request and its answer as the edge sees them: what is added where the answer begins, and its slot."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope, Send

from app.api.admission import Gate
from app.api.context import Headers, has_body, state_of

CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
ON_ANSWERS: Headers = [(b"content-security-policy", CLOSED.encode()), *_ALWAYS]
"""What every answer carries: under this policy nothing runs at all."""
ON_PAGES: Headers = [(b"content-security-policy", PAGE.encode()), *_ALWAYS]
"""The same for answers with HTML."""


class Exchange:
    """Stands between the server and a route: `receive` and `send` are what the route gets.

    The answer is given the request's id and the `fixed` headers; what it set itself stays as it is. Its status is
    noted in `state["status"]` as soon as it begins.

    A slot of the request's kind is held from the moment there is work to do until the answer is made. A small
    body is awaited outside: a client that trickles it must not keep others from working. Uploads and imports work
    while they read, and take their slot first. The slot is given back before the last bytes go out, so that a
    client that reads slowly holds none either. It is taken at most once and given back exactly once.
    """

    __slots__ = ("_fixed", "_gate", "_is_inside", "_receive", "_send", "scope", "state")

    def __init__(self, scope: Scope, receive: Receive, send: Send, fixed: Headers) -> None:
        self.scope = scope
        self.state = state_of(scope)
        self._receive = receive
        self._send = send
        self._fixed = fixed
        self._gate: Gate | None = None
        self._is_inside = False

    @property
    def has_begun(self) -> bool:
        """Whether the answer is on its way."""
        return "status" in self.state

    async def enter(self, gate: Gate) -> None:
        """Queue for a slot, now or once the body is there. Raises Unavailable (503) when too many wait."""
        self._gate = gate
        if self.state["kind"] != "write" or not has_body(self.scope):
            await self._take(gate)

    async def _take(self, gate: Gate) -> None:
        await gate.enter()
        self._is_inside = True

    def leave(self) -> None:
        """Give the slot back, if one is held."""
        if self._is_inside and self._gate is not None:
            self._is_inside = False
            self._gate.leave()

    async def receive(self) -> Message:
        """The next piece of the body."""
        message = await self._receive()
        if self._gate is not None and not self._is_inside and _is_last(message, "http.request"):
            await self._take(self._gate)
        return message

    async def send(self, message: Message) -> None:
        """A piece of the answer."""
        if message["type"] == "http.response.start":
            self.state["status"] = message["status"]
            message["headers"] = self._complete(message["headers"])
        elif _is_last(message, "http.response.body"):
            self.leave()
        await self._send(message)

    def _complete(self, own: Headers) -> Headers:
        present = dict(own)
        missing = [header for header in self._fixed if header[0] not in present]
        headers = [*own, *missing, (b"x-request-id", self.state["request_id"].encode())]
        # A body that was announced and not read to its end costs the connection, so that nobody feeds it to us.
        if has_body(self.scope) and not self.state.get("is_body_read") and b"connection" not in present:
            headers.append((b"connection", b"close"))
        return headers


def _is_last(message: Message, kind: str) -> bool:
    return message["type"] == kind and not message.get("more_body")
