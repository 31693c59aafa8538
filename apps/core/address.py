"""Where a request comes from: forwarding headers count only as far as proxies of ours wrote them. Pure."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address


def client_address(peer: str | None, forwarded: Iterable[str], trusted_proxies: int) -> Address | None:
    """Return the address seen by the outermost of `trusted_proxies` hops, the peer when there are none.

    `forwarded` are the X-Forwarded-For headers in their order. None when it is not an address (a local socket).
    """
    hops = [hop.strip() for line in forwarded for hop in line.split(",") if hop.strip()] if trusted_proxies else []
    chain = [*hops, peer or ""]
    return _parsed(chain[max(len(chain) - 1 - trusted_proxies, 0)])


def is_allowed(address: Address | None, allowed: Iterable[str]) -> bool:
    """Tell whether an address lies in one of the networks; an empty list allows all, an unreadable entry none."""
    entries = list(allowed)
    return not entries or (address is not None and any(_contains(entry, address) for entry in entries))


def network_of(address: Address | None) -> str:
    """Return what is counted as one sender: an IPv4 address, or the /64 network that one IPv6 user commands."""
    if isinstance(address, IPv6Address):
        return str(ip_network(f"{address}/64", strict=False))
    return str(address or "")


def _contains(entry: str, address: Address) -> bool:
    """Tell whether a network in text form holds an address."""
    try:
        return address in ip_network(entry.strip(), strict=False)
    except ValueError:
        return False


def _parsed(text: str) -> Address | None:
    """Return an address, an IPv4 one also when it came in IPv6 clothes or with a port."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        host, _, port = text.rpartition(":")
        return _parsed(host.strip("[]")) if port.isdigit() and host and not host.isdigit() else None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
