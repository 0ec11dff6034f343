"""The shell of a service: builds its app, starts it, drains and stops it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import structlog
import uvloop
from aiohttp import web

from mallkit import action_endpoints, action_handlers, actions, audit, background, desk_endpoints, desk_handlers, logs, ops, tracing
from mallkit.actions import ActionLog
from mallkit.background import Job
from mallkit.calls import Calls
from mallkit.desk import Desk
from mallkit.drill_pages import add_drill_pages
from mallkit.endpoint import endpoints_of
from mallkit.errors import Unavailable
from mallkit.eventing import KINDS, Eventing, Listening, eventing
from mallkit.front import Front
from mallkit.http1 import Client
from mallkit.idempotency import ANSWERS, Idempotency
from mallkit.identity import Identity, Issuer
from mallkit.intake import GATHER
from mallkit.issuer import HttpIssuer, IssuerEndpoints
from mallkit.leases import Leases
from mallkit.listening import DIRECT, Runner
from mallkit.metrics import ServerMetrics
from mallkit.routes import Routes
from mallkit.settings import Common, SettingsError, load
from mallkit.sqlite import open_store
from mallkit.store import CannotOpen, Kind, Store
from mallkit.web import AnyPorts, Edge, Served, served_in

log = structlog.get_logger()
S = TypeVar("S", bound=Common)
PURGE_SECONDS = 600.0
BACKLOG = 1024
CANNOT_START = 2


@dataclass(frozen=True, kw_only=True)
class Shell:
    """What the kit gives to a service that is starting."""

    settings: Common
    store: Store
    calls: Calls
    metrics: ServerMetrics
    leases: Leases
    """`leases.job(seconds, work, name)` is a job for one copy at a time."""


@dataclass(frozen=True, kw_only=True)
class Wired:
    """What a service gives back: its ports, and the jobs that run beside it."""

    ports: AnyPorts
    jobs: Sequence[Job] = ()


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service as its app.py declares it."""

    name: str
    title: str
    contract: ModuleType
    handlers: Sequence[ModuleType]
    kinds: Sequence[Kind[Any]]
    wire: Callable[[Shell], AbstractAsyncContextManager[Wired]]
    neighbours: Sequence[str] = ()
    """Services that it calls: /health tells how they are."""
    listens: Mapping[str, ModuleType] = field(default_factory=dict)
    """Source of events → its contract."""
    consumers: Sequence[ModuleType] = ()
    gather: float = GATHER
    """Seconds that events may wait for others, to be taken together."""
    tokens: IssuerEndpoints | None = None
    """Where tokens come from; None for a service that knows nobody (the bank) or issues them itself (auth)."""
    own_issuer: Callable[[Store, Common], Issuer] | None = None
    pages: Callable[[Routes, Edge], None] | None = None
    """Adds what it serves that is no endpoint of its contract: pages for people, another's wire format."""
    rows: audit.RowsOf = field(default_factory=dict)
    """Which documents it tells whoever audits the mall, and how."""


def application(settings: Common, service: Service) -> web.Application:
    """The service's whole app, not started yet."""
    edge = Edge(service.name, settings, ServerMetrics())
    front = Front(edge)
    app = web.Application()
    life = ops.Life(service.name, edge, service.neighbours)
    app[ops.LIFE], app[DIRECT] = life, front.handle
    for served in (*served_in(service.handlers), *_desk_of(service, life), *_actions_of(service, edge)):
        for path in (served.endpoint.path, *served.endpoint.aliases):
            front.routes.add(served.endpoint.method, path, edge.serve(served, path))
    add_drill_pages(front.routes, settings)
    if service.pages is not None:
        service.pages(front.routes, edge)
    of_the_kit = endpoints_of(desk_endpoints) | endpoints_of(action_endpoints) if _knows_people(service) else {}
    ops.add_pages(front.routes, life, endpoints_of(service.contract) | of_the_kit, service.title)
    if _knows_people(service):
        front.routes.add(audit.ROWS.method, audit.ROWS.path, audit.page(life, service.rows))

    @asynccontextmanager
    async def lifespan(_: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await _start(service, life, stack)
            yield

    app.cleanup_ctx.append(lifespan)
    return app


async def _start(service: Service, life: ops.Life, stack: AsyncExitStack) -> None:
    edge, settings, enter = life.edge, life.edge.settings, stack.enter_async_context
    await enter(tracing.configure(service.name, settings.otlp_endpoint))
    store = await enter(open_store(Path(settings.data) / f"{service.name}.db", (*service.kinds, *KINDS, *actions.KINDS, ANSWERS)))
    calls, identity = await _neighbourhood(service, settings, store, stack)
    troubled = edge.metrics.counter("mall_answers_not_kept", "Records of Idempotency-Keys that could not be written.", ("what",))
    idempotency = Idempotency(store[ANSWERS], troubled=lambda what: troubled.labels(what).inc())
    edge.identity, edge.idempotency, edge.actions = identity, idempotency, ActionLog(store)
    events = life.eventing = await enter(_eventing(service, settings, store, edge.metrics))
    shell = Shell(settings=settings, store=store, calls=calls, metrics=edge.metrics, leases=events.leases)
    wired = await enter(service.wire(shell))
    edge.ports = events.inbox.ports = wired.ports
    follow = [] if identity is None else [identity.follow]
    purge = events.leases.job(PURGE_SECONDS, edge.idempotency.purge, "answers.purge")
    life.jobs = await enter(background.running(*follow, purge, *events.jobs, *wired.jobs))
    life.store, life.calls = store, calls


def _eventing(service: Service, settings: Common, store: Store, metrics: ServerMetrics) -> AbstractAsyncContextManager[Eventing]:
    listening = Listening(
        service=service.name,
        contract=service.contract,
        sources=service.listens,
        consumers=service.consumers,
        gather=service.gather,
        on_bus=_knows_people(service),  # a stand-in for somebody else's is not on ours
    )
    return eventing(listening, settings, store, metrics)


def _desk_of(service: Service, life: ops.Life) -> list[Served[Any, Any]]:
    """Its endpoints, where tokens can be checked."""

    def desk() -> Desk:
        if life.eventing is None:
            message = "the service is starting"
            raise Unavailable(message)
        return life.eventing.desk

    return desk_handlers.handlers_of(service.name, desk) if _knows_people(service) else []


def _actions_of(service: Service, edge: Edge) -> list[Served[Any, Any]]:
    """As the desk's."""

    def action_log() -> ActionLog:
        if edge.actions is None:
            message = "the service is starting"
            raise Unavailable(message)
        return edge.actions

    return action_handlers.handlers_of(service.name, action_log) if _knows_people(service) else []


def _knows_people(service: Service) -> bool:
    return service.tokens is not None or service.own_issuer is not None


async def _neighbourhood(service: Service, settings: Common, store: Store, stack: AsyncExitStack) -> tuple[Calls, Identity | None]:
    client = Client()
    stack.callback(client.close)
    urls = {name: listed.split(",") for name, listed in settings.neighbours.items()}
    if service.own_issuer is not None:
        own = Identity(service.own_issuer(store, settings))
        return Calls(client, urls, own.bearer, own.turned_away), own
    if service.tokens is None:
        return Calls(client, urls, _no_token), None
    issuer = HttpIssuer(service.tokens, service.name, settings.client_secret)
    identity = Identity(issuer)
    calls = Calls(client, urls, identity.bearer, identity.turned_away)
    issuer.reach(calls.to("auth", anonymous=True), calls.to("auth"))
    return calls, identity


async def _no_token() -> str:
    message = "this service has no identity of its own"
    raise Unavailable(message)


def run(build_app: Callable[[S], web.Application], settings_type: type[S], name: str, environ: Mapping[str, str] = os.environ) -> None:
    """Serves until SIGTERM or SIGINT, or until the supervisor at the other end of the lifeline is gone. Exits 2 when it cannot start."""
    try:
        settings = load(settings_type, name, environ)
        logs.configure(name, settings.log_level)
        uvloop.run(_serve(build_app(settings), settings, environ.get("MALL_LIFELINE_FD")))
    except (SettingsError, CannotOpen, OSError) as error:
        sys.stderr.write(f"{name} cannot start: {error}\n")
        sys.exit(CANNOT_START)


async def _serve(app: web.Application, settings: Common, lifeline: str | None) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if lifeline:
        loop.add_reader(int(lifeline), stop.set)
    runner = Runner(app, access_log=None, handle_signals=False, shutdown_timeout=settings.drain_seconds, keepalive_timeout=75)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port, backlog=BACKLOG).start()
        log.info("service.started", port=settings.port)
        await stop.wait()
        app[ops.LIFE].draining = True
    finally:
        await runner.cleanup()
        log.info("service.stopped")
