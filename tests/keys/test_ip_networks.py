import contextlib
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import ip_networks
from keys.exceptions import AddressInvalid, TooManyAddresses


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        (" 10.0.0.0/8 ", "10.0.0.0/8"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("2001:DB8:0:0::1", "2001:db8::1/128"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:192.0.2.1", "192.0.2.1/32"),
    ],
)
def test_a_network_has_one_spelling(text: str, network: str) -> None:
    assert ip_networks.parse_networks([text, network]) == [network]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("2001:db8::1/32", "2001:db8::/32"),
        ("::ffff:192.0.2.1/120", "192.0.2.0/24"),
        ("0.0.0.0/0", None),
        ("::/0", None),
        ("::ffff:0:0/96", None),
        ("", None),
        ("office", None),
        ("10.0.0.0/33", None),
        ("10.0.0.0/8/8", None),
        ("fe80::1%eth0/64", None),
        ("2001:db8::1%any text at all", None),
        ("1" * 5000, None),
    ],
)
def test_what_is_no_network_is_refused_with_the_one_it_should_be(text: str, meant: str | None) -> None:
    with pytest.raises(AddressInvalid) as refused:
        ip_networks.parse_network(text)
    assert refused.value.suggestion == meant


def test_a_list_is_no_longer_than_fifty() -> None:
    assert len(ip_networks.parse_networks(f"10.0.0.{n}" for n in range(50))) == 50
    with pytest.raises(TooManyAddresses):
        ip_networks.parse_networks(f"10.0.0.{n}" for n in range(51))


@pytest.mark.parametrize(
    ("address", "admitted"),
    [
        ("10.255.0.1", True),
        ("::ffff:10.0.0.1", True),
        ("2001:db8::5", True),
        ("11.0.0.1", False),
        ("2001:db9::5", False),
        ("fe80::1%eth0", False),
        ("not an address", False),
        ("", False),
        (None, False),
    ],
)
def test_admits_who_is_inside(address: str | None, admitted: bool) -> None:
    assert ip_networks.contains(["10.0.0.0/8", "2001:db8::/32"], address) == admitted


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_the_one_it_means(address: ipaddress.IPv4Address) -> None:
    assert ip_networks.parse_address(f"::ffff:{address}") == address


@given(st.text())
def test_no_text_makes_it_fail(text: str) -> None:
    ip_networks.parse_address(text)
    ip_networks.client_network(text)
    with contextlib.suppress(AddressInvalid):
        ip_networks.parse_network(text)


def test_wrong_keys_from_one_ipv6_network_count_together() -> None:
    assert ip_networks.client_network("2001:db8::1") == ip_networks.client_network("2001:db8::ffff:1")
    assert ip_networks.client_network("2001:db8::1") != ip_networks.client_network("2001:db8:0:1::1")
    assert ip_networks.client_network("192.0.2.1") != ip_networks.client_network("192.0.2.2")
