"""What the auth service's use cases need from outside, in their own words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from mallkit.endpoint import Role
from mallkit.store import Page
from svc_auth.domain import Account, Bearer, Lives, Session


class Accounts(Protocol):
    """Whoever can log in."""

    async def open(self, account: Account) -> None:
        """Raises EmailTaken."""
        ...

    async def has_admin(self) -> bool:
        """Whether anybody is an admin."""
        ...

    async def open_first_admin(self, account: Account) -> bool:
        """False when there is an admin already. Raises EmailTaken."""
        ...

    async def at(self, email: str) -> Account | None:
        """The account with this e-mail address, in any case."""
        ...

    async def get(self, user_id: str) -> Account:
        """Raises Missing."""
        ...

    async def page(self, where: Mapping[str, str], after: str | None, limit: int) -> Page[Account]:
        """Newest first; `where` may name role and address."""
        ...

    async def give_role(self, user_id: str, role: Role) -> Account:
        """The account with the role, and the list of admins, in one write. Raises Missing, LastAdmin."""
        ...

    async def change_password(self, user_id: str, change: Callable[[Account], Account], session_id: str, now: float) -> Account:
        """Applies the rule, and takes the session over into the new generation, in one write. Raises Unauthenticated without either."""
        ...

    async def owing(self) -> list[Account]:
        """Some of those whose older sessions may live still."""
        ...

    async def settled(self, account: Account) -> None:
        """No session older than this generation of the account lives."""
        ...

    async def close(self, user_id: str) -> None:
        """Deletes the credentials; the address is free again. Closing what is not there changes nothing."""
        ...


class Sessions(Protocol):
    """Who is logged in, and whose tokens are revoked."""

    async def start(self, session: Session, enter: Callable[[Account], Account]) -> tuple[Account, Session]:
        """Applies the rule to the account, whose generation the session then has, in one write.

        Raises WrongCredentials if the account was closed meanwhile.
        """
        ...

    async def rotate(self, session_id: str, counter: int, now: float) -> Session:
        """As domain.rotate. Raises Unauthenticated for a session that is not known, and domain.Reused."""
        ...

    async def end(self, session_id: str, now: float, unknown: Session | None = None) -> None:
        """Revokes it and puts it into the feed, in one write; an ended one stays as it is.

        One that is not known is revoked as `unknown` says, or not at all.
        """
        ...

    async def end_own(self, session_id: str, user_id: str, now: float) -> None:
        """Revokes it, once. Raises Missing if it is not this user's, or not known."""
        ...

    async def end_all(self, user_id: str, now: float, which: Callable[[Session], bool]) -> None:
        """Revokes every session of the user that there is and that the rule picks."""
        ...

    async def page(self, user_id: str, now: float, after: str | None, limit: int) -> Page[Session]:
        """Living sessions, the newest first. Raises Invalid for a cursor that is not ours."""
        ...

    async def of_user(self, user_id: str) -> list[Session]:
        """Up to 1000 sessions of an account, ended ones too."""
        ...

    async def owner(self, session_id: str) -> str:
        """The user id; empty when the session is not known."""
        ...

    async def feed(self, after: int) -> list[Session]:
        """Up to 1000 revoked sessions by place, the lowest above `after` first."""
        ...

    async def purge(self, now: float) -> None:
        """Forgets sessions that nobody can hold a living token of."""
        ...


class Passwords(Protocol):
    """Slow on purpose. Raises Unavailable when too many wait."""

    async def hash(self, password: str) -> str:
        """For keeping."""
        ...

    async def match(self, hashed: str | None, password: str) -> bool:
        """Takes as long without a hash as with one, and is then False."""
        ...


class Keys(Protocol):
    """The keys that sign and verify access tokens."""

    def sign(self, bearer: Bearer, now: float) -> str:
        """An access token."""
        ...

    def public(self) -> list[dict[str, str]]:
        """All that still verify, as JWKs."""
        ...


class Tries(Protocol):
    """How often somebody tried within the last minute."""

    def check(self, who: str, now: float) -> None:
        """Raises TooManyTries when the limit is reached."""
        ...

    def note(self, who: str, now: float) -> None:
        """Counts one more."""
        ...


class GuestCarts(Protocol):
    """What people put into a cart before they logged in."""

    def hand_over(self, token: str, user_id: str) -> None:
        """For the user's cart, as soon as may be: nobody waits for it, and nothing that goes wrong with it is told here."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ports:
    """All of it."""

    accounts: Accounts
    sessions: Sessions
    passwords: Passwords
    keys: Keys
    from_address: Tries
    wrong_passwords: Tries
    guest_carts: GuestCarts
    clients: Mapping[str, str]
    refresh_key: str
    address_key: str
    """For the marks of addresses."""
    lives: Lives
    clock: Callable[[], float]
