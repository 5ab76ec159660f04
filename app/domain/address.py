"""Addresses that the service may be told to call: which URLs are taken, and which hosts lie inside."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from app.domain.network import is_within

LONGEST_URL = 500

_NAT64 = ip_network("64:ff9b::/96")
_NAT64_LOCAL = ip_network("64:ff9b:1::/48")
_ASSIGNED = ip_network("192.0.0.0/24")
_PORTS = {"https": 443, "http": 80}


class Target(NamedTuple):
    """Where a request goes: never credentials, never a fragment."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


class Outgoing(NamedTuple):
    """What the operator allows: plain http (for trying out), and what lies inside, hosts by name or networks
    (CIDR) by address."""

    allows_http: bool = False
    inside: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()

    def is_inside(self, host: str) -> bool:
        """Whether the operator named this host."""
        return host in self.inside

    def allows(self, address: str) -> bool:
        """Whether an IP address may be connected to. Of one's own networks the link-local addresses, where
        clouds keep their keys, never may."""
        return is_public(address) or (is_within(address, self.networks) and _is_single(address))


def parse_outgoing(hosts: str, *, allows_http: bool) -> Outgoing:
    """What a setting allows: hosts parted by commas, in lower case."""
    named = (host.strip().lower() for host in hosts.split(","))
    return Outgoing(allows_http, frozenset(host for host in named if host))


def parse_target(url: str, allowed: Outgoing) -> Target:
    """A URL taken apart. ValueError, with a word for why, when it may not be called.

    Addresses in odd writing (2130706433, 0x7f.1, 0177.0.0.1) are refused as names: a name has a dot and a
    last label that begins with a letter, unless the operator named the host.
    """
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or set(url) & set(" \\"):
        raise ValueError("url-malformed")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise ValueError("url-malformed") from None
    if parts.scheme not in _PORTS or (parts.scheme == "http" and not allowed.allows_http):
        raise ValueError("url-not-https")
    if not host or port == 0 or "@" in parts.netloc or "%" in parts.netloc or "#" in url:
        raise ValueError("url-malformed")
    if not allowed.is_inside(host):
        _check_host(host, allowed)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the world outside: not loopback, private, link-local, multicast or
    reserved, nor an IPv6 form of an IPv4 address that is."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return all(_is_global(each) for each in (ip, *_within(ip)))


def _is_global(ip: IPv4Address | IPv6Address) -> bool:
    """Python's own word, but for what its tables leave out in some releases."""
    is_site_local = isinstance(ip, IPv6Address) and ip.is_site_local
    return ip.is_global and not (ip.is_private or ip.is_multicast or is_site_local or ip in _ASSIGNED)


def _within(ip: IPv4Address | IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that an IPv6 address leads to: mapped, compatible, 6to4, Teredo or NAT64."""
    if isinstance(ip, IPv4Address):
        return ()
    number = int(ip)
    found = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if ip in _NAT64 or ip in _NAT64_LOCAL or number < 1 << 32:
        found.append(IPv4Address(number & 0xFFFFFFFF))
    return tuple(each for each in found if each is not None)


def _is_single(address: str) -> bool:
    """Whether an address names one machine, wherever it is asked."""
    ip = ip_address(address)
    ip = (isinstance(ip, IPv6Address) and ip.ipv4_mapped) or ip
    return not (ip.is_link_local or ip.is_multicast or ip.is_unspecified)


def _check_host(host: str, allowed: Outgoing) -> None:
    if _is_ip(host):
        if not allowed.allows(host):
            raise ValueError("url-internal")
        return
    if allowed.networks:  # names of one's own have any shape; what they lead to is checked
        return
    last = host.rpartition(".")[2]
    if "." not in host or not last[:1].isalpha() or last in ("localhost", "local", "internal"):
        raise ValueError("url-internal")


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
