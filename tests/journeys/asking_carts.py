"""One right request for each public call about saved lines and guests' carts."""

from tests.journeys.ask import Ask, Asker, Make
from tests.journeys.world import World

BUYERS = frozenset({"owner", "other", "operator", "admin"})
"""Who has a cart."""


def fill_cart(world: World, who: Asker) -> None:
    if who.role in BUYERS:
        world.fill_cart(who.token)


def save(world: World, who: Asker, path: str) -> Ask:
    fill_cart(world, who)
    return Ask(path.replace("{product_id}", world.product), {})


def restore(world: World, who: Asker, path: str) -> Ask:
    ask = save(world, who, path)
    if who.role in BUYERS:
        world.ask("POST", f"/api/v1/cart/items/{world.product}/save", None, who.token)
    return ask


def remove_saved(world: World, who: Asker, path: str) -> Ask:
    return Ask(restore(world, who, path).path)


def begin_guest(_: World, __: Asker, path: str) -> Ask:
    return Ask(path, {})


def merge(world: World, _: Asker, path: str) -> Ask:
    return Ask(path, {"cart_token": world.guest()})


def guest(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{product_id}", world.product), headers={"Cart-Token": world.guest()})


def guest_adds(world: World, _: Asker, path: str) -> Ask:
    return Ask(path, {"product_id": world.product, "quantity": 1}, {"Cart-Token": world.guest()})


def guest_sets(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{product_id}", world.product), {"quantity": 2}, {"Cart-Token": world.guest()})


RIGHT: dict[tuple[str, str], Make] = {
    ("POST", "/api/v1/cart/items/{product_id}/save"): save,
    ("POST", "/api/v1/cart/saved/{product_id}/restore"): restore,
    ("DELETE", "/api/v1/cart/saved/{product_id}"): remove_saved,
    ("POST", "/api/v1/cart/merge"): merge,
    ("POST", "/api/v1/guest-carts"): begin_guest,
    ("GET", "/api/v1/guest-cart"): guest,
    ("DELETE", "/api/v1/guest-cart"): guest,
    ("POST", "/api/v1/guest-cart/items"): guest_adds,
    ("PUT", "/api/v1/guest-cart/items/{product_id}"): guest_sets,
    ("DELETE", "/api/v1/guest-cart/items/{product_id}"): guest,
}
"""Method and path template → the request."""
