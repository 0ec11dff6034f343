"""The words of the schemathesis run for calls about persons and addresses; `openapi_hooks` has all others, and the hooks themselves."""

from typing import Any

from schemathesis import Case

from tests.journeys.openapi_fills import both, path
from tests.journeys.openapi_hooks import ALWAYS, WORDS, _key, world
from tests.journeys.people import ADDRESS


def _room(_: Case[Any]) -> None:
    """Nobody keeps more than fifty addresses, and the run adds more."""
    kept = world.ask("GET", "/api/v1/users/me/addresses", None, world.browser.token)["items"]
    for address in kept[:-5]:
        world.ask("DELETE", f"/api/v1/users/me/addresses/{address['address_id']}", None, world.browser.token)


def _own_address(case: Case[Any]) -> None:
    if isinstance(case.body, dict):
        case.body = {**case.body, **ADDRESS}


def _users_query(case: Case[Any]) -> None:
    if "after" in case.query:
        case.query = {"after": world.ask("GET", "/api/v1/users?limit=1", None, world.operator)["next"]}


_new_address = path(address_id=lambda: world.new_address(world.browser.token))
_shopper = path(user_id=lambda: world.shopper.user_id)
# A cursor is what a list gave, and a country is one.
ALWAYS |= {
    "user.users": _users_query,
    "user.add_address": both(_room, _own_address),
    "user.change_address": _own_address,
}
WORDS |= {
    "user.user": _shopper,
    "user.export_user": _shopper,
    "user.add_address": _key,
    "user.change_address": both(_new_address, _room),
    "user.remove_address": _new_address,
}
