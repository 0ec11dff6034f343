"""Which headers are sent on, both ways: neither hop-by-hop ones (RFC 9110 section 7.6.1) nor what only the gateway may claim."""

from typing import Final

from aiohttp import hdrs
from multidict import CIMultiDict, CIMultiDictProxy

from mallkit import deadline
from mallkit.errors import BadGateway, Invalid

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


def onward(headers: CIMultiDictProxy[str], address: str) -> CIMultiDict[str]:
    """What a service gets of a client's headers. Raises Invalid for bytes that are no text."""
    dropped = _dropped(headers, _NOT_ONWARD)
    sent = CIMultiDict([pair for pair in headers.items() if pair[0].lower() not in dropped])
    if not all(map(str.isascii, sent.values())) and not _is_text(sent):
        message = "a header is not valid UTF-8"
        raise Invalid(message)
    sent[hdrs.X_FORWARDED_FOR] = address
    return sent


def back(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """What the client gets of a service's headers. Raises BadGateway for bytes that are no text."""
    dropped = _dropped(headers, _NOT_BACK)
    sent = CIMultiDict([pair for pair in headers.items() if pair[0].lower() not in dropped])
    if not all(map(str.isascii, sent.values())) and not _is_text(sent):
        raise BadGateway
    return sent


def _dropped(headers: CIMultiDictProxy[str], always: frozenset[str]) -> frozenset[str]:
    if hdrs.CONNECTION not in headers:
        return always
    named = {name.strip().lower() for value in headers.getall(hdrs.CONNECTION) for name in value.split(",")}
    return always if named <= _HARMLESS else always | named


def _is_text(headers: CIMultiDict[str]) -> bool:
    """Bytes that are no UTF-8 arrive as lone surrogates, and could not be written again."""
    try:
        "".join(headers.values()).encode()
    except UnicodeEncodeError:
        return False
    return True
