"""Where the cart service's ports meet their adapters."""

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

import contracts.cart
from contracts import auth
from mallkit.errors import TooManyRequests
from mallkit.issuer import IssuerEndpoints
from mallkit.service import Service, Shell, Wired, application
from mallkit.tries import Window
from svc_cart import handlers, persons, views
from svc_cart.faces import ProductFaces
from svc_cart.ports import Ports
from svc_cart.rates import MallRates
from svc_cart.repository import CARTS, GUESTS, KINDS, StoredCarts, StoredGuests
from svc_cart.settings import Settings

TIDY_SECONDS = 60.0
CHANCE_BYTES = 24
RATE_SECONDS = 5.0
"""The oldest that a rate may be when prices are shown at it."""


def build_app(settings: Settings) -> web.Application:
    """The cart service, not started yet."""

    @asynccontextmanager
    async def wire(shell: Shell) -> AsyncIterator[Wired]:
        products = shell.calls.to("product")
        faces = ProductFaces(
            products, seconds=settings.price_seconds, most=settings.faces_kept, look_up_seconds=settings.look_up_seconds
        )  # fmt: skip
        ports = Ports(
            carts=StoredCarts(shell.store),
            guests=StoredGuests(shell.store, settings.guest_seconds),
            faces=faces,
            # No neighbour of whom /health would speak: without it carts are shown in the mall's own currency.
            rates=MallRates(shell.calls.to("checkout") if "checkout" in settings.neighbours else None, settings.currency, RATE_SECONDS),
            newcomers=Window(settings.guests_per_address, _too_many),
            clock=time.time,
            chance=lambda: secrets.token_urlsafe(CHANCE_BYTES),
            currency=settings.currency,
            guest_key=settings.guest_key,
            guest_seconds=settings.guest_seconds,
        )

        async def tidy() -> None:
            await ports.guests.tidy(ports.clock())

        yield Wired(ports=ports, jobs=(shell.leases.job(TIDY_SECONDS, tidy, "guests.tidy"),))

    service = Service(
        name="cart",
        title="Carts",
        contract=contracts.cart,
        handlers=(handlers, persons),
        kinds=KINDS,
        wire=wire,
        neighbours=("auth", "product"),
        rows={CARTS: views.row, GUESTS: views.guest_row},
        tokens=IssuerEndpoints(jwks=auth.jwks, revocations=auth.revocations, service_token=auth.service_token),
    )
    return application(settings, service)


def _too_many(seconds: int) -> TooManyRequests:
    return TooManyRequests("too many guest carts were begun from this address", retry_after=seconds)
