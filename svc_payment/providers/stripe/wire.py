"""Stripe's wire: forms out, JSON in, one pooled HTTPS session; and what its errors say about the money."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import aiohttp
import msgspec

from mallkit import deadline, tracing
from mallkit.errors import Unavailable

VERSION = "2026-08-26.dahlia"
"""Of Stripe's interface: an account's own default does not change what we read."""
SECONDS = 25.0
LARGEST = 2**20
CARD_ERROR, INVALID = "card_error", "invalid_request_error"
UNEXPECTED_STATE = "payment_intent_unexpected_state"
T = TypeVar("T")


class Redirect(msgspec.Struct):
    """Where the buyer goes."""

    url: str = ""


class NextAction(msgspec.Struct):
    """What the buyer has to do."""

    type: str = ""
    redirect_to_url: Redirect | None = None


class Fault(msgspec.Struct):
    """An error's members, as far as they are looked at."""

    type: str | None = None
    code: str | None = None
    decline_code: str | None = None
    param: str | None = None


class PaymentIntent(msgspec.Struct):
    """As far as it is looked at."""

    id: str
    status: str
    next_action: NextAction | None = None
    last_payment_error: Fault | None = None
    cancellation_reason: str | None = None


class Named(msgspec.Struct):
    """Anything of Stripe's, by its name."""

    id: str


class Refund(msgspec.Struct):
    """As far as it is looked at."""

    id: str
    status: str | None = None
    failure_reason: str | None = None
    metadata: dict[str, str] | None = None


class Refunds(msgspec.Struct):
    """A page of them."""

    data: list[Refund]


class _Failed(msgspec.Struct):
    error: Fault


class Refused(Exception):
    """An error that says something about this request, and would say it again."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code or fault.type or "")
        self.fault = fault


class Wire:
    """One account's interface."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}", "Stripe-Version": VERSION}

    async def post(self, path: str, form: Mapping[str, str], key: str, kind: type[T], *names: str) -> T:
        """Under an Idempotency-Key; `names` fill the places of `path`. Raises Refused; Unavailable where it says nothing of the money."""
        return await self._ask("POST", path, names, kind, data=form, headers={**self._headers, "Idempotency-Key": key})

    async def get(self, path: str, kind: type[T], *names: str, **query: str) -> T:
        """As `post`."""
        return await self._ask("GET", path, names, kind, params=query, headers=self._headers)

    async def _ask(self, method: str, path: str, names: tuple[str, ...], kind: type[T], **sent: Any) -> T:  # noqa: ANN401 - aiohttp's own
        seconds = deadline.left(SECONDS)
        if seconds <= 0:
            raise Unavailable("there was no time left to ask the bank")
        url = self._url + path.format(*names)
        with tracing.client_span(method, "stripe", path) as span:
            try:
                timeout = aiohttp.ClientTimeout(total=seconds)
                async with self._session.request(method, url, timeout=timeout, allow_redirects=False, **sent) as reply:
                    span.http_status(reply.status)
                    return _read(reply.status, await _body(reply), kind)
            except (aiohttp.ClientError, TimeoutError, OSError):
                raise Unavailable("the bank gave no answer") from None


async def _body(reply: aiohttp.ClientResponse) -> bytes:
    """Raises Unavailable where it does not end."""
    body = bytearray()
    async for chunk in reply.content.iter_any():
        body += chunk
        if len(body) > LARGEST:
            raise Unavailable("the bank answered in an unexpected way")
    return bytes(body)


def _read(status: int, body: bytes, kind: type[T]) -> T:
    """The answer. Only a card's error, or one about what was asked for, is a word on the money."""
    try:
        if status == HTTPStatus.OK:
            return msgspec.json.decode(body, type=kind)
        fault = msgspec.json.decode(body, type=_Failed).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Unavailable("the bank answered in an unexpected way") from None
    final = (HTTPStatus.PAYMENT_REQUIRED, CARD_ERROR), (HTTPStatus.BAD_REQUEST, INVALID)
    if (status, fault.type) in final or (status == HTTPStatus.BAD_REQUEST and fault.type == CARD_ERROR):
        raise Refused(fault)
    raise Unavailable("the bank cannot be asked now, or not in this way")
