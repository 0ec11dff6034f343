"""What the order service keeps about a person: told to the user service, and forgotten."""

from dataclasses import replace

import msgspec

from contracts import persons
from mallkit.endpoint import Caller
from mallkit.steps import Write
from mallkit.web import serves
from svc_order.domain import placing
from svc_order.domain.timeline import without_staff
from svc_order.ports import Ports

FORGOTTEN = Write("order.forgotten")


@serves(persons.export)
async def export(wish: persons.PersonOf, _: Caller, ports: Ports) -> persons.Kept:
    """Every order as it is kept; whoever else had a hand in it is not named."""
    orders = [
        msgspec.to_builtins(replace(found, timeline=without_staff(found.timeline)))
        async for found in ports.orders.each_of_user(wish.user_id)
    ]
    return persons.Kept(data={"orders": orders})


@serves(persons.forget)
async def forget(wish: persons.PersonOf, _: Caller, ports: Ports) -> persons.Forgotten:
    """The buyer of every order that is over; the others still need to know whom they go to."""
    done = True
    async for found in ports.orders.each_of_user(wish.user_id):
        done = done and found.over
        if placing.forget(found) is not found:
            with FORGOTTEN.writing():
                await ports.orders.change(found.id, placing.forget)
    return persons.Forgotten(done=done)
