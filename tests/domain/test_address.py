"""Addresses that users name: whatever is written there, the answer is a target or one of three words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.address import Outgoing, Target, is_public, parse_outgoing, parse_target

PLAIN = "https:// http:// // [ ] ::1 127.0.0.1 example.com : @ %00 # ? / localhost \\ ． xn-- :443 0x7f .."
PARTS = st.sampled_from([*PLAIN.split(" "), "\ud800", "\r\n", " ", "a" * 300])
WORDS = {"url-malformed", "url-not-https", "url-internal"}


@given(st.one_of(st.text(max_size=60), st.lists(PARTS, max_size=8).map("".join)))
def test_every_text_is_a_target_or_refused_by_a_word(text: str) -> None:
    said, target = read(text)

    assert said in WORDS or target is not None
    if target is not None:
        assert target.host.isascii()
        assert target.host
        assert 0 < target.port < 65_536
        assert "\r" not in target.path + target.authority


def read(text: str) -> tuple[str, Target | None]:
    try:
        return "", parse_target(text, Outgoing(allows_http=True))
    except ValueError as error:
        return str(error), None


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_dress_is_as_public_as_without(address: object) -> None:
    number = int(address)  # type: ignore[call-overload]
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"

    for dressed in (f"::ffff:{high}:{low}", f"64:ff9b::{high}:{low}", f"2002:{high}:{low}::1"):
        assert not is_public(dressed) or is_public(str(address))


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://Hooks.Example.org", "hooks.example.org", "/"),
        ("https://hooks.example.org:443/in?x=1&y", "hooks.example.org", "/in?x=1&y"),
        ("https://hooks.example.org:8443/in", "hooks.example.org:8443", "/in"),
        ("https://[2606:4700::1111]/", "[2606:4700::1111]", "/"),
    ],
)
def test_a_target_is_called_as_it_is_written(url: str, authority: str, path: str) -> None:
    target = parse_target(url, Outgoing())

    assert (target.authority, target.path) == (authority, path)


def test_hosts_inside_are_named_one_by_one() -> None:
    assert parse_outgoing("", allows_http=False) == Outgoing()
    assert parse_outgoing("A.example, b", allows_http=True).inside == {"a.example", "b"}
