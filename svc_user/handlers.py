"""The user service's endpoints."""

from contracts import user
from mallkit.endpoint import Caller, Done, Nothing
from mallkit.web import serves
from svc_user import views
from svc_user.ports import Ports
from svc_user.use_cases import addresses as keeping
from svc_user.use_cases import leaving, people, profiles


@serves(user.me)
async def me(_wish: Nothing, caller: Caller, ports: Ports) -> user.Profile:
    """GET /api/v1/users/me."""
    return views.profile(await profiles.profile_of(caller.subject, ports))


@serves(user.change_me)
async def change_me(wish: user.Patch, caller: Caller, ports: Ports) -> user.Profile:
    """PATCH /api/v1/users/me."""
    return views.profile(await profiles.change_profile(caller.subject, wish, ports))


@serves(user.addresses)
async def addresses(_wish: Nothing, caller: Caller, ports: Ports) -> user.Addresses:
    """GET /api/v1/users/me/addresses."""
    return views.addresses(await profiles.profile_of(caller.subject, ports))


@serves(user.add_address)
async def add_address(wish: user.NewAddress, caller: Caller, ports: Ports) -> user.AddressView:
    """POST /api/v1/users/me/addresses."""
    return views.address(*await keeping.add_address(wish, caller, ports))


@serves(user.change_address)
async def change_address(wish: user.ChangedAddress, caller: Caller, ports: Ports) -> user.AddressView:
    """PUT /api/v1/users/me/addresses/{address_id}."""
    return views.address(*await keeping.change_address(wish, caller, ports))


@serves(user.remove_address)
async def remove_address(wish: user.AddressOf, caller: Caller, ports: Ports) -> Done:
    """DELETE /api/v1/users/me/addresses/{address_id}."""
    await keeping.remove_address(wish.address_id, caller, ports)
    return Done()


@serves(user.default_address)
async def default_address(wish: user.DefaultOf, _caller: Caller, ports: Ports) -> user.DefaultAddress:
    """GET /internal/users/{user_id}/default-address."""
    return user.DefaultAddress(address=views.sent(await keeping.default_address(wish.user_id, ports)))


@serves(user.delete_me)
async def delete_me(_wish: Nothing, caller: Caller, ports: Ports) -> Done:
    """DELETE /api/v1/users/me."""
    await leaving.leave(caller.subject, ports)
    return Done()


@serves(user.export_me)
async def export_me(_wish: Nothing, caller: Caller, ports: Ports) -> user.Export:
    """GET /api/v1/users/me/export."""
    return await people.export_own(caller.subject, ports)


@serves(user.users)
async def users(wish: user.UsersOf, _caller: Caller, ports: Ports) -> user.UserPage:
    """GET /api/v1/users."""
    return views.page(*await people.page(wish, ports))


@serves(user.user)
async def one_user(wish: user.UserOf, _caller: Caller, ports: Ports) -> user.UserView:
    """GET /api/v1/users/{user_id}."""
    return views.person(*await people.person(wish.user_id, ports))


@serves(user.export_user)
async def export_user(wish: user.UserOf, _caller: Caller, ports: Ports) -> user.Export:
    """GET /api/v1/users/{user_id}/export."""
    return await people.export(wish.user_id, ports)
