"""Where the user service's ports meet their adapters."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from aiohttp import web

import contracts.user
from contracts import auth
from mallkit.idempotency import ANSWERS, Idempotency
from mallkit.issuer import IssuerEndpoints
from mallkit.service import Service, Shell, Wired, application
from svc_user import handlers
from svc_user.domain import KEEPERS
from svc_user.keepers import Elsewhere, Here
from svc_user.ports import Ports
from svc_user.repository import PROFILES, StoredProfiles
from svc_user.settings import Settings
from svc_user.use_cases import leaving

NAME = "user"


def build_app(settings: Settings) -> web.Application:
    """The user service, not started yet."""

    @asynccontextmanager
    async def wire(shell: Shell) -> AsyncIterator[Wired]:
        profiles = StoredProfiles(shell.store)
        here = Here(profiles, Idempotency(shell.store[ANSWERS]).forget)
        ports = Ports(
            profiles=profiles,
            auth=shell.calls.to("auth"),
            keepers={name: here if name == NAME else Elsewhere(shell.calls.to(name)) for name in KEEPERS},
            straggling=settings.straggling_seconds,
            clock=time.time,
        )
        forget = shell.leases.job(settings.closing_seconds, partial(leaving.forget_all, ports), "persons.forget")
        yield Wired(ports=ports, jobs=(forget,))

    service = Service(
        name=NAME,
        title="Profiles",
        contract=contracts.user,
        handlers=(handlers,),
        kinds=(PROFILES,),
        wire=wire,
        neighbours=tuple(name for name in KEEPERS if name != NAME),
        tokens=IssuerEndpoints(jwks=auth.jwks, revocations=auth.revocations, service_token=auth.service_token),
    )
    return application(settings, service)
