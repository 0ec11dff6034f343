"""What the user service does for each wish."""

import structlog
from msgspec import UNSET

from contracts import auth
from contracts.user import Patch
from mallkit.errors import ShopError
from mallkit.steps import Call, Write
from mallkit.times import rfc3339
from svc_user import domain
from svc_user.domain import Profile
from svc_user.ports import Ports

log = structlog.get_logger()

CLOSE_ACCOUNT = Call("user.close-account")
MADE, CHANGED, BURIED, CONFIRMED = Write("user.made"), Write("user.changed"), Write("user.buried"), Write("user.confirmed")


async def profile_of(user_id: str, ports: Ports) -> Profile:
    """Made from auth's account on the first look. Raises Missing for an account that is closed or unknown."""
    profile = await ports.profiles.get(user_id)
    if profile is None:
        account = await ports.auth(auth.account, auth.AccountOf(user_id=user_id))
        made = Profile(user_id, account.email, account.name, created_at=account.created_at, updated_at=account.created_at)
        with MADE.writing():
            profile = await ports.profiles.make(made)
    return domain.present(profile)


async def change_profile(user_id: str, wish: Patch, ports: Ports) -> Profile:
    """Only the fields that were sent. Raises Missing."""
    await profile_of(user_id, ports)
    wanted = {name: value for name in wish.__struct_fields__ if (value := getattr(wish, name)) is not UNSET}
    now = rfc3339(ports.clock())
    with CHANGED.writing():
        return await ports.profiles.change(user_id, lambda profile: domain.change(profile, wanted, now))


async def delete_profile(user_id: str, ports: Ports) -> None:
    """The tombstone is what counts: when auth is away, the job closes the account later."""
    with BURIED.writing():
        tombstone = await ports.profiles.bury(user_id)
    if tombstone.closing:
        await _close(user_id, ports)


async def close_accounts(ports: Ports) -> None:
    """What a process that died, or an auth that was away, left open."""
    for tombstone in await ports.profiles.closing():
        await _close(tombstone.id, ports)


async def _close(user_id: str, ports: Ports) -> None:
    try:
        await CLOSE_ACCOUNT.taking(ports.auth(auth.close_account, auth.AccountOf(user_id=user_id), seconds=2))
    except ShopError as refusal:  # the tombstone keeps the debt
        log.warning("account.close.failed", user_id=user_id, reason=refusal.slug)
        return
    with CONFIRMED.writing():
        await ports.profiles.confirm(user_id)
