"""Network addresses as limits and sessions know them: what is one address, its mark, and its network. Pure."""

import hashlib
import hmac
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

LONGEST = 64
"""Characters of what is no address, which tell two apart."""
ONE_HOUSEHOLD = 64
"""Bits of an IPv6 address that a subscriber gets at least: whoever has one address there has 2**64."""
SHOWN = {4: 24, 6: 48}
"""Bits of an address that a session shows: enough to tell a town or a provider."""


def origin(address: str) -> str:
    """What counts as one address: an IPv4 one, however it is written, or the /64 network of an IPv6 one."""
    parsed = _parsed(address)
    if parsed is None:
        return address[:LONGEST]
    return str(parsed) if parsed.version == 4 else str(ip_network((parsed, ONE_HOUSEHOLD), strict=False))  # noqa: PLR2004 - IPv4


def network(address: str) -> str:
    """`203.0.113.0/24` or `2001:db8::/48`; empty for what is no address."""
    parsed = _parsed(address)
    return "" if parsed is None else str(ip_network((parsed, SHOWN[parsed.version]), strict=False))


def mark(key: str, account_id: str, address: str) -> str:
    """By which an account knows an address again: without the key nothing can be got back from it, and two accounts mark it otherwise."""
    return hmac.new(key.encode(), f"address\n{account_id}\n{origin(address)}".encode(), hashlib.sha256).hexdigest()[:32]


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
