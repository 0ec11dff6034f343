"""Puts the sandbox bank together."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial

from aiohttp import web

from contracts import bank
from contracts.bank import MOST_EVENTS, SIGNATURE
from mallkit import service
from mallkit.http1 import Client
from mallkit.listening import DIRECT
from mallkit.routes import Routes, Serve
from mallkit.service import Service, Shell, Wired
from mallkit.store import Store
from mallkit.web import Edge
from sandbox_bank import drill, handlers
from sandbox_bank import pages as challenges
from sandbox_bank.ports import Harm, Ports
from sandbox_bank.repository import AUTHORIZATIONS, CHALLENGES, POINTERS, POSITIONS, StoredBooks, StoredNews
from sandbox_bank.settings import Settings
from sandbox_bank.stripe import news
from sandbox_bank.stripe import pages as facade
from sandbox_bank.stripe.books import KINDS, StripeBooks
from sandbox_bank.webhooks import Merchant, Webhooks, forgetting, in_the_banks_words

_hung_up: ContextVar[bool] = ContextVar("hung_up", default=False)


def build_app(settings: Settings) -> web.Application:
    """The bank; it knows nobody's tokens, only its API keys."""

    @asynccontextmanager
    async def wire(shell: Shell) -> AsyncIterator[Wired]:
        with closing(Client()) as client:
            ports = _ports(settings, shell.store)
            merchants = _merchants(settings, ports)
            told = [
                Webhooks(merchant, settings.webhook_seconds, StoredNews(shell.store), client, shell.metrics).job() for merchant in merchants
            ]
            yield Wired(ports=ports, jobs=(*told, forgetting([merchant.name for merchant in merchants], StoredNews(shell.store))))

    def add_pages(routes: Routes, edge: Edge) -> None:
        challenges.add(routes, edge)
        if settings.stripe_key:
            facade.add(routes, edge, settings.stripe_key)

    doors = (handlers, drill) if settings.drill_key else (handlers,)
    kinds = (AUTHORIZATIONS, POINTERS, POSITIONS, CHALLENGES, *KINDS)
    declared = Service(name="bank", title="Sandbox bank", contract=bank, handlers=doors, kinds=kinds, wire=wire, pages=add_pages)
    app = service.application(settings, declared)
    app[DIRECT] = _on_the_line(app[DIRECT])
    return app


def _ports(settings: Settings, store: Store) -> Ports:
    return Ports(
        books=StoredBooks(store),
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
        stripe=StripeBooks(store),
    )


def _merchants(settings: Settings, ports: Ports) -> list[Merchant]:
    """Who is told: in the bank's words, in Stripe's, or nobody."""
    ours = Merchant("webhooks", settings.webhook_url, settings.webhook_secret, SIGNATURE, MOST_EVENTS, in_the_banks_words)
    words = partial(news.in_stripes_words, ports=ports)
    stripes = Merchant("stripe", settings.stripe_webhook_url, settings.stripe_webhook_secret, news.SIGNATURE, 1, words)
    return [merchant for merchant in (ours, stripes) if merchant.url and merchant.secret]


def _on_the_line(handle: Serve) -> Serve:
    """Aborts the connection of a request whose use case hung up; its answer then goes nowhere."""

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        answer = await handle(request)
        if _hung_up.get() and request.transport is not None:
            request.transport.abort()
        return answer

    return serve
