"""Puts the sandbox bank together."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial

from aiohttp import web

from contracts import bank
from mallkit import service
from mallkit.http1 import Client
from mallkit.listening import DIRECT
from mallkit.routes import Serve
from mallkit.service import Service, Shell, Wired
from sandbox_bank import drill, handlers, pages
from sandbox_bank.ports import Harm, Ports
from sandbox_bank.repository import AUTHORIZATIONS, CHALLENGES, POINTERS, POSITIONS, StoredBooks, StoredNews
from sandbox_bank.settings import Settings
from sandbox_bank.webhooks import Webhooks

_hung_up: ContextVar[bool] = ContextVar("hung_up", default=False)


def build_app(settings: Settings) -> web.Application:
    """The bank; it knows nobody's tokens, only its API key."""

    @asynccontextmanager
    async def wire(shell: Shell) -> AsyncIterator[Wired]:
        with closing(Client()) as client:
            told = Webhooks(settings, StoredNews(shell.store), client, shell.metrics)
            yield Wired(
                ports=Ports(
                    books=StoredBooks(shell.store),
                    clock=partial(datetime.now, UTC),
                    api_key=settings.api_key,
                    fingerprint_key=settings.fingerprint_key,
                    slow_seconds=settings.slow_seconds,
                    hang_up=partial(_hung_up.set, True),  # noqa: FBT003  # a ContextVar takes its value by position
                    harm=Harm(),
                    chance=random.random,
                    drill_key=settings.drill_key,
                    public_url=settings.public_url.rstrip("/"),
                    return_urls=frozenset(settings.return_urls),
                ),
                jobs=told.jobs(),
            )

    doors = (handlers, drill) if settings.drill_key else (handlers,)
    kinds = (AUTHORIZATIONS, POINTERS, POSITIONS, CHALLENGES)
    declared = Service(name="bank", title="Sandbox bank", contract=bank, handlers=doors, kinds=kinds, wire=wire, pages=pages.add)
    app = service.application(settings, declared)
    app[DIRECT] = _on_the_line(app[DIRECT])
    return app


def _on_the_line(handle: Serve) -> Serve:
    """Aborts the connection of a request whose use case hung up; its answer then goes nowhere."""

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        answer = await handle(request)
        if _hung_up.get() and request.transport is not None:
            request.transport.abort()
        return answer

    return serve
