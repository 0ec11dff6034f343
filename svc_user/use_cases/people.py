"""Who has an account, for operators; and all that the mall keeps about a person, for operators and for that person."""

import asyncio

from contracts import auth
from contracts.user import Export, UsersOf
from mallkit.errors import Missing
from mallkit.times import rfc3339
from svc_user.domain import Profile
from svc_user.ports import Ports
from svc_user.use_cases.profiles import of_account


async def page(wish: UsersOf, ports: Ports) -> tuple[list[tuple[auth.Account, Profile]], str | None]:
    """Accounts as auth lists them, with their profiles; whoever has just left is left out. And where the list goes on."""
    asked = auth.AccountsOf(after=wish.after, limit=wish.limit, email=wish.email, role=wish.role)
    listed = await ports.auth(auth.accounts, asked)
    kept = await ports.profiles.of([account.user_id for account in listed.items])
    people = [(account, kept.get(account.user_id) or of_account(account)) for account in listed.items]
    return [(account, profile) for account, profile in people if not profile.gone], listed.next


async def person(user_id: str, ports: Ports) -> tuple[str, Profile]:
    """Role and profile, or the tombstone. Nothing is written: looking at somebody makes no profile. Raises Missing."""
    profile = await ports.profiles.get(user_id)
    if profile is not None and profile.gone:
        return "", profile
    account = await ports.auth(auth.account, auth.AccountOf(user_id=user_id))
    return account.role, profile or of_account(account)


async def export(user_id: str, ports: Ports) -> Export:
    """From every service, whole or not at all. Raises Missing for somebody who was never here, and Unavailable."""
    await person(user_id, ports)
    told = await asyncio.gather(*(keeper.export(user_id) for keeper in ports.keepers.values()))
    return Export(user_id=user_id, exported_at=rfc3339(ports.clock()), services=dict(zip(ports.keepers, told, strict=True)))


async def export_own(user_id: str, ports: Ports) -> Export:
    """As `export`. Raises Missing for somebody who has left."""
    profile = await ports.profiles.get(user_id)
    if profile is not None and profile.gone:
        raise Missing
    return await export(user_id, ports)
