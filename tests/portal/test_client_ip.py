import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from keys.ip_networks import parse_network
from portal.client_ip import get_client_ip


@pytest.fixture
def proxies(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [parse_network("10.0.0.0/8"), parse_network("2001:db8::/32")]


def meta(peer: str, forwarded: str | None = None) -> dict[str, str]:
    return {"REMOTE_ADDR": peer} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {})


@pytest.mark.usefixtures("proxies")
@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("2001:db8::1", "2001:DB9::0005", "2001:db9::5"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.2, 10.0.0.2", "198.51.100.2"),
        ("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "[2001:db9::5]:4711", "2001:db9::5"),
        ("10.0.0.1", "203.0.113.9, garbage", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, garbage, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "203.0.113.9,,", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", ", ".join(["203.0.113.9"] * 5000), "203.0.113.9"),
        ("", "203.0.113.9", None),
    ],
)
def test_reads_the_chain_only_as_far_as_trusted_proxies_wrote_it(
    peer: str, forwarded: str | None, address: str | None
) -> None:
    assert get_client_ip(meta(peer, forwarded)) == address


def test_ignores_the_header_without_trusted_proxies() -> None:
    assert get_client_ip(meta("127.0.0.1", "203.0.113.9")) == "127.0.0.1"


@pytest.mark.usefixtures("proxies")
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_no_chain_makes_it_fail(forwarded: str) -> None:
    get_client_ip(meta("10.0.0.1", forwarded))
