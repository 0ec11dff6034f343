"""RFC 9457 problem+json: how a refusal is told over HTTP, and how a neighbour's refusal becomes an exception again."""

from collections.abc import Iterable
from decimal import Decimal
from http import HTTPStatus
from math import ceil
from typing import Self

import msgspec

from mallkit.errors import Internal, Invalid, Missing, Refused, ShopError, Unavailable

MEDIA = "application/problem+json"
TYPES = "/problems/"
"""Every problem's `type` is this and the slug of its class."""

STATUS_OF: dict[type[ShopError], HTTPStatus] = {
    Invalid: HTTPStatus.BAD_REQUEST,
    Missing: HTTPStatus.NOT_FOUND,
    Refused: HTTPStatus.CONFLICT,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    Internal: HTTPStatus.INTERNAL_SERVER_ERROR,
}

STANDARD = frozenset({"type", "title", "status", "code", "service", "detail", "trace_id"})
"""Members that no fact may overwrite."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A problem document as read; `facts` are its members beyond the standard ones, their decimals exact."""

    type: str
    title: str
    status: int
    code: int | None = None
    service: str
    detail: str
    trace_id: str
    facts: dict[str, object] = {}

    @classmethod
    def of(cls, body: bytes) -> Self:
        """Raises msgspec.ValidationError or msgspec.DecodeError if the body is no problem document of ours."""
        members: dict[str, object] = _MEMBERS.decode(body)
        standard = {name: members.pop(name) for name in STANDARD & members.keys()}
        return msgspec.convert({**standard, "facts": members}, cls)


_MEMBERS = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)
_BODY = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


def status_of(cls: type[ShopError]) -> int:
    """The class's own status, else that of its nearest kind; 500 for a class of no kind."""
    if cls.status is not None:
        return cls.status
    return int(next((STATUS_OF[kind] for kind in cls.__mro__ if kind in STATUS_OF), HTTPStatus.INTERNAL_SERVER_ERROR))


def type_of(cls: type[ShopError]) -> str:
    """The problem's `type`: a path that is unique in the whole mall."""
    return TYPES + cls.slug


def service_of(cls: type[ShopError], answering: str) -> str:
    """Whose number it is: a slug like `payment/card-invalid` names its service. A refusal without a number belongs to who answers."""
    owner, slash, _ = cls.slug.partition("/")
    return owner if slash and cls.code is not None else answering


def render(error: ShopError, service: str, trace_id: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer that tells `error`; `service` is who answers."""
    cls = type(error)
    status = status_of(cls)
    members: dict[str, object] = {"type": type_of(cls), "title": cls.title, "status": status}
    if cls.code is not None:
        members["code"] = cls.code
    members["service"] = service_of(cls, service)
    members["detail"] = error.detail
    members["trace_id"] = trace_id
    members.update({name: fact for name, fact in error.facts.items() if name not in STANDARD})
    return status, _headers(error, status), _BODY.encode(members)


def _headers(error: ShopError, status: int) -> dict[str, str]:
    headers = {"Content-Type": MEDIA}
    wait = error.facts.get("retry_after", error.retry_after)
    if isinstance(wait, (int, float, Decimal)):
        headers["Retry-After"] = str(max(0, ceil(wait)))
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"  # RFC 9110 section 15.5.2 wants a challenge with every 401
    allowed = error.facts.get("allow")
    if status == HTTPStatus.METHOD_NOT_ALLOWED and isinstance(allowed, str):
        headers["Allow"] = allowed
    return headers


def read(body: bytes, declared: Iterable[type[ShopError]]) -> ShopError | None:
    """The neighbour's refusal as an instance of the declared class with its slug; None if it is none of them."""
    try:
        problem = Problem.of(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    for cls in declared:
        if type_of(cls) == problem.type:
            error = cls(problem.detail)
            error.facts = problem.facts
            return error
    return None
