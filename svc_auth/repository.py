"""Accounts and sessions in the auth service's store; the feed of revocations is the ended sessions in the order of their commits."""

from dataclasses import dataclass, replace

from contracts.auth import EmailTaken, WrongCredentials
from mallkit.errors import Missing, Unauthenticated
from mallkit.store import MOST_IN_A_PAGE, Absent, Kind, Range, Store, Taken
from svc_auth import domain
from svc_auth.domain import Account, Lives, Session

FEED = "revocations"


@dataclass(frozen=True, slots=True)
class Feed:
    """The last place that was given in a feed."""

    id: str
    last: int = 0


ACCOUNTS: Kind[Account] = Kind(name="accounts", type=Account, fields={"address": str}, unique=(("address",),))
SESSIONS: Kind[Session] = Kind(
    name="sessions",
    type=Session,
    fields={"user_id": str, "place": int, "forget_at": float},
    indexes=(("user_id", "place"), ("place",), ("forget_at",)),
)
FEEDS: Kind[Feed] = Kind(name="feeds", type=Feed)
KINDS = (ACCOUNTS, SESSIONS, FEEDS)


class StoredAccounts:
    """`ports.Accounts` in the store."""

    def __init__(self, store: Store) -> None:
        self._accounts = store[ACCOUNTS]

    async def open(self, account: Account) -> None:
        """The unique index decides between two at once."""
        try:
            await self._accounts.add(account)
        except Taken:
            raise EmailTaken from None

    async def at(self, email: str) -> Account | None:
        """By the folded address."""
        found = await self._accounts.find({"address": domain.fold(email)}, limit=1)
        return found.items[0] if found.items else None

    async def get(self, user_id: str) -> Account:
        """By id."""
        try:
            return await self._accounts.get(user_id)
        except Absent:
            raise Missing from None

    async def close(self, user_id: str) -> None:
        """No trace stays: nobody can log in, and sessions cannot start, without the document."""
        await self._accounts.remove(user_id)


class StoredSessions:
    """`ports.Sessions` in the store.

    A revocation takes its place in the feed from a counter that is changed in the same commit. Commits that change one document come one
    after the other, so whoever sees a place sees all lower ones: a cursor never passes over an entry, however many copies write.
    """

    def __init__(self, store: Store, lives: Lives) -> None:
        self._store = store
        self._sessions = store[SESSIONS]
        self._lives = lives

    async def start(self, session: Session) -> None:
        """The look at the account and the session are one write: closing the account misses none."""

        def is_open(account: Account | None) -> None:
            if account is None:
                raise WrongCredentials

        await self._store.together(self._store[ACCOUNTS].checking(session.user_id, is_open), self._sessions.adding(session))

    async def rotate(self, session_id: str, counter: int, now: float) -> Session:
        """On the newest version."""
        try:
            return await self._sessions.change(session_id, lambda session: domain.rotate(session, counter, now, self._lives))
        except Absent:
            raise Unauthenticated from None

    async def end(self, session_id: str, now: float, unknown: Session | None = None) -> None:
        """The counter first: its place is what the session's rule then writes."""
        place = 0

        def take_place(feed: Feed) -> Feed:
            nonlocal place
            place = domain.next_place(feed.last, now)
            return replace(feed, last=place)

        try:
            await self._store.together(
                self._store[FEEDS].changing(FEED, take_place, absent=Feed(FEED)),
                self._sessions.changing(session_id, lambda session: domain.end(session, place), absent=unknown),
            )
        except Absent:
            return

    async def end_all(self, user_id: str, now: float) -> None:
        """Until none is left: the account is gone, so none can come."""
        while True:
            living = await self._sessions.find({"user_id": user_id, "place": 0}, limit=MOST_IN_A_PAGE)
            for session in living.items:
                await self.end(session.id, now)
            if living.next is None:
                return

    async def of_user(self, user_id: str) -> list[Session]:
        """By its index."""
        return (await self._sessions.find({"user_id": user_id}, limit=MOST_IN_A_PAGE)).items

    async def owner(self, session_id: str) -> str:
        """Ended ones too."""
        try:
            return (await self._sessions.get(session_id)).user_id
        except Absent:
            return ""

    async def feed(self, after: int) -> list[Session]:
        """A read sees whole commits only."""
        return (await self._sessions.find({"place": Range(gt=after)}, order="place", limit=MOST_IN_A_PAGE)).items

    async def purge(self, now: float) -> None:
        """Page by page, oldest first."""
        while True:
            old = await self._sessions.find({"forget_at": Range(lt=now)}, order="forget_at", limit=MOST_IN_A_PAGE)
            for session in old.items:
                await self._sessions.remove(session.id)
            if old.next is None:
                return
