"""Where a request comes from, told from what only our own proxies can have written."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.address import client_address, is_allowed


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        (0, ["8.8.8.8"], "10.0.0.1"),
        (1, ["8.8.8.8"], "8.8.8.8"),
        (1, ["6.6.6.6, 8.8.8.8"], "8.8.8.8"),
        (1, ["6.6.6.6", "8.8.8.8"], "8.8.8.8"),
        (2, ["6.6.6.6, 8.8.8.8, 10.0.0.2"], "8.8.8.8"),
        (2, ["8.8.8.8"], "8.8.8.8"),
        (1, [], "10.0.0.1"),
        (1, ["2001:db8::1"], "2001:db8::1"),
        (1, ["[2001:db8::1]:443"], "2001:db8::1"),
        (1, ["8.8.8.8:1234"], "8.8.8.8"),
        (1, ["::ffff:8.8.8.8"], "8.8.8.8"),
        (1, ["unknown"], None),
    ],
)
def test_forwarding_headers_count_as_far_as_our_proxies(
    trusted: int, forwarded: list[str], expected: str | None
) -> None:
    found = client_address("10.0.0.1", forwarded, trusted)
    assert (str(found) if found else None) == expected


@given(st.lists(st.text()), st.integers(0, 5), st.text() | st.none())
def test_any_forwarding_header_is_an_address_or_none(forwarded: list[str], trusted: int, peer: str | None) -> None:
    found = client_address(peer, forwarded, trusted)
    assert found is None or ip_address(str(found)) == found


def test_networks() -> None:
    address = ip_address("192.0.2.7")
    assert is_allowed(address, [])
    assert is_allowed(address, ["192.0.2.0/24"])
    assert is_allowed(address, ["2001:db8::/32", " 192.0.2.7 "])
    assert not is_allowed(address, ["192.0.3.0/24", "nonsense"])
    assert not is_allowed(None, ["0.0.0.0/0"])
