"""Where the payment service's ports meet their adapters."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from aiohttp import web

import contracts.payment
from contracts import auth
from mallkit.background import once
from mallkit.issuer import IssuerEndpoints
from mallkit.lasting import lasting
from mallkit.metrics import ServerMetrics
from mallkit.service import Service, Shell, Wired, application
from svc_payment import handlers, persons, views
from svc_payment.ports import Hearing, Ports
from svc_payment.providers import Adapter, chosen, opened
from svc_payment.repository import ACCOUNTS, POINTERS, Accounts
from svc_payment.settings import Settings
from svc_payment.use_cases import settle


def build_app(settings: Settings) -> web.Application:
    """The payment service, not started yet. Raises SettingsError for a provider that there is not, or that lacks a setting."""
    adapters = chosen(settings)

    @asynccontextmanager
    async def wire(shell: Shell) -> AsyncIterator[Wired]:
        async with lasting(settings.drain_seconds) as work, opened(adapters, settings, shell.calls) as providers:
            ports = Ports(
                accounts=Accounts(shell.store),
                orders=shell.calls.to("order"),
                methods=settings.providers,
                providers=providers,
                hearing=_hearing(adapters, settings, shell.metrics),
                lasting=work,
                clock=time.time,
                today=_today,
                answer_seconds=settings.answer_seconds,
                attempt_seconds=settings.attempt_seconds,
                action_seconds=settings.action_seconds,
                currency=settings.currency,
            )

            async def end_open_payments() -> None:
                await settle.settle_all(ports)

            resumed = once(partial(settle.resume, ports), "payments.resume")
            yield Wired(ports=ports, jobs=(resumed, shell.leases.job(settings.settle_seconds, end_open_payments, "payments.settle")))

    service = Service(
        name="payment",
        title="Payments",
        contract=contracts.payment,
        handlers=(handlers, persons),
        kinds=(ACCOUNTS, POINTERS),
        wire=wire,
        neighbours=("auth", "order", *({"bank"} & adapters.keys())),
        rows={ACCOUNTS: views.row},
        tokens=IssuerEndpoints(jwks=auth.jwks, revocations=auth.revocations, service_token=auth.service_token),
    )
    return application(settings, service)


def _hearing(adapters: Mapping[str, Adapter], settings: Settings, metrics: ServerMetrics) -> dict[str, Hearing]:
    """Of the providers whose webhooks can be told from forgeries."""
    refused = metrics.counter("mall_webhooks_refused", "Webhooks that were refused.", ("reason",))
    ignored = metrics.counter("mall_webhook_events_ignored", "Events of webhooks that nothing was done about.", ("reason",))
    return {
        name: Hearing(
            secret=adapter.webhook_secret(settings),
            tolerance_seconds=settings.webhook_tolerance_seconds,
            read=adapter.read_webhook,
            refused=lambda reason: refused.labels(reason).inc(),
            ignored=lambda reason: ignored.labels(reason).inc(),
        )
        for name, adapter in adapters.items()
        if adapter.webhook_secret(settings)
    }


def _today() -> tuple[int, int]:
    now = datetime.now(UTC)
    return now.year, now.month
