"""Accounts, sessions and their refresh tokens. Pure: no clock, no I/O, no framework. Times are seconds since 1970."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace

from contracts.auth import WrongCredentials
from contracts.auth_sessions import LastAdmin
from mallkit.endpoint import Role
from mallkit.errors import Missing, Unauthenticated

CLOCKS_APART = 60.0
"""Seconds by which another copy's clock may be behind: an entry of the feed is kept so much longer."""
KNOWN_ADDRESSES = 8
"""Addresses that an account remembers having been entered from; the one that was used least lately is forgotten."""


class Reused(Exception):
    """A refresh token came back that only somebody who kept a copy can have: the whole family is worth nothing."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can log in. `email` is as typed; `address` is what makes it unique."""

    id: str
    email: str
    name: str
    role: Role
    password_hash: str
    created_at: float
    known: tuple[str, ...] = ()
    """Marks of the network addresses that it was entered from, the latest first."""
    generation: int = 0
    """One more with each change that ends the sessions begun before it: another password, another role."""
    owes_ending: bool = False
    """Sessions of an earlier generation may live still."""

    @property
    def address(self) -> str:
        """The e-mail address without regard to case."""
        return fold(self.email)


def fold(email: str) -> str:
    """What two spellings of one e-mail address have in common."""
    return email.casefold()


def enter(account: Account, password_hash: str, mark: str) -> Account:
    """The account once somebody came in with the password whose hash that is. Raises WrongCredentials if it has another one by now."""
    if account.password_hash != password_hash:
        raise WrongCredentials
    if account.known[:1] == (mark,):
        return account
    return replace(account, known=(mark, *(each for each in account.known if each != mark))[:KNOWN_ADDRESSES])


def change_password(account: Account, old_hash: str, new_hash: str, mark: str) -> Account:
    """Whoever knew the old password knows nothing now: of the addresses only the one where it was changed stays known."""
    if account.password_hash != old_hash:
        raise WrongCredentials
    return replace(account, password_hash=new_hash, known=(mark,), generation=account.generation + 1, owes_ending=True)


def give_role(account: Account, role: Role) -> Account:
    """With the role that it has nothing changes, and no session ends."""
    return account if account.role is role else replace(account, role=role, generation=account.generation + 1, owes_ending=True)


def settled(account: Account, generation: int) -> Account:
    """The account once no session older than `generation` lives; a later change owes its own ending."""
    return replace(account, owes_ending=False) if account.owes_ending and account.generation == generation else account


@dataclass(frozen=True, slots=True)
class Admins:
    """Who the admins are: one document, so that of two who give up the role at once one is the last."""

    id: str
    ids: tuple[str, ...] = ()

    def with_role(self, user_id: str, role: Role) -> "Admins":
        """Raises LastAdmin when nobody would be left."""
        if role is Role.ADMIN:
            return self if user_id in self.ids else replace(self, ids=(*self.ids, user_id))
        if self.ids == (user_id,):
            raise LastAdmin
        return self.without(user_id)

    def without(self, user_id: str) -> "Admins":
        """Who closes the account goes, the last one too: nobody is kept against their will."""
        return replace(self, ids=tuple(each for each in self.ids if each != user_id)) if user_id in self.ids else self


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom an access token speaks for."""

    subject: str
    session: str
    role: Role


def service_bearer(service: str) -> Bearer:
    """A service, as its tokens name it; its session is never revoked."""
    return Bearer(service, f"service-{service}", Role.SERVICE)


@dataclass(frozen=True, slots=True)
class Lives:
    """How long tokens live, in seconds; `grace` is how long the last used refresh token may be repeated."""

    access: float
    refresh: float
    grace: float


@dataclass(frozen=True, slots=True)
class Session:
    """A family of refresh tokens, of which only the newest one's `counter` is known; its id is the access tokens' `sid`."""

    id: str
    user_id: str
    access_ends: float
    """When the last access token of this session ends."""
    refresh_ends: float
    counter: int = 1
    rotated_at: float = 0.0
    place: int = 0
    """Of its revocation in the feed; 0 while the session lives."""
    began: float = 0.0
    network: str = ""
    """Of the address that it began from."""
    generation: int = 0
    """The account's, when it began; a session of an earlier one is to end."""

    @property
    def ended(self) -> bool:
        """Whether its tokens are worth nothing any more."""
        return self.place > 0

    @property
    def forget_at(self) -> float:
        """When nobody needs to know of this session any more."""
        return (self.access_ends if self.ended else max(self.access_ends, self.refresh_ends)) + CLOCKS_APART


def start(session_id: str, user_id: str, now: float, lives: Lives, network: str = "") -> Session:
    """A session as login makes it."""
    return Session(session_id, user_id, now + lives.access, now + lives.refresh, began=now, network=network)


def living(session: Session, now: float) -> Session:
    """The session. Raises Unauthenticated if it is over."""
    if session.ended or session.refresh_ends <= now:
        raise Unauthenticated
    return session


def rotate(session: Session, counter: int, now: float, lives: Lives) -> Session:
    """The session once the refresh token `counter` was used: `counter` of the result is its successor's.

    Repeating the last used one within the grace leads to the same successor. Raises Reused, and Unauthenticated for a session that is over.
    """
    living(session, now)
    if counter == session.counter:
        return replace(session, counter=counter + 1, rotated_at=now, access_ends=now + lives.access, refresh_ends=now + lives.refresh)
    if counter == session.counter - 1 and now < session.rotated_at + lives.grace:
        return replace(session, access_ends=now + lives.access)
    raise Reused


def end(session: Session, place: int) -> Session:
    """The session revoked, with no more of the person than ids; one that has ended keeps its place in the feed."""
    return session if session.ended else replace(session, place=place, network="")


def end_own(session: Session, user_id: str, place: int) -> Session:
    """As `end`. Raises Missing for somebody else's."""
    if session.user_id != user_id:
        raise Missing
    return end(session, place)


def next_place(last: int, now: float) -> int:
    """Above the last one, and above every place that a store lost since could have given: cursors outlive it."""
    return max(last + 1, int(now * 1000))


def write_refresh_token(key: str, session_id: str, counter: int) -> str:
    """`<session>.<counter>.<HMAC>`: computed, so that the same use always has the same successor."""
    head = f"{session_id}.{counter}"
    digest = hmac.new(key.encode(), f"refresh\n{head}".encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def read_refresh_token(key: str, token: str) -> tuple[str, int]:
    """Session and counter. Raises Unauthenticated unless this service wrote it."""
    session_id, _, rest = token.partition(".")
    number = rest.partition(".")[0]
    if not (number.isascii() and number.isdecimal() and len(number) < 10):  # noqa: PLR2004 - nobody refreshes a billion times
        raise Unauthenticated
    counter = int(number)
    if not hmac.compare_digest(write_refresh_token(key, session_id, counter).encode(), token.encode()):
        raise Unauthenticated
    return session_id, counter
