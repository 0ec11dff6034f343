"""Accounts, sessions and their refresh tokens. Pure: no clock, no I/O, no framework. Times are seconds since 1970."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace

from mallkit.endpoint import Role
from mallkit.errors import Unauthenticated

CLOCKS_APART = 60.0
"""Seconds by which another copy's clock may be behind: an entry of the feed is kept so much longer."""


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

    @property
    def address(self) -> str:
        """The e-mail address without regard to case."""
        return fold(self.email)


def fold(email: str) -> str:
    """What two spellings of one e-mail address have in common."""
    return email.casefold()


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

    @property
    def ended(self) -> bool:
        """Whether its tokens are worth nothing any more."""
        return self.place > 0

    @property
    def forget_at(self) -> float:
        """When nobody needs to know of this session any more."""
        return (self.access_ends if self.ended else max(self.access_ends, self.refresh_ends)) + CLOCKS_APART


def start(session_id: str, user_id: str, now: float, lives: Lives) -> Session:
    """A session as login makes it."""
    return Session(session_id, user_id, now + lives.access, now + lives.refresh)


def rotate(session: Session, counter: int, now: float, lives: Lives) -> Session:
    """The session once the refresh token `counter` was used: `counter` of the result is its successor's.

    Repeating the last used one within the grace leads to the same successor. Raises Reused, and Unauthenticated for a session that is over.
    """
    if session.ended or session.refresh_ends <= now:
        raise Unauthenticated
    if counter == session.counter:
        return replace(session, counter=counter + 1, rotated_at=now, access_ends=now + lives.access, refresh_ends=now + lives.refresh)
    if counter == session.counter - 1 and now < session.rotated_at + lives.grace:
        return replace(session, access_ends=now + lives.access)
    raise Reused


def end(session: Session, place: int) -> Session:
    """The session revoked; one that has ended keeps its place in the feed."""
    return session if session.ended else replace(session, place=place)


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
