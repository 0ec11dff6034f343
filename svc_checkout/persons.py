"""What the checkout service keeps about a person: told to the user service, and forgotten."""

import msgspec

from contracts import persons
from mallkit.endpoint import Caller
from mallkit.steps import Write
from mallkit.web import serves
from svc_checkout.domain import checkout as rules
from svc_checkout.domain.coupon import by_user
from svc_checkout.ports import Ports

FORGOTTEN = Write("checkout.forgotten")


@serves(persons.export)
async def export(wish: persons.PersonOf, _: Caller, ports: Ports) -> persons.Kept:
    """Every checkout as it is kept, and how often each of their coupons may still be used, where that is counted by user."""
    checkouts = [found async for found in ports.checkouts.of_user(wish.user_id)]
    codes = sorted({found.coupon for found in checkouts} - {""})
    uses = await ports.coupons.uses([by_user(code, wish.user_id) for code in codes])
    return persons.Kept(data={"checkouts": msgspec.to_builtins(checkouts), "coupon_uses": msgspec.to_builtins(uses)})


@serves(persons.forget)
async def forget(wish: persons.PersonOf, _: Caller, ports: Ports) -> persons.Forgotten:
    """Buyer and destination of every checkout that is final; one that still runs needs both."""
    done = True
    async for found in ports.checkouts.of_user(wish.user_id):
        done = done and found.final
        if found.final and rules.forgotten(found) is not found:
            with FORGOTTEN.writing():
                await ports.checkouts.change(found.id, rules.forgotten)
    return persons.Forgotten(done=done)
