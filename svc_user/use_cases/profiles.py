"""The profile of whoever is signed in."""

from msgspec import UNSET

from contracts import auth
from contracts.user import Patch
from mallkit.steps import Write
from mallkit.times import rfc3339
from svc_user import domain
from svc_user.domain import Profile
from svc_user.ports import Ports

MADE, CHANGED = Write("user.made"), Write("user.changed")


def of_account(account: auth.Account) -> Profile:
    """What a profile is before its owner says more."""
    return Profile(account.user_id, account.email, account.name, created_at=account.created_at, updated_at=account.created_at)


async def profile_of(user_id: str, ports: Ports) -> Profile:
    """Made from auth's account on the first look. Raises Missing for an account that is closed or unknown."""
    profile = await ports.profiles.get(user_id)
    if profile is None:
        made = of_account(await ports.auth(auth.account, auth.AccountOf(user_id=user_id)))
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
