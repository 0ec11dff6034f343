"""Where the gateway's parts meet."""

import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import ModuleType
from typing import Final

from aiohttp import web

from contracts import SERVICES, auth
from gateway import pages, problems
from gateway.actions import add_actions
from gateway.failures import Desks
from gateway.gathering import Gathering
from gateway.health import Health
from gateway.relay import Relay
from gateway.settings import Settings
from gateway.upstream import Upstream
from mallkit import background, body, desk_endpoints, ops, store, tracing
from mallkit.calls import Calls
from mallkit.endpoint import GET, Endpoint, View, Wish, endpoints_of
from mallkit.front import Front
from mallkit.http1 import Client
from mallkit.identity import Identity
from mallkit.issuer import HttpIssuer, IssuerEndpoints
from mallkit.listening import DIRECT
from mallkit.metrics import ServerMetrics
from mallkit.routes import Routes
from mallkit.web import Edge

NAME: Final = "gateway"
CONTRACTS: Final[Mapping[str, ModuleType]] = {name: importlib.import_module(f"contracts.{name}") for name in SERVICES}
"""The services that the gateway routes to."""
TELLING: Final = (*CONTRACTS.values(), desk_endpoints, body, store)
"""Modules whose refusals reach clients."""
ASKED_TOO: Final = ("bank",)
"""Parts without routes that /health asks when their address is set."""
TOKENS: Final = IssuerEndpoints(jwks=auth.jwks, revocations=auth.revocations, service_token=auth.service_token)


def build_app(settings: Settings) -> web.Application:
    """The whole gateway, not started yet."""
    edge = Edge(NAME, settings, ServerMetrics())
    front = Front(edge)
    app = web.Application()
    app[ops.LIFE] = life = ops.Life(NAME, edge)
    app[DIRECT] = front.handle

    @asynccontextmanager
    async def lifespan(_: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await _start(settings, life, front.routes, stack)
            yield

    app.cleanup_ctx.append(lifespan)
    return app


async def _start(settings: Settings, life: ops.Life, routes: Routes, stack: AsyncExitStack) -> None:
    await stack.enter_async_context(tracing.configure(NAME, settings.otlp_endpoint))
    client = Client()
    stack.callback(client.close)
    given = {name: [url for url in listed.split(",") if url] for name, listed in settings.neighbours.items()}
    life.edge.identity = identity = _identity(client, given, settings)
    life.jobs = await stack.enter_async_context(background.running(identity.follow))
    asked = {name: given.get(name, []) for name in (*CONTRACTS, *(part for part in ASKED_TOO if part in given))}
    health = Health(client, asked, lambda: pages.missing(life))
    stack.push_async_callback(health.close)
    _add_own(routes, life, health)
    upstreams = {
        name: Upstream(client, name, given.get(name, []), answer=settings.answer_seconds, retry=settings.retry_seconds)
        for name in CONTRACTS
    }

    def relay_of(endpoint: Endpoint[Wish, View], upstream: Upstream) -> Relay:
        return Relay(endpoint, upstream, identity, life.edge, settings)

    gathering = Gathering(upstreams, identity, life.edge)
    Desks(gathering, relay_of, settings).add(routes)
    add_actions(routes, gathering)
    for name, contract in CONTRACTS.items():
        for endpoint in endpoints_of(contract).values():
            if not endpoint.internal:
                serve = relay_of(endpoint, upstreams[name])
                for path in (endpoint.path, *endpoint.aliases):
                    routes.add(endpoint.method, path, serve)


def _identity(client: Client, urls: Mapping[str, list[str]], settings: Settings) -> Identity:
    """Checks callers' tokens; the gateway's own token only opens the feed of revoked sessions."""
    issuer = HttpIssuer(TOKENS, NAME, settings.client_secret)
    identity = Identity(issuer)
    calls = Calls(client, urls, identity.bearer, identity.turned_away)
    issuer.reach(calls.to("auth", anonymous=True), calls.to("auth"))
    return identity


def _add_own(routes: Routes, life: ops.Life, health: Health) -> None:
    own = {
        "/live": ops.live(life),
        "/ready": pages.ready(life),
        "/health": pages.health(life, health),
        "/metrics": pages.metrics(life),
        "/openapi.json": pages.interface(CONTRACTS),
        "/docs": pages.docs(),
    }
    own |= {path: problems.page(told) for path, told in problems.described(TELLING).items()}
    for path, serve in own.items():
        routes.add(GET, path, serve)
        routes.add("HEAD", path, serve)
