"""What the order service keeps about a person: told to the user service, and forgotten."""

import msgspec

from contracts import persons
from mallkit.endpoint import Caller
from mallkit.web import serves
from svc_order import domain
from svc_order.ports import Ports


@serves(persons.export)
async def export(wish: persons.PersonOf, _: Caller, ports: Ports) -> persons.Kept:
    """Every order as it is kept."""
    return persons.Kept(data={"orders": [msgspec.to_builtins(found) async for found in ports.orders.each_of_user(wish.user_id)]})


@serves(persons.forget)
async def forget(wish: persons.PersonOf, _: Caller, ports: Ports) -> persons.Forgotten:
    """The buyer of every order that is over; the others still need to know whom they go to."""
    done = True
    async for found in ports.orders.each_of_user(wish.user_id):
        done = done and found.over
        if domain.forget(found) is not found:
            await ports.orders.change(found.id, domain.forget)
    return persons.Forgotten(done=done)
