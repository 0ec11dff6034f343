"""What the auth service does for each wish."""

import hmac

from msgspec import UNSET

from contracts.auth import AccountsOf, Login, Register, ServiceLogin, WrongCredentials
from contracts.auth_sessions import ChangePassword, GiveRole
from mallkit.background import side_by_side
from mallkit.endpoint import Caller, Role
from mallkit.errors import Missing, Unauthenticated
from mallkit.ids import new_id
from mallkit.steps import Write
from mallkit.store import Page
from svc_auth import addresses, domain
from svc_auth.domain import Account, Bearer, Reused, Session
from svc_auth.ports import Ports

OPENED, STARTED, ROTATED = Write("auth.account-opened"), Write("auth.session-started"), Write("auth.session-rotated")
CLOSED, SESSIONS_ENDED = Write("auth.account-closed"), Write("auth.sessions-ended")
PASSWORD_CHANGED, ROLE_GIVEN, SETTLED = Write("auth.password-changed"), Write("auth.role-given"), Write("auth.account-settled")


async def register(wish: Register, address: str, ports: Ports) -> str:
    """The new account's id. Raises EmailTaken, TooManyTries."""
    now = _count_try(address, ports)
    hashed = await ports.passwords.hash(wish.password)
    user_id = new_id()
    account = Account(user_id, wish.email, wish.name, Role.CUSTOMER, hashed, now, known=(_mark(user_id, address, ports),))
    with OPENED.writing():
        await ports.accounts.open(account)
    return account.id


async def login(wish: Login, address: str, ports: Ports) -> tuple[Account, Session]:
    """A new session. Raises WrongCredentials and TooManyTries, the same for an address that nobody has.

    Wrong passwords from an address that the account was entered from before count apart: whoever guesses from elsewhere does not lock
    the owner out.
    """
    now = _count_try(address, ports)
    account = await ports.accounts.at(wish.email)
    mark = _mark(account.id if account else "", address, ports)
    is_known = account is not None and mark in account.known
    await _match(account, wish.password, mark if is_known else domain.fold(wish.email), now, ports)
    if account is None:
        raise WrongCredentials
    session = domain.start(new_id(), account.id, now, ports.lives, addresses.network(address))
    with STARTED.writing():
        entered = await ports.sessions.start(session, lambda found: domain.enter(found, account.password_hash, mark))
    if wish.cart_token is not UNSET:
        ports.guest_carts.hand_over(wish.cart_token, account.id)
    return entered


async def _match(account: Account | None, password: str, who: str, now: float, ports: Ports) -> None:
    """Raises WrongCredentials, counted for `who`, and TooManyTries."""
    ports.wrong_passwords.check(who, now)
    right = await ports.passwords.match(account.password_hash if account else None, password)
    # Once more: of many guesses sent at once, those that are checked after the limit must tell nothing.
    ports.wrong_passwords.check(who, now)
    if account is None or not right:
        ports.wrong_passwords.note(who, now)
        raise WrongCredentials


async def change_password(wish: ChangePassword, caller: Caller, ports: Ports) -> None:
    """Ends every other session. Raises WrongCredentials, TooManyTries.

    Guesses count for the session: who holds one of a person's sessions cannot keep that person from the change in another one.
    """
    now = _count_try(caller.address, ports)
    account = await _own_account(caller, ports)
    await _match(account, wish.old_password, f"session {caller.session}", now, ports)
    hashed = await ports.passwords.hash(wish.new_password)
    mark = _mark(account.id, caller.address, ports)

    def rule(found: Account) -> Account:
        return domain.change_password(found, account.password_hash, hashed, mark)

    with PASSWORD_CHANGED.writing():
        changed = await ports.accounts.change_password(account.id, rule, caller.session, now)
    await _end_older(changed, ports)


async def give_role(wish: GiveRole, ports: Ports) -> Account:
    """Ends the account's sessions if the role is another one. Raises Missing, LastAdmin."""
    with ROLE_GIVEN.writing():
        account = await ports.accounts.give_role(wish.user_id, Role(wish.role))
    await _end_older(account, ports)
    return account


async def end_owed(ports: Ports) -> None:
    """A job: what a process left that died between a change and the ending of sessions."""
    await side_by_side(_end_older(account, ports) for account in await ports.accounts.owing())


async def _end_older(account: Account, ports: Ports) -> None:
    """The account itself owes it until it is done."""
    if not account.owes_ending:
        return
    with SESSIONS_ENDED.writing():
        await ports.sessions.end_all(account.id, ports.clock(), lambda session: session.generation < account.generation)
    with SETTLED.writing():
        await ports.accounts.settled(account)


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
        account = await ports.accounts.get(session.user_id)
    except Missing:  # closed at this moment
        raise Unauthenticated from None
    if session.generation < account.generation:  # about to be ended
        raise Unauthenticated
    return account, session


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
        await ports.sessions.end_all(user_id, ports.clock(), lambda _: True)


async def end_sessions(caller: Caller, ports: Ports, *, others: bool) -> None:
    """All of the caller's that have begun."""
    now = ports.clock()
    await ports.sessions.end_all(caller.subject, now, lambda session: session.id != caller.session)
    if not others:
        await logout(caller, None, ports)


async def accounts(wish: AccountsOf, ports: Ports) -> Page[Account]:
    """A page for operators, newest first."""
    where: dict[str, str] = {}
    if wish.email is not UNSET:
        where["address"] = domain.fold(wish.email)
    if wish.role is not UNSET:
        where["role"] = wish.role
    return await ports.accounts.page(where, None if wish.after is UNSET else wish.after, wish.limit)


def service_token(wish: ServiceLogin, ports: Ports) -> str:
    """Raises WrongCredentials."""
    secret = ports.clients.get(wish.service, "")
    if not hmac.compare_digest(secret.encode(), wish.secret.encode()) or not secret:
        raise WrongCredentials
    return ports.keys.sign(domain.service_bearer(wish.service), ports.clock())


def access_token(account: Account, session: Session, ports: Ports) -> str:
    """Signed anew on every answer."""
    return ports.keys.sign(Bearer(account.id, session.id, account.role), session.access_ends - ports.lives.access)


async def _own_account(caller: Caller, ports: Ports) -> Account:
    try:
        return await ports.accounts.get(caller.subject)
    except Missing:  # closed, or never there
        raise Unauthenticated from None


def _mark(account_id: str, address: str, ports: Ports) -> str:
    return addresses.mark(ports.address_key, account_id, address)


def _count_try(address: str, ports: Ports) -> float:
    """The time of this try. Raises TooManyTries."""
    now, who = ports.clock(), addresses.origin(address)
    ports.from_address.check(who, now)
    ports.from_address.note(who, now)
    return now
