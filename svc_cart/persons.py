"""What the cart service keeps about a person: told to the user service, and forgotten."""

import msgspec

from contracts import persons
from mallkit.endpoint import Caller
from mallkit.web import serves
from svc_cart import domain
from svc_cart.ports import Ports


@serves(persons.export)
async def export(wish: persons.PersonOf, _: Caller, ports: Ports) -> persons.Kept:
    """The cart as it is kept."""
    return persons.Kept(data={"cart": msgspec.to_builtins(await ports.carts.of(wish.user_id))})


@serves(persons.forget)
async def forget(wish: persons.PersonOf, _: Caller, ports: Ports) -> persons.Forgotten:
    """At once, but for the lines that a running checkout has sealed."""
    left = await ports.carts.change(wish.user_id, domain.forget)
    return persons.Forgotten(done=left.sealed is None)
