"""Where the checkout service's ports meet their adapters."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

import contracts.checkout
from contracts import auth, order
from mallkit.ids import new_id
from mallkit.issuer import IssuerEndpoints
from mallkit.lasting import lasting
from mallkit.service import Service, Shell, Wired, application
from svc_checkout import consumers, handlers, jobs, persons, views
from svc_checkout.domain.receipt import Rates
from svc_checkout.ports import Ports, Times
from svc_checkout.repository import BOOKS, CHECKOUTS, COUNTERS, KINDS, MOVEMENTS, Books, Checkouts, Coupons
from svc_checkout.settings import Settings

DAY = 86_400.0
GATHER_SECONDS = 0.5
"""Every purchase is told by the order service, and few are of interest here: no use of a coupon need be back sooner."""


def build_app(settings: Settings) -> web.Application:
    """The checkout service, not started yet."""

    @asynccontextmanager
    async def wire(shell: Shell) -> AsyncIterator[Wired]:
        to = shell.calls.to
        async with lasting(settings.drain_seconds) as work:
            ports = Ports(
                checkouts=Checkouts(shell.store[CHECKOUTS]),
                book=Books(shell.store[BOOKS]),
                coupons=Coupons(shell.store, time.time, new_id),
                carts=to("cart"),
                products=to("product"),
                orders=to("order"),
                payments=to("payment"),
                users=to("user"),
                lasting=work,
                clock=time.time,
                new_id=new_id,
                process=f"{shell.leases.owner}/{new_id()}",
                times=Times(settings.answer_seconds, settings.undo_seconds, settings.lease_seconds, settings.rate_days * DAY),
                rates=Rates(settings.shipping, settings.tax),
                currency=settings.currency,
                home_country=settings.home_country,
            )

            yield Wired(ports=ports, jobs=jobs.of(ports, shell.leases, settings.recover_seconds))

    service = Service(
        name="checkout",
        title="Checkout",
        contract=contracts.checkout,
        handlers=(handlers, persons),
        kinds=KINDS,
        wire=wire,
        neighbours=("auth", "cart", "product", "order", "payment", "user"),
        listens={"order": order},
        consumers=(consumers,),
        gather=GATHER_SECONDS,
        rows={CHECKOUTS: views.row, COUNTERS: views.counter_row, MOVEMENTS: views.movement_row},
        tokens=IssuerEndpoints(jwks=auth.jwks, revocations=auth.revocations, service_token=auth.service_token),
    )
    return application(settings, service)
