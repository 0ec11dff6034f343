"""Where the order service's ports meet their adapters."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

import contracts.order
from contracts import auth, payment
from mallkit.issuer import IssuerEndpoints
from mallkit.service import Service, Shell, Wired, application
from svc_order import consumers, handlers, persons, use_cases, views
from svc_order.ports import Ports
from svc_order.repository import ORDERS, Orders
from svc_order.settings import Settings


def build_app(settings: Settings) -> web.Application:
    """The order service, not started yet."""

    @asynccontextmanager
    async def wire(shell: Shell) -> AsyncIterator[Wired]:
        calls = shell.calls
        ports = Ports(Orders(shell.store[ORDERS]), calls.to("payment"), calls.to("product"), time.time, settings.pay_within)

        async def settle() -> None:
            await use_cases.settle_all(ports)

        async def expire() -> None:
            await use_cases.expire_all(ports)

        job = shell.leases.job
        yield Wired(
            ports=ports,
            jobs=(job(settings.settle_seconds, settle, "orders.settle"), job(settings.settle_seconds, expire, "orders.expire")),
        )

    service = Service(
        name="order",
        title="Orders",
        contract=contracts.order,
        handlers=(handlers, persons),
        kinds=(ORDERS,),
        wire=wire,
        neighbours=("auth", "payment", "product"),
        listens={"payment": payment},
        consumers=(consumers,),
        rows={ORDERS: views.row},
        tokens=IssuerEndpoints(jwks=auth.jwks, revocations=auth.revocations, service_token=auth.service_token),
    )
    return application(settings, service)
