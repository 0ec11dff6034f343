"""What the auth service does for each wish."""

import hmac

from contracts.auth import Login, Register, ServiceLogin, WrongCredentials
from mallkit.endpoint import Caller, Role
from mallkit.errors import Missing, Unauthenticated
from mallkit.ids import new_id
from mallkit.steps import Write
from svc_auth import domain
from svc_auth.domain import Account, Bearer, Reused, Session
from svc_auth.ports import Ports

MOST_OF_AN_ADDRESS = 64
"""Characters of a network address that tell two apart."""
OPENED, STARTED, ROTATED = Write("auth.account-opened"), Write("auth.session-started"), Write("auth.session-rotated")
CLOSED, SESSIONS_ENDED = Write("auth.account-closed"), Write("auth.sessions-ended")


async def register(wish: Register, address: str, ports: Ports) -> str:
    """The new account's id. Raises EmailTaken, TooManyTries."""
    now = _count_try(address, ports)
    hashed = await ports.passwords.hash(wish.password)
    account = Account(new_id(), wish.email, wish.name, Role.CUSTOMER, hashed, now)
    with OPENED.writing():
        await ports.accounts.open(account)
    return account.id


async def login(wish: Login, address: str, ports: Ports) -> tuple[Account, Session]:
    """A new session. Raises WrongCredentials and TooManyTries, the same for an address that nobody has."""
    now = _count_try(address, ports)
    who = domain.fold(wish.email)
    account = await ports.accounts.at(wish.email)
    ports.wrong_passwords.check(who, now)
    right = await ports.passwords.match(account.password_hash if account else None, wish.password)
    # Once more: of many guesses sent at once, those that are checked after the limit must tell nothing.
    ports.wrong_passwords.check(who, now)
    if account is None or not right:
        ports.wrong_passwords.note(who, now)
        raise WrongCredentials
    session = domain.start(new_id(), account.id, now, ports.lives)
    with STARTED.writing():
        await ports.sessions.start(session)
    return account, session


async def refresh(token: str, address: str, ports: Ports) -> tuple[Account, Session]:
    """The session with its next refresh token. Raises Unauthenticated; reuse ends the session for whoever holds it."""
    now = _count_try(address, ports)
    session_id, counter = domain.read_refresh_token(ports.refresh_key, token)
    try:
        with ROTATED.writing():
            session = await ports.sessions.rotate(session_id, counter, now)
    except Reused:
        await ports.sessions.end(session_id, now)
        raise Unauthenticated from None
    try:
        return await ports.accounts.get(session.user_id), session
    except Missing:  # closed at this moment
        raise Unauthenticated from None


async def logout(caller: Caller, token: str | None, ports: Ports) -> None:
    """Ends the caller's session, and that of the refresh token if it is the caller's too; any other token changes nothing, untold."""
    now = ports.clock()
    # A store that was set back may not know the session: its tokens die all the same.
    unknown = Session(caller.session, caller.subject, access_ends=caller.expires, refresh_ends=caller.expires)
    await ports.sessions.end(caller.session, now, unknown)
    if token is None:
        return
    try:
        session_id, _ = domain.read_refresh_token(ports.refresh_key, token)
    except Unauthenticated:
        return
    if await ports.sessions.owner(session_id) == caller.subject:
        await ports.sessions.end(session_id, now)


async def close_account(user_id: str, ports: Ports) -> None:
    """The credentials first: then no new session can start, and all that are there are ended. May be repeated."""
    with CLOSED.writing():
        await ports.accounts.close(user_id)
    with SESSIONS_ENDED.writing():
        await ports.sessions.end_all(user_id, ports.clock())


def service_token(wish: ServiceLogin, ports: Ports) -> str:
    """Raises WrongCredentials."""
    secret = ports.clients.get(wish.service, "")
    if not hmac.compare_digest(secret.encode(), wish.secret.encode()) or not secret:
        raise WrongCredentials
    return ports.keys.sign(domain.service_bearer(wish.service), ports.clock())


def access_token(account: Account, session: Session, ports: Ports) -> str:
    """Signed anew on every answer."""
    return ports.keys.sign(Bearer(account.id, session.id, account.role), session.access_ends - ports.lives.access)


def _count_try(address: str, ports: Ports) -> float:
    """The time of this try. Raises TooManyTries."""
    now, who = ports.clock(), address[:MOST_OF_AN_ADDRESS]
    ports.from_address.check(who, now)
    ports.from_address.note(who, now)
    return now
