"""Where the cart service's ports meet their adapters."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

import contracts.cart
from contracts import auth
from mallkit.issuer import IssuerEndpoints
from mallkit.service import Service, Shell, Wired, application
from svc_cart import handlers, persons, views
from svc_cart.faces import ProductFaces
from svc_cart.ports import Ports
from svc_cart.repository import CARTS, StoredCarts
from svc_cart.settings import Settings


def build_app(settings: Settings) -> web.Application:
    """The cart service, not started yet."""

    @asynccontextmanager
    async def wire(shell: Shell) -> AsyncIterator[Wired]:
        products = shell.calls.to("product")
        faces = ProductFaces(
            products, seconds=settings.price_seconds, most=settings.faces_kept, look_up_seconds=settings.look_up_seconds
        )  # fmt: skip
        yield Wired(ports=Ports(carts=StoredCarts(shell.store), faces=faces, clock=time.time, currency=settings.currency))

    service = Service(
        name="cart",
        title="Carts",
        contract=contracts.cart,
        handlers=(handlers, persons),
        kinds=(CARTS,),
        wire=wire,
        neighbours=("auth", "product"),
        rows={CARTS: views.row},
        tokens=IssuerEndpoints(jwks=auth.jwks, revocations=auth.revocations, service_token=auth.service_token),
    )
    return application(settings, service)
