"""The façade's doors: the Bearer key, forms in, JSON out, and the first answer again under the same Idempotency-Key."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from mallkit import deadline
from mallkit.body import read_body
from mallkit.errors import ShopError
from mallkit.raw import Reply
from mallkit.routes import Routes, target_of
from mallkit.web import JSON, Edge
from sandbox_bank.ports import Ports
from sandbox_bank.stripe import calls
from sandbox_bank.stripe.books import Kept
from sandbox_bank.stripe.calls import Form
from sandbox_bank.stripe.objects import Json, StripeError, invalid

PREFIX = "/stripe"
LARGEST = 2**16
SECONDS = 30.0
KEPT_BELOW = 500
Call: TypeAlias = Callable[[str, Form, str, Ports], Awaitable[Json]]
"""`(the name in the path, form or query, Idempotency-Key, ports)`."""

GETS: dict[str, Call] = {
    "/v1/payment_intents/{id}": lambda name, _, __, ports: calls.read_intent(name, ports),
    "/v1/refunds": lambda _, query, __, ports: calls.list_refunds(query, ports),
}
POSTS: dict[str, Call] = {
    "/v1/payment_methods": lambda _, form, key, ports: calls.create_method(form, key, ports),
    "/v1/payment_intents": lambda _, form, key, ports: calls.create_intent(form, key, ports),
    "/v1/payment_intents/{id}/confirm": lambda name, form, _, ports: calls.confirm(name, form, ports),
    "/v1/payment_intents/{id}/capture": lambda name, _, key, ports: calls.capture(name, key, ports),
    "/v1/payment_intents/{id}/cancel": lambda name, _, key, ports: calls.cancel(name, key, ports),
    "/v1/refunds": lambda _, form, key, ports: calls.create_refund(form, key, ports),
}


def add(routes: Routes, edge: Edge, api_key: str) -> None:
    """Puts the façade among the routes."""
    for path, call in GETS.items():
        routes.add("GET", PREFIX + path, partial(_get, edge=edge, api_key=api_key, call=call))
    for path, call in POSTS.items():
        routes.add("POST", PREFIX + path, partial(_post, edge=edge, api_key=api_key, call=call))


async def _get(request: web.BaseRequest, *, edge: Edge, api_key: str, call: Call) -> web.StreamResponse:
    async def answer() -> Reply:
        _admit(request, api_key)
        return _reply(await call(_named(request), dict(request.query), "", edge.ports))

    return await _answered(answer)


async def _post(request: web.BaseRequest, *, edge: Edge, api_key: str, call: Call) -> web.StreamResponse:
    async def answer() -> Reply:
        _admit(request, api_key)
        form = await _form(request)
        key, ports = request.headers.get("Idempotency-Key", ""), edge.ports
        if not key:
            raise invalid("This façade wants an Idempotency-Key.")
        print_of = _fingerprint(request, form, ports)
        known = await ports.stripe.kept(key)
        if known is not None:
            return _again(known, print_of)
        try:
            reply = _reply(await call(_named(request), form, key, ports))
        except StripeError as error:
            reply = _reply(error.body, error.status)
        if reply.status < KEPT_BELOW:
            await ports.stripe.keep(Kept(key, print_of, reply.status, reply.body))
        return reply

    return await _answered(answer)


async def _answered(answer: Callable[[], Awaitable[Reply]]) -> web.StreamResponse:
    deadline.start(None, SECONDS)
    try:
        return (await answer()).response()
    except StripeError as error:
        return _reply(error.body, error.status).response()
    except ShopError as error:
        return _reply({"error": {"type": "api_error", "message": error.detail}}, 500).response()


def _admit(request: web.BaseRequest, api_key: str) -> None:
    shown = request.headers.get("Authorization", "")
    if not hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), f"Bearer {api_key}".encode()):
        raise StripeError(401, "invalid_request_error", "Invalid API Key provided.")


async def _form(request: web.BaseRequest) -> Form:
    body = await read_body(request, LARGEST) if request.body_exists else b""
    if body and request.content_type != "application/x-www-form-urlencoded":
        raise invalid("Send a form.")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _named(request: web.BaseRequest) -> str:
    """The intent in the path."""
    return next((part for part in target_of(request).partition("?")[0].split("/") if part.startswith("pi_")), "")


def _fingerprint(request: web.BaseRequest, form: Form, ports: Ports) -> str:
    """A keyed digest; the CVC is no part of it."""
    told = sorted((name, value) for name, value in form.items() if name != "card[cvc]")
    return hmac.new(ports.fingerprint_key.encode(), msgspec.json.encode((request.path, told)), hashlib.sha256).hexdigest()


def _again(known: Kept, print_of: str) -> Reply:
    if known.fingerprint != print_of:
        message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
        raise StripeError(400, "idempotency_error", message)
    return Reply(known.status, known.body, {"Content-Type": JSON, "Idempotent-Replayed": "true"})


def _reply(body: Json, status: int = 200) -> Reply:
    return Reply(status, msgspec.json.encode(body), {"Content-Type": JSON})
