"""What operators ask of any service: /live, /ready, /health, /metrics, /openapi.json, /docs. Open to whoever reaches the port."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from mallkit import docs_page, openapi
from mallkit.background import Running
from mallkit.calls import Calls
from mallkit.endpoint import Endpoint, View, Wish
from mallkit.errors import ShopError, Unavailable
from mallkit.store import Store
from mallkit.web import JSON, Edge

ASK_SECONDS = 1.0


@dataclass(eq=False)
class Life:
    """One running service, as /live, /ready and /health see it."""

    name: str
    edge: Edge
    neighbours: Sequence[str] = ()
    store: Store | None = None
    calls: Calls | None = None
    jobs: Running | None = None
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
        if self.calls is not None:
            lives = await asyncio.gather(*(self.calls.is_live(name, ASK_SECONDS) for name in self.neighbours))
            told.update((name, "ok" if live else "away") for name, live in zip(self.neighbours, lives, strict=True))
        return told


LIFE = web.AppKey("LIFE", Life)


def add_pages(app: web.Application, endpoints: Mapping[str, Endpoint[Wish, View]], title: str) -> None:
    """Routes the pages into an app that has a LIFE."""
    name = app[LIFE].name
    document = msgspec.json.encode(openapi.document(name, endpoints, title=title))
    page = docs_page.page(title, "/openapi.json")

    async def openapi_json(_: web.Request) -> web.Response:
        return web.Response(body=document, content_type=JSON)

    async def docs(_: web.Request) -> web.Response:
        return web.Response(body=page, content_type="text/html", charset="utf-8")

    app.router.add_routes([web.get("/live", live), web.get("/ready", ready), web.get("/health", health), web.get("/metrics", metrics)])
    app.router.add_routes([web.get("/openapi.json", openapi_json), web.get("/docs", docs)])


async def live(request: web.Request) -> web.Response:
    """Loop and jobs are alive; nothing else is looked at, so that a neighbour's fault restarts nobody."""
    dead = request.app[LIFE].dead_jobs()
    return _told(request, dict.fromkeys(dead, "died"), dead)


async def ready(request: web.Request) -> web.Response:
    """Tells whether this copy has what it cannot serve without."""
    missing = await request.app[LIFE].missing()
    return _told(request, dict.fromkeys(missing, "away"), missing)


async def health(request: web.Request) -> web.Response:
    """The full picture: store, identity, jobs, neighbours."""
    parts = await request.app[LIFE].parts()
    return _told(request, parts, [name for name, state in parts.items() if state != "ok"])


async def metrics(request: web.Request) -> web.Response:
    """For Prometheus."""
    body, content_type = request.app[LIFE].edge.metrics.render(request.headers.get("Accept", ""))
    return web.Response(body=body, headers={"Content-Type": content_type})


def _told(request: web.Request, parts: Mapping[str, str], wrong: Sequence[str]) -> web.Response:
    life = request.app[LIFE]
    if wrong:
        reply = life.edge.refuse(Unavailable(f"not ready: {', '.join(wrong)}", parts=dict(parts)))
        return web.Response(status=reply.status, body=reply.body, headers=reply.headers)
    body = msgspec.json.encode({"status": "ok", "service": life.name, "parts": parts})
    return web.Response(body=body, content_type=JSON)
