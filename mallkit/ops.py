"""What operators ask of any service: /live, /ready, /health, /metrics, /openapi.json, /docs. Open to whoever reaches the port."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from mallkit import docs_page, openapi
from mallkit.background import Running
from mallkit.bus import Bus
from mallkit.calls import Calls
from mallkit.endpoint import Endpoint, View, Wish
from mallkit.errors import ShopError, Unavailable
from mallkit.eventing import Eventing
from mallkit.raw import Reply
from mallkit.routes import Routes, Serve
from mallkit.store import Store
from mallkit.web import JSON, Edge

ASK_SECONDS = 1.0
OK = "ok"


@dataclass(eq=False)
class Life:
    """One running service, as /live, /ready and /health see it."""

    name: str
    edge: Edge
    neighbours: Sequence[str] = ()
    store: Store | None = None
    calls: Calls | None = None
    jobs: Running | None = None
    eventing: Eventing | None = None
    draining: bool = field(default=False)

    async def missing(self) -> list[str]:
        """What this copy cannot serve without, and does not have at this moment."""
        if self.draining or self.store is None:
            return ["draining" if self.draining else "starting"]
        identity = self.edge.identity
        found = [] if identity is None or identity.ready else ["identity"]
        try:
            await self.store.ping()
        except ShopError:
            found.append("store")
        return found

    async def published(self) -> int | None:
        """The last outbox entry that is on the bus; None without a bus, or for a service that publishes nothing."""
        relay = None if self.eventing is None else self.eventing.relay
        return None if relay is None else await relay.published()

    def dead_jobs(self) -> list[str]:
        """Jobs that ended though they should run for ever."""
        return [] if self.jobs is None else [name for name, alive in self.jobs.alive().items() if not alive]

    async def parts(self) -> dict[str, str]:
        """Every part by name: `ok`, or what is wrong with it."""
        missing = await self.missing()
        told = dict.fromkeys(missing, "away") or {"store": "ok", "identity": "ok"}
        told.update(dict.fromkeys((f"job {name}" for name in self.dead_jobs()), "died"))
        identity = self.edge.identity
        if identity is not None:
            told["revocations"] = "silent" if identity.silent else "ok"
        if self.eventing is not None and self.eventing.bus is not None:
            told["bus"] = await _bus_state(self.eventing.bus)
        if self.calls is not None:
            lives = await asyncio.gather(*(self.calls.is_live(name, ASK_SECONDS) for name in self.neighbours))
            told.update((name, "ok" if live else "away") for name, live in zip(self.neighbours, lives, strict=True))
        return told


async def _bus_state(bus: Bus) -> str:
    try:
        async with asyncio.timeout(ASK_SECONDS):
            await bus.ping()
    except (ShopError, TimeoutError):
        return "away"
    return OK


LIFE = web.AppKey("LIFE", Life)


def add_pages(routes: Routes, life: Life, endpoints: Mapping[str, Endpoint[Wish, View]], title: str) -> None:
    """Puts the pages among the routes."""
    document = msgspec.json.encode(openapi.document(life.name, endpoints, title=title))
    pages = {
        "/live": live(life),
        "/ready": ready(life),
        "/health": health(life),
        "/metrics": metrics(life),
        "/openapi.json": fixed(document, JSON),
        "/docs": fixed(docs_page.page(title, "/openapi.json"), "text/html; charset=utf-8"),
    }
    for path, serve in pages.items():
        routes.add("GET", path, serve)
        routes.add("HEAD", path, serve)


def live(life: Life) -> Serve:
    """Loop and jobs are alive; nothing else is looked at, so that a neighbour's fault restarts nobody."""

    async def serve(_: web.BaseRequest) -> web.StreamResponse:
        return told(life.name, dict.fromkeys(life.dead_jobs(), "died"), "a job has died")

    return serve


def ready(life: Life) -> Serve:
    """Whether this copy has what it cannot serve without."""

    async def serve(_: web.BaseRequest) -> web.StreamResponse:
        return told(life.name, dict.fromkeys(await life.missing(), "away"), "not ready")

    return serve


def health(life: Life) -> Serve:
    """The full picture: store, identity, jobs, neighbours."""

    async def serve(_: web.BaseRequest) -> web.StreamResponse:
        return told(life.name, await life.parts(), "not all parts are well")

    return serve


def metrics(life: Life) -> Serve:
    """For Prometheus."""

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        body, content_type = life.edge.metrics.render(request.headers.get("Accept", ""))
        return Reply(200, body, {"Content-Type": content_type}).response()

    return serve


def fixed(body: bytes, content_type: str) -> Serve:
    """The same bytes for everybody."""
    reply = Reply(200, body, {"Content-Type": content_type})

    async def serve(_: web.BaseRequest) -> web.StreamResponse:
        return reply.response()

    return serve


def told(name: str, parts: Mapping[str, str], complaint: str) -> web.StreamResponse:
    """200 when every part is `ok`. Raises Unavailable, naming those that are not."""
    wrong = [part for part, state in parts.items() if state != OK]
    if wrong:
        raise Unavailable(f"{complaint}: {', '.join(wrong)}", parts=dict(parts))
    return Reply(200, msgspec.json.encode({"status": OK, "service": name, "parts": parts}), {"Content-Type": JSON}).response()
