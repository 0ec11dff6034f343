"""What the gateway answers itself: life signs, metrics, the mall's interface and its page."""

import ipaddress
from collections.abc import Mapping
from types import ModuleType
from typing import Final

import msgspec
from aiohttp import web

from gateway.health import Health
from mallkit import action_endpoints, desk_endpoints, docs_page, openapi, ops
from mallkit.endpoint import endpoints_of
from mallkit.errors import Missing
from mallkit.ops import Life
from mallkit.routes import Serve

TITLE: Final = "The mall"
JSON: Final = "application/json"


def missing(life: Life) -> list[str]:
    """What the gateway cannot serve without, and does not have at this moment."""
    if life.draining:
        return ["draining"]
    identity = life.edge.identity
    return [] if identity is not None and identity.ready else ["identity"]


def ready(life: Life) -> Serve:
    """Whether this gateway can check tokens; the services are not asked."""

    async def serve(_: web.BaseRequest) -> web.StreamResponse:
        return ops.told(life.name, dict.fromkeys(missing(life), "away"), "not ready")

    return serve


def health(life: Life, state: Health) -> Serve:
    """The whole mall."""

    async def serve(_: web.BaseRequest) -> web.StreamResponse:
        return ops.told(life.name, await state.parts(), "not all parts are ready")

    return serve


def metrics(life: Life) -> Serve:
    """For Prometheus on the same machine: the gateway's port is the public one."""
    shown = ops.metrics(life)

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        if not is_here(request.remote):
            raise Missing
        return await shown(request)

    return serve


def interface(contracts: Mapping[str, ModuleType]) -> Serve:
    """The OpenAPI document of all services, internal calls left out."""
    documents = {
        name: openapi.document(name, {call: one for call, one in endpoints_of(contract).items() if not one.internal}, title=name)
        for name, contract in contracts.items()
    }
    documents["failures"] = openapi.document("failures", endpoints_of(desk_endpoints), title="failures")
    documents["actions"] = openapi.document("actions", endpoints_of(action_endpoints), title="actions")
    merged = {**openapi.merge(documents, title=TITLE), "servers": [{"url": "/", "description": "This gateway"}]}
    return ops.fixed(msgspec.json.encode(merged), JSON)


def docs() -> Serve:
    """The page that shows the interface."""
    return ops.fixed(docs_page.page(TITLE, "/openapi.json"), "text/html; charset=utf-8")


def is_here(address: str | None) -> bool:
    """Whether a peer is on this machine."""
    try:
        peer = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return False
    mapped = peer.ipv4_mapped if isinstance(peer, ipaddress.IPv6Address) else None
    return (mapped or peer).is_loopback
