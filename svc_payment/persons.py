"""What the payment service keeps about a person: told to the user service, and forgotten."""

import msgspec

from contracts import persons
from mallkit.endpoint import Caller
from mallkit.steps import Write
from mallkit.times import NEVER
from mallkit.web import serves
from svc_payment.domain import account as rules
from svc_payment.ports import Ports

FORGOTTEN = Write("payment.forgotten")


@serves(persons.export)
async def export(wish: persons.PersonOf, _: Caller, ports: Ports) -> persons.Kept:
    """The account of every order as it is kept."""
    return persons.Kept(data={"accounts": [msgspec.to_builtins(found) async for found in ports.accounts.of_user(wish.user_id)]})


@serves(persons.forget)
async def forget(wish: persons.PersonOf, _: Caller, ports: Ports) -> persons.Forgotten:
    """Cards and reasons in every account whose money has come to rest."""
    done = True
    async for found in ports.accounts.of_user(wish.user_id):
        done = done and found.due == NEVER
        if rules.forget(found) is not found:
            with FORGOTTEN.writing():
                await ports.accounts.change(found.id, rules.forget)
    return persons.Forgotten(done=done)
