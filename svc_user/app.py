"""Where the user service's ports meet their adapters."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

import contracts.user
from contracts import auth
from mallkit.issuer import IssuerEndpoints
from mallkit.service import Service, Shell, Wired, application
from svc_user import handlers, use_cases
from svc_user.ports import Ports
from svc_user.repository import PROFILES, StoredProfiles
from svc_user.settings import Settings


def build_app(settings: Settings) -> web.Application:
    """The user service, not started yet."""

    @asynccontextmanager
    async def wire(shell: Shell) -> AsyncIterator[Wired]:
        ports = Ports(profiles=StoredProfiles(shell.store), auth=shell.calls.to("auth"), clock=time.time)

        async def close_accounts() -> None:
            await use_cases.close_accounts(ports)

        yield Wired(ports=ports, jobs=(shell.leases.job(settings.closing_seconds, close_accounts, "accounts.close"),))

    service = Service(
        name="user",
        title="Profiles",
        contract=contracts.user,
        handlers=(handlers,),
        kinds=(PROFILES,),
        wire=wire,
        neighbours=("auth",),
        tokens=IssuerEndpoints(jwks=auth.jwks, revocations=auth.revocations, service_token=auth.service_token),
    )
    return application(settings, service)
