"""What the gateway answers itself: life signs, metrics, the mall's interface and its page."""

import ipaddress
from collections.abc import Mapping
from types import ModuleType
from typing import Final

import msgspec
from aiohttp import hdrs, web

from gateway.health import OK, Health
from gateway.routes import Serve
from mallkit import docs_page, openapi
from mallkit.endpoint import endpoints_of
from mallkit.errors import Missing, Unavailable
from mallkit.ops import Life

TITLE: Final = "The mall"
JSON: Final = "application/json"


def missing(life: Life) -> list[str]:
    """What the gateway cannot serve without, and does not have at this moment."""
    if life.draining:
        return ["draining"]
    identity = life.edge.identity
    return [] if identity is not None and identity.ready else ["identity"]


def live(life: Life) -> Serve:
    """Loop and jobs; nothing else is looked at."""

    async def serve(_: web.BaseRequest) -> web.StreamResponse:
        return _told(dict.fromkeys(life.dead_jobs(), "died"), "a job has died")

    return serve


def ready(life: Life) -> Serve:
    """Whether this gateway can check tokens; the services are not asked."""

    async def serve(_: web.BaseRequest) -> web.StreamResponse:
        return _told(dict.fromkeys(missing(life), "away"), "not ready")

    return serve


def health(state: Health) -> Serve:
    """The whole mall."""

    async def serve(_: web.BaseRequest) -> web.StreamResponse:
        return _told(await state.parts(), "not all parts are ready")

    return serve


def metrics(life: Life) -> Serve:
    """For Prometheus on the same machine: the gateway's port is the public one."""

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        if not is_here(request.remote):
            raise Missing
        body, content_type = life.edge.metrics.render(request.headers.get(hdrs.ACCEPT, ""))
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})

    return serve


def interface(contracts: Mapping[str, ModuleType]) -> Serve:
    """The OpenAPI document of all services, internal calls left out."""
    documents = {
        name: openapi.document(name, {call: one for call, one in endpoints_of(contract).items() if not one.internal}, title=name)
        for name, contract in contracts.items()
    }
    merged = {**openapi.merge(documents, title=TITLE), "servers": [{"url": "/", "description": "This gateway"}]}
    return fixed(msgspec.json.encode(merged), JSON)


def docs() -> Serve:
    """The page that shows the interface."""
    return fixed(docs_page.page(TITLE, "/openapi.json"), "text/html; charset=utf-8")


def fixed(body: bytes, content_type: str) -> Serve:
    """The same bytes for everybody."""

    async def serve(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})

    return serve


def _told(parts: Mapping[str, str], complaint: str) -> web.StreamResponse:
    wrong = [name for name, state in parts.items() if state != OK]
    if wrong:
        raise Unavailable(f"{complaint}: {', '.join(wrong)}", parts=dict(parts))
    return web.Response(body=msgspec.json.encode({"status": OK, "parts": parts}), content_type=JSON)


def is_here(address: str | None) -> bool:
    """Whether a peer is on this machine."""
    try:
        peer = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return False
    mapped = peer.ipv4_mapped if isinstance(peer, ipaddress.IPv6Address) else None
    return (mapped or peer).is_loopback
