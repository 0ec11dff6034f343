"""The audit as a part of the mall: it looks at the books again and again, and shows what it finds as metrics."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from aiohttp import web

from mall.auditing.asking import Asking, NotAsked, asking
from mall.auditing.audit import INVARIANTS, Look, look, watch_of
from mall.auditing.command import ASKED, NAME
from mall.auditing.settings import Settings
from mallkit import background, ops, tracing
from mallkit.endpoint import GET
from mallkit.front import Front
from mallkit.listening import DIRECT
from mallkit.metrics import ServerMetrics
from mallkit.routes import Serve
from mallkit.web import Edge

log = structlog.get_logger()
LOGGED = 20


def build_app(settings: Settings) -> web.Application:
    """The part, not started yet."""
    edge = Edge(NAME, settings, ServerMetrics())
    front = Front(edge)
    rounds = Rounds(settings, edge.metrics)
    app = web.Application()
    app[ops.LIFE] = life = ops.Life(NAME, edge)
    app[DIRECT] = front.handle
    pages = {"/live": ops.live(life), "/ready": _ready(life), "/health": _health(life, rounds), "/metrics": ops.metrics(life)}
    for path, serve in pages.items():
        front.routes.add(GET, path, serve)
        front.routes.add("HEAD", path, serve)

    @asynccontextmanager
    async def lifespan(_: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(tracing.configure(NAME, settings.otlp_endpoint))
            mall = await stack.enter_async_context(asking(settings, ASKED))
            life.jobs = await stack.enter_async_context(background.running(rounds.job(mall)))
            yield

    app.cleanup_ctx.append(lifespan)
    return app


class Rounds:
    """The job, and what its last round found."""

    def __init__(self, settings: Settings, metrics: ServerMetrics) -> None:
        self.state = "no round yet"
        """`ok`, or what is wrong."""
        self._settings = settings
        self._watch = watch_of(settings)
        self._violations = metrics.gauge("mall_invariant_violations", "Things that violate an invariant.", ("invariant",))
        self._seconds = metrics.gauge("mall_audit_seconds", "How long the last round of the audit took.")
        self._success = metrics.gauge("mall_audit_last_success_timestamp", "When the last round ended that could ask every service.")

    def job(self, mall: Asking) -> background.Job:
        """Rounds for ever. A round that cannot ask every service, or fails, changes no figure but the age of the last success."""

        async def rounds() -> None:
            rest = min(self._settings.first_seconds, self._settings.every_seconds)
            while True:
                await asyncio.sleep(rest)
                began, spent = time.monotonic(), time.process_time()
                try:
                    self._show(await look(mall, self._watch))
                except NotAsked as refusal:
                    self.state = "a service could not be asked"
                    log.warning("audit.not-asked", reason=refusal.detail)
                except Exception:
                    self.state = "the round failed"
                    log.exception("audit.round-failed")
                self._seconds.set(time.monotonic() - began)
                rest = max(self._settings.every_seconds, (time.process_time() - spent) * self._settings.rest)

        rounds.__name__ = "audit.rounds"
        return rounds

    def _show(self, seen: Look) -> None:
        counted: dict[str, list[str]] = {invariant.name: [] for invariant in INVARIANTS}
        for suspect in seen.counted:
            counted[suspect.invariant].append(suspect.id)
        for name, ids in counted.items():
            self._violations.labels(name).set(len(ids))
            if ids:
                log.error("invariant.violated", invariant=name, number=len(ids), ids=ids[:LOGGED])
        self._success.set(time.time())
        violated = [name for name, ids in counted.items() if ids]
        self.state = f"violated: {', '.join(violated)}" if violated else ops.OK


def _ready(life: ops.Life) -> Serve:
    """It serves nobody but those who look at it."""

    async def serve(_: web.BaseRequest) -> web.StreamResponse:
        return ops.told(life.name, {"draining": "draining"} if life.draining else {}, "not ready")

    return serve


def _health(life: ops.Life, rounds: Rounds) -> Serve:
    """Whether the last round was clean."""

    async def serve(_: web.BaseRequest) -> web.StreamResponse:
        parts = {"invariants": rounds.state} | dict.fromkeys((f"job {name}" for name in life.dead_jobs()), "died")
        return ops.told(life.name, parts, "not all is well")

    return serve
