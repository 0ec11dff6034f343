"""One right request for every call about persons and their addresses."""

from tests.journeys.ask import Ask, Asker, Make
from tests.journeys.people import ADDRESS
from tests.journeys.world import World

MINE = "/api/v1/users/me/addresses"


def _plain(_: World, __: Asker, path: str) -> Ask:
    return Ask(path)


def _shopper(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{user_id}", world.shopper.user_id))


def _new_address(_: World, __: Asker, path: str) -> Ask:
    return Ask(path, ADDRESS | {"label": "Home"})


def _change_address(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{address_id}", world.address), ADDRESS | {"label": "Work"})


def _remove_address(world: World, who: Asker, path: str) -> Ask:
    return Ask(path.replace("{address_id}", world.new_address() if who.role == "owner" else world.address))


RIGHT: dict[tuple[str, str], Make] = {
    ("GET", "/api/v1/users/me/export"): _plain,
    ("GET", "/api/v1/users"): _plain,
    ("GET", "/api/v1/users/{user_id}"): _shopper,
    ("GET", "/api/v1/users/{user_id}/export"): _shopper,
    ("GET", MINE): _plain,
    ("POST", MINE): _new_address,
    ("PUT", f"{MINE}/{{address_id}}"): _change_address,
    ("DELETE", f"{MINE}/{{address_id}}"): _remove_address,
}
"""Method and path template → the request."""
