"""Addresses of clients: lists of networks in CIDR, and whom a count of attempts is kept for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def parse_network(text: str) -> Network | None:
    """A network such as 192.0.2.0/24 or a single address; None for anything else."""
    try:
        return ip_network(text.strip())
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of the networks. What is no address lies in none."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in _networks(tuple(networks)))


def neighbourhood(address: str) -> str:
    """Whom attempts from an address are counted for: the address itself, of IPv6 the 64 bits that one site has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return str(found)


def bad_networks(texts: Sequence[str]) -> list[int]:
    """The places in a list that are no network."""
    return [place for place, text in enumerate(texts) if parse_network(text) is None]
