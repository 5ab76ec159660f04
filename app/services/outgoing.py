"""Requests that the service itself sends: only by HTTPS, only to addresses that are meant, and never redirected."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from time import monotonic
from urllib.parse import urlsplit

from app.domain.network import is_within
from app.errors import Text, Unavailable

SECONDS = 5.0
"""For each step of a request."""

AT_MOST = 15.0
"""Seconds for a whole request, however slowly the other side answers."""

LARGEST = 256 * 1024
"""Bytes of an answer."""

_DISGUISES = (
    ip_network("64:ff9b::/96"),
    ip_network("64:ff9b:1::/48"),
    ip_network("2002::/16"),
    ip_network("::/96"),
)
"""IPv6 that stands for an IPv4 address, which a gateway may reach though we cannot check it."""


@dataclass(frozen=True)
class Outgoing:
    """Where requests may go: public addresses, and `networks` (CIDR) of one's own.

    `is_secure` demands HTTPS. A name is looked up once and the address that was checked is the one connected
    to, so a name that answers differently the second time gains nothing.
    """

    networks: tuple[str, ...] = ()
    is_secure: bool = True

    def get(self, url: str) -> bytes:
        """The body of a 200 answer. Raises Unavailable for everything else."""
        return self._ask("GET", url, None, {})

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The body of a 200 answer to a form or JSON."""
        return self._ask("POST", url, body, headers)

    def check(self, url: str) -> tuple[str, str, int]:
        """The scheme, host and port of a URL that may be asked. Raises Unavailable."""
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise _refused() from None
        schemes = {"https"} if self.is_secure else {"https", "http"}
        if parts.scheme not in schemes or not parts.hostname or parts.username or not url.isascii():
            raise _refused()
        return parts.scheme, parts.hostname, port

    def address_of(self, host: str, port: int) -> str:
        """An address of a host, when all of its addresses may be connected to. Raises Unavailable."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise _refused() from None
        addresses = [str(each[4][0]) for each in found]
        if not addresses or not all(self.allows(address) for address in addresses):
            raise _refused()
        return addresses[0]

    def allows(self, address: str) -> bool:
        """Whether an address may be connected to. Link-local ones, where clouds keep their keys, never."""
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        if found.is_link_local or found.is_multicast or found.is_unspecified:
            return False
        return _is_public(found) or is_within(str(found), self.networks)

    def _ask(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        scheme, host, port = self.check(url)
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = HTTPConnection(host, port, timeout=SECONDS)
        try:
            connection.sock = self._connect(scheme, host, port)
            connection.request(method, target, body, {"Accept": "application/json", **headers})
            return _read(connection)
        except (OSError, HTTPException, ValueError):
            raise _refused() from None
        finally:
            connection.close()

    def _connect(self, scheme: str, host: str, port: int) -> socket.socket:
        raw = socket.create_connection((self.address_of(host, port), port), timeout=SECONDS)
        if scheme == "http":
            return raw
        return ssl.create_default_context().wrap_socket(raw, server_hostname=host)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and any(address in network for network in _DISGUISES):
        return False
    return address.is_global


def _read(connection: HTTPConnection) -> bytes:
    end, answer, body = monotonic() + AT_MOST, connection.getresponse(), b""
    if answer.status != 200:
        raise _refused()
    while piece := answer.read1(65_536):
        body += piece
        if len(body) > LARGEST or monotonic() > end:
            raise _refused()
    return body


def _refused() -> Unavailable:
    return Unavailable(
        Text("身份认证服务暂不可用，请稍后重试", "The identity provider cannot be used now; try again later"),
        code="provider-unavailable",
        headers={"Retry-After": "30"},
    )
