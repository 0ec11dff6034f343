"""Where the product service's ports meet their adapters."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

import contracts.product
from contracts import auth
from mallkit.ids import new_id
from mallkit.issuer import IssuerEndpoints
from mallkit.metrics import ServerMetrics
from mallkit.service import Service, Shell, Wired, application
from svc_product import handlers, jobs, views
from svc_product.ports import Pieces, Ports
from svc_product.rates import KeptRates
from svc_product.repository.catalogue import DRAWINGS, PRICES, PRODUCTS, Catalogue
from svc_product.repository.categories import TREES, Categories
from svc_product.repository.imports import APPLIED, PARTS, Imports
from svc_product.repository.stock import COUNTERS, LOG, MOVEMENTS, Stock
from svc_product.settings import Settings

log = structlog.get_logger()
KINDS = (PRODUCTS, DRAWINGS, PRICES, TREES, PARTS, APPLIED, COUNTERS, MOVEMENTS, LOG)


def build_app(settings: Settings) -> web.Application:
    """The product service, not started yet."""

    @asynccontextmanager
    async def wire(shell: Shell) -> AsyncIterator[Wired]:
        ports = _ports(settings, shell)
        yield Wired(ports=ports, jobs=jobs.of(ports, shell.leases))

    service = Service(
        name="product",
        title="Products",
        contract=contracts.product,
        handlers=(handlers,),
        kinds=KINDS,
        wire=wire,
        neighbours=("auth", "checkout"),
        rows={COUNTERS: views.counter_row, MOVEMENTS: views.movement_row, LOG: views.log_row},
        tokens=IssuerEndpoints(jwks=auth.jwks, revocations=auth.revocations, service_token=auth.service_token),
    )
    return application(settings, service)


def _ports(settings: Settings, shell: Shell) -> Ports:
    stock = Stock(shell.store, time.time, _low_told(shell.metrics))
    catalogue = Catalogue(shell.store, stock, settings.low_stock_at)
    categories = Categories(shell.store, time.monotonic)
    return Ports(
        catalogue=catalogue,
        categories=categories,
        imports=Imports(shell.store, catalogue, categories, new_id),
        stock=stock,
        rates=KeptRates(shell.calls.to("checkout", anonymous=True), seconds=settings.rates_seconds, monotonic=time.monotonic),
        currency=settings.currency,
        import_rows=settings.import_rows,
        clock=time.time,
        new_id=new_id,
    )


def _low_told(metrics: ServerMetrics) -> Callable[[Pieces], None]:
    """What is done when a product becomes low, once each time."""
    fallen = metrics.counter("stock_low", "Products whose stock fell to the level at which it is low.")

    def tell(pieces: Pieces) -> None:
        fallen.inc()
        log.info("stock.low", product_id=pieces.id, available=pieces.available, low_at=pieces.low_at)

    return tell
