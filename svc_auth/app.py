"""Where the auth service's ports meet their adapters."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

import contracts.auth
from mallkit.lasting import lasting
from mallkit.service import Service, Shell, Wired, application
from mallkit.settings import Common
from mallkit.store import Store
from svc_auth import handlers, persons, use_cases
from svc_auth.domain import Lives
from svc_auth.guest_carts import GuestCarts
from svc_auth.issuer import OwnIssuer
from svc_auth.keyring import open_ring
from svc_auth.opening import open_accounts
from svc_auth.passwords import password_pool
from svc_auth.ports import Ports
from svc_auth.repository import KINDS, StoredAccounts, StoredSessions
from svc_auth.settings import Settings
from svc_auth.tries import Window

PURGE_SECONDS = 60.0
OWED_SECONDS = 1.0


def build_app(settings: Settings) -> web.Application:
    """The auth service, not started yet."""
    lives = Lives(settings.access_seconds, settings.refresh_seconds, settings.grace_seconds)

    def own_issuer(store: Store, _: Common) -> OwnIssuer:
        return OwnIssuer(StoredSessions(store, lives), open_ring(settings), settings.access_seconds)

    @asynccontextmanager
    async def wire(shell: Shell) -> AsyncIterator[Wired]:
        async with lasting(settings.drain_seconds) as work:
            with password_pool(settings.waiting_passwords) as passwords:
                ports = Ports(
                    accounts=StoredAccounts(shell.store),
                    sessions=StoredSessions(shell.store, lives),
                    passwords=passwords,
                    keys=open_ring(settings),
                    from_address=Window(settings.tries_per_address, "too many tries from this address"),
                    wrong_passwords=Window(settings.wrong_passwords, "too many wrong passwords for this account"),
                    # No neighbour of whom /health would speak: whoever logs in needs no cart service.
                    guest_carts=GuestCarts(shell.calls.to("cart") if "cart" in settings.neighbours else None, work),
                    clients=settings.clients,
                    refresh_key=settings.refresh_key,
                    address_key=settings.fingerprint_key,
                    lives=lives,
                    clock=time.time,
                )
                await open_accounts(settings, ports)

                async def purge() -> None:
                    await ports.sessions.purge(ports.clock())

                async def end_owed() -> None:
                    await use_cases.end_owed(ports)

                jobs = (
                    shell.leases.job(PURGE_SECONDS, purge, "sessions.purge"),
                    shell.leases.job(OWED_SECONDS, end_owed, "sessions.end-owed"),
                )
                yield Wired(ports=ports, jobs=jobs)

    service = Service(
        name="auth",
        title="Accounts and sessions",
        contract=contracts.auth,
        handlers=(handlers, persons),
        kinds=KINDS,
        wire=wire,
        own_issuer=own_issuer,
    )
    return application(settings, service)
