"""Where the checkout service's ports meet their adapters."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from aiohttp import web

import contracts.checkout
from contracts import auth
from mallkit.background import once
from mallkit.ids import new_id
from mallkit.issuer import IssuerEndpoints
from mallkit.lasting import lasting
from mallkit.service import Service, Shell, Wired, application
from svc_checkout import handlers, persons, views
from svc_checkout.domain.receipt import Rates
from svc_checkout.ports import Ports, Times
from svc_checkout.repository import BOOKS, CHECKOUTS, Books, Checkouts
from svc_checkout.settings import Settings
from svc_checkout.use_cases import buy

DAY = 86_400.0


def build_app(settings: Settings) -> web.Application:
    """The checkout service, not started yet."""

    @asynccontextmanager
    async def wire(shell: Shell) -> AsyncIterator[Wired]:
        to = shell.calls.to
        async with lasting(settings.drain_seconds) as work:
            ports = Ports(
                checkouts=Checkouts(shell.store[CHECKOUTS]),
                book=Books(shell.store[BOOKS]),
                carts=to("cart"),
                products=to("product"),
                orders=to("order"),
                payments=to("payment"),
                lasting=work,
                clock=time.time,
                new_id=new_id,
                process=f"{shell.leases.owner}/{new_id()}",
                times=Times(settings.answer_seconds, settings.undo_seconds, settings.lease_seconds, settings.rate_days * DAY),
                rates=Rates(settings.shipping, settings.tax),
                currency=settings.currency,
                home_country=settings.home_country,
            )

            async def recover() -> None:
                await buy.recover_all(ports)

            resumed = once(partial(buy.resume, ports), "checkouts.resume")
            yield Wired(ports=ports, jobs=(resumed, shell.leases.job(settings.recover_seconds, recover, "checkouts.recover")))

    service = Service(
        name="checkout",
        title="Checkout",
        contract=contracts.checkout,
        handlers=(handlers, persons),
        kinds=(CHECKOUTS, BOOKS),
        wire=wire,
        neighbours=("auth", "cart", "product", "order", "payment"),
        rows={CHECKOUTS: views.row},
        tokens=IssuerEndpoints(jwks=auth.jwks, revocations=auth.revocations, service_token=auth.service_token),
    )
    return application(settings, service)
