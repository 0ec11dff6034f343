"""Which headers are sent on, both ways: neither hop-by-hop ones (RFC 9110 section 7.6.1) nor what only the gateway may claim."""

from typing import Final

from aiohttp import hdrs
from multidict import CIMultiDict, CIMultiDictProxy

from mallkit import deadline
from mallkit.errors import BadGateway

HOP_BY_HOP: Final = frozenset({
    "connection", "http2-settings", "keep-alive", "proxy-authenticate", "proxy-authentication-info", "proxy-authorization",
    "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
REWRITTEN: Final = frozenset({
    "content-length", "expect", "forwarded", "host", "traceparent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
    "x-forwarded-prefix", "x-forwarded-proto", "x-forwarded-server", "x-real-ip", deadline.HEADER.lower(),
})  # fmt: skip
"""Of a request: what the gateway says itself, or what a service might believe although a client made it up."""
_NOT_ONWARD: Final = HOP_BY_HOP | REWRITTEN
_NOT_BACK: Final = HOP_BY_HOP | {"content-length"}
_HARMLESS: Final = frozenset({"keep-alive", "close"})


def onward(headers: CIMultiDictProxy[str]) -> str:
    """What a service gets of a client's headers, as lines; bytes that are no UTF-8 are surrogates, as aiohttp has read them."""
    dropped = _NOT_ONWARD
    if hdrs.CONNECTION in headers:
        dropped |= _named(headers.getall(hdrs.CONNECTION))
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items() if name.lower() not in dropped])


def back(headers: list[tuple[bytes, bytes]]) -> CIMultiDict[str]:
    """What the client gets of a service's headers. Raises BadGateway for bytes that are no text."""
    try:
        pairs = [(name.decode("ascii"), value.decode()) for name, value in headers]
    except UnicodeDecodeError:
        raise BadGateway from None
    dropped, connection = _NOT_BACK, [value for name, value in pairs if name.lower() == "connection"]
    if connection:
        dropped |= _named(connection)
    return CIMultiDict([pair for pair in pairs if pair[0].lower() not in dropped])


def _named(values: list[str]) -> frozenset[str]:
    """The headers that Connection names."""
    return frozenset(name.strip().lower() for value in values for name in value.split(",")) - _HARMLESS
