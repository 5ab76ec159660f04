"""Networks and addresses: which lies in which, and whom tries are counted for."""

from __future__ import annotations

import pytest

from app.domain.network import bad_networks, is_within, neighbourhood, parse_network


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("192.0.2.7", ["192.0.2.0/24"], True),
        ("192.0.3.7", ["192.0.2.0/24"], False),
        ("192.0.3.7", ["192.0.2.0/24", "192.0.3.7"], True),
        ("::ffff:192.0.2.7", ["192.0.2.0/24"], True),
        ("2001:db8::7", ["2001:db8::/32"], True),
        ("192.0.2.7", ["::/0"], False),
        ("192.0.2.7", [], False),
        ("testclient", ["0.0.0.0/0", "::/0"], False),
        ("", ["0.0.0.0/0"], False),
    ],
)
def test_an_address_lies_in_a_network(address: str, networks: list[str], inside: bool) -> None:
    assert is_within(address, networks) is inside


def test_what_is_no_network_is_found_by_its_place() -> None:
    assert bad_networks(["192.0.2.0/24", "192.0.2.1/24", "x", " 192.0.2.1 "]) == [1, 2]
    assert parse_network("192.0.2.1/33") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("192.0.2.7", "::ffff:192.0.2.7"),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"),
        ("testclient", "testclient"),
    ],
)
def test_tries_of_one_place_are_counted_together(one: str, other: str) -> None:
    assert neighbourhood(one) == neighbourhood(other)


def test_tries_of_two_places_are_not() -> None:
    assert neighbourhood("192.0.2.7") != neighbourhood("192.0.2.8")
    assert neighbourhood("2001:db8:0:1::1") != neighbourhood("2001:db8:0:2::1")
