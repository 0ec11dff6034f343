"""What the cart service keeps about a person: told to the user service, and forgotten."""

import msgspec

from contracts import persons
from mallkit.endpoint import Caller
from mallkit.steps import Write
from mallkit.web import serves
from svc_cart.domain import cart as rules
from svc_cart.ports import Ports

FORGOTTEN = Write("cart.forgotten")


@serves(persons.export)
async def export(wish: persons.PersonOf, _: Caller, ports: Ports) -> persons.Kept:
    """The cart as it is kept, and the guest carts that were merged into it."""
    kept = {"cart": await ports.carts.of(wish.user_id).seen(), "guest_carts": await ports.guests.of_user(wish.user_id)}
    return persons.Kept(data=msgspec.to_builtins(kept))


@serves(persons.forget)
async def forget(wish: persons.PersonOf, _: Caller, ports: Ports) -> persons.Forgotten:
    """At once, but for the lines that a running checkout has sealed."""
    with FORGOTTEN.writing():
        left = await ports.carts.of(wish.user_id).change(rules.forget)
    await ports.guests.forget(wish.user_id)
    return persons.Forgotten(done=left.sealed is None)
