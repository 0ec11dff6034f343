"""What the auth service keeps about a person: told to the user service, and forgotten."""

from dataclasses import asdict

from contracts import persons
from mallkit.endpoint import Caller
from mallkit.errors import Missing
from mallkit.web import serves
from svc_auth import use_cases
from svc_auth.ports import Ports


@serves(persons.export)
async def export(wish: persons.PersonOf, _: Caller, ports: Ports) -> persons.Kept:
    """The account, without what proves who its owner is, and the sessions."""
    try:
        account = asdict(await ports.accounts.get(wish.user_id))
    except Missing:
        account = {}
    account.pop("password_hash", None)
    sessions = [asdict(session) for session in await ports.sessions.of_user(wish.user_id)]
    return persons.Kept(data={"account": account, "sessions": sessions})


@serves(persons.forget)
async def forget(wish: persons.PersonOf, _: Caller, ports: Ports) -> persons.Forgotten:
    """The account is closed and its sessions are ended; what is kept of those, until nobody holds a token any more, is no more than ids."""
    await use_cases.close_account(wish.user_id, ports)
    return persons.Forgotten(done=True)
