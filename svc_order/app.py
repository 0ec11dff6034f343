"""Where the order service's ports meet their adapters."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

import contracts.order
from contracts import auth, payment
from mallkit.background import side_by_side
from mallkit.issuer import IssuerEndpoints
from mallkit.service import Service, Shell, Wired, application
from mallkit.tracing import current_trace_id
from svc_order import consumers, handlers, persons, views
from svc_order.ports import Ports
from svc_order.repository.orders import ORDERS, PARCELS, Orders
from svc_order.repository.statistics import DAYS, POSITIONS, Statistics
from svc_order.settings import Settings
from svc_order.use_cases import settle, statistics


def build_app(settings: Settings) -> web.Application:
    """The order service, not started yet."""

    @asynccontextmanager
    async def wire(shell: Shell) -> AsyncIterator[Wired]:
        ports = Ports(
            orders=Orders(shell.store),
            statistics=Statistics(shell.store),
            payments=shell.calls.to("payment"),
            products=shell.calls.to("product"),
            clock=time.time,
            pay_within=settings.pay_within,
            trace_id=current_trace_id,
        )

        async def round_of_work() -> None:
            await side_by_side((settle.settle_all(ports), settle.expire_all(ports), statistics.keep_up(ports)))

        yield Wired(ports=ports, jobs=(shell.leases.job(settings.settle_seconds, round_of_work, "orders.settle"),))

    service = Service(
        name="order",
        title="Orders",
        contract=contracts.order,
        handlers=(handlers, persons),
        kinds=(ORDERS, PARCELS, DAYS, POSITIONS),
        wire=wire,
        neighbours=("auth", "payment", "product"),
        listens={"payment": payment},
        consumers=(consumers,),
        rows={ORDERS: views.row},
        tokens=IssuerEndpoints(jwks=auth.jwks, revocations=auth.revocations, service_token=auth.service_token),
    )
    return application(settings, service)
