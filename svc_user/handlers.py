"""The user service's endpoints."""

from contracts import user
from mallkit.endpoint import Caller, Done, Nothing
from mallkit.web import serves
from svc_user import use_cases, views
from svc_user.ports import Ports


@serves(user.me)
async def me(_wish: Nothing, caller: Caller, ports: Ports) -> user.Profile:
    """GET /api/v1/users/me."""
    return views.profile(await use_cases.profile_of(caller.subject, ports))


@serves(user.change_me)
async def change_me(wish: user.Patch, caller: Caller, ports: Ports) -> user.Profile:
    """PATCH /api/v1/users/me."""
    return views.profile(await use_cases.change_profile(caller.subject, wish, ports))


@serves(user.delete_me)
async def delete_me(_wish: Nothing, caller: Caller, ports: Ports) -> Done:
    """DELETE /api/v1/users/me."""
    await use_cases.delete_profile(caller.subject, ports)
    return Done()
