"""Where the product service's ports meet their adapters."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

import contracts.product
from contracts import auth
from mallkit.ids import new_id
from mallkit.issuer import IssuerEndpoints
from mallkit.service import Service, Shell, Wired, application
from svc_product import handlers, jobs, views
from svc_product.ports import Ports
from svc_product.repository.catalogue import DRAWINGS, PRODUCTS, Catalogue
from svc_product.repository.categories import TREES, Categories
from svc_product.repository.imports import APPLIED, PARTS, Imports
from svc_product.repository.stock import COUNTERS, MOVEMENTS, Stock
from svc_product.settings import Settings


def build_app(settings: Settings) -> web.Application:
    """The product service, not started yet."""
    return application(
        settings,
        Service(
            name="product",
            title="Products",
            contract=contracts.product,
            handlers=(handlers,),
            kinds=(PRODUCTS, DRAWINGS, TREES, PARTS, APPLIED, COUNTERS, MOVEMENTS),
            wire=_wire,
            neighbours=("auth",),
            rows={COUNTERS: views.counter_row, MOVEMENTS: views.movement_row},
            tokens=IssuerEndpoints(jwks=auth.jwks, revocations=auth.revocations, service_token=auth.service_token),
        ),
    )


@asynccontextmanager
async def _wire(shell: Shell) -> AsyncIterator[Wired]:
    stock = Stock(shell.store, time.time, new_id)
    catalogue = Catalogue(shell.store, stock, time.monotonic)
    imports = Imports(shell.store, catalogue, new_id)
    ports = Ports(
        catalogue=catalogue,
        categories=Categories(shell.store, time.monotonic),
        imports=imports,
        stock=stock,
        currency=shell.settings.currency,
        clock=time.time,
        new_id=new_id,
    )
    yield Wired(ports=ports, jobs=jobs.of(ports, shell.leases))
