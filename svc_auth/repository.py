"""Accounts and sessions in the auth service's store; the feed of revocations is the ended sessions in the order of their commits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from contracts.auth import EmailTaken, WrongCredentials
from mallkit.endpoint import Role
from mallkit.errors import Missing, Unauthenticated
from mallkit.store import MOST_IN_A_PAGE, Absent, Kind, Page, Range, Step, Store, Taken
from svc_auth import domain
from svc_auth.domain import CLOCKS_APART, Account, Admins, Lives, Session

FEED = "revocations"
ADMIN_LIST = "admins"
OWING_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Feed:
    """The last place that was given in a feed."""

    id: str
    last: int = 0


class _AdminIsThere(Exception):
    """Undoes the opening of a first admin."""


ACCOUNTS: Kind[Account] = Kind(
    name="accounts",
    type=Account,
    fields={"address": str, "owes_ending": bool, "role": str},
    unique=(("address",),),
    indexes=(("owes_ending",),),
)
ADMINS: Kind[Admins] = Kind(name="admins", type=Admins)
SESSIONS: Kind[Session] = Kind(
    name="sessions",
    type=Session,
    fields={"user_id": str, "place": int, "forget_at": float},
    indexes=(("user_id", "place"), ("place",), ("forget_at",)),
)
FEEDS: Kind[Feed] = Kind(name="feeds", type=Feed)
KINDS = (ACCOUNTS, ADMINS, SESSIONS, FEEDS)


class StoredAccounts:
    """`ports.Accounts` in the store. The list of admins is changed in the same write as whatever makes or ends one."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._accounts = store[ACCOUNTS]

    async def open(self, account: Account) -> None:
        """The unique index decides between two at once."""
        try:
            if account.role is Role.ADMIN:
                listing = self._listing(lambda admins: admins.with_role(account.id, Role.ADMIN))
                await self._store.together(listing, self._accounts.adding(account))
            else:
                await self._accounts.add(account)
        except Taken:
            raise EmailTaken from None

    async def has_admin(self) -> bool:
        """As the list says."""
        try:
            return bool((await self._store[ADMINS].get(ADMIN_LIST)).ids)
        except Absent:
            return False

    async def open_first_admin(self, account: Account) -> bool:
        """Of two copies that start at once one finds the other's."""

        def first(admins: Admins) -> Admins:
            if admins.ids:
                raise _AdminIsThere
            return admins.with_role(account.id, Role.ADMIN)

        try:
            await self._store.together(self._listing(first), self._accounts.adding(account))
        except _AdminIsThere:
            return False
        except Taken:
            raise EmailTaken from None
        return True

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

    async def page(self, where: Mapping[str, str], after: str | None, limit: int) -> Page[Account]:
        """By id, which grows with time: with an index for every way to narrow it, and without a count."""
        return await self._accounts.find(where, order="-id", after=after, limit=limit)

    async def give_role(self, user_id: str, role: Role) -> Account:
        """The list decides between two admins at once; an account that is not there comes into no list."""
        listing = self._listing(lambda admins: admins.with_role(user_id, role))
        changing = self._accounts.changing(user_id, lambda account: domain.give_role(account, role))
        try:
            account, _ = await self._store.together(changing, listing)
        except Absent:
            raise Missing from None
        return cast("Account", account)

    async def change_password(self, user_id: str, change: Callable[[Account], Account], session_id: str, now: float) -> Account:
        """The account first: its generation is what the session's rule then writes."""
        changed: list[Account] = []

        def rule(account: Account) -> Account:
            changed[:] = [change(account)]
            return changed[0]

        def lives_on(session: Session) -> Session:
            return replace(domain.living(session, now), generation=changed[0].generation)

        steps = self._accounts.changing(user_id, rule), self._store[SESSIONS].changing(session_id, lives_on)
        try:
            await self._store.together(*steps)
        except Absent:
            raise Unauthenticated from None
        return changed[0]

    async def owing(self) -> list[Account]:
        """By id."""
        return (await self._accounts.find({"owes_ending": True}, limit=OWING_AT_ONCE)).items

    async def settled(self, account: Account) -> None:
        """One that was closed meanwhile owes nothing."""
        try:
            await self._accounts.change(account.id, lambda found: domain.settled(found, account.generation))
        except Absent:
            return

    async def close(self, user_id: str) -> None:
        """No trace stays: nobody can log in, and sessions cannot start, without the document."""
        await self._store.together(self._listing(lambda admins: admins.without(user_id)), self._accounts.removing(user_id))

    def _listing(self, rule: Callable[[Admins], Admins]) -> Step:
        return self._store[ADMINS].changing(ADMIN_LIST, rule, absent=Admins(ADMIN_LIST))


class StoredSessions:
    """`ports.Sessions` in the store.

    A revocation takes its place in the feed from a counter that is changed in the same commit. Commits that change one document come one
    after the other, so whoever sees a place sees all lower ones: a cursor never passes over an entry, however many copies write.
    """

    def __init__(self, store: Store, lives: Lives) -> None:
        self._store = store
        self._sessions = store[SESSIONS]
        self._lives = lives

    async def start(self, session: Session, enter: Callable[[Account], Account]) -> tuple[Account, Session]:
        """The look at the account and the session are one write: closing the account, or a change of it, misses none."""
        entered: list[Account] = []

        def rule(account: Account) -> Account:
            entered[:] = [enter(account)]
            return entered[0]

        def begin(fresh: Session) -> Session:
            return replace(fresh, generation=entered[0].generation)

        steps = self._store[ACCOUNTS].changing(session.user_id, rule), self._sessions.changing(session.id, begin, absent=session)
        try:
            account, begun = await self._store.together(*steps)
        except Absent:
            raise WrongCredentials from None
        return account, begun

    async def rotate(self, session_id: str, counter: int, now: float) -> Session:
        """On the newest version."""
        try:
            return await self._sessions.change(session_id, lambda session: domain.rotate(session, counter, now, self._lives))
        except Absent:
            raise Unauthenticated from None

    async def end(self, session_id: str, now: float, unknown: Session | None = None) -> None:
        """One that is not known is revoked as `unknown` says, or not at all."""
        try:
            await self._end(session_id, now, domain.end, unknown)
        except Absent:
            return

    async def end_own(self, session_id: str, user_id: str, now: float) -> None:
        """Whose it is, is looked at in the same write."""
        try:
            await self._end(session_id, now, lambda session, place: domain.end_own(session, user_id, place))
        except Absent:
            raise Missing from None

    async def _end(self, session_id: str, now: float, rule: Callable[[Session, int], Session], unknown: Session | None = None) -> None:
        """The counter first: its place is what the session's rule then writes."""
        place = 0

        def take_place(feed: Feed) -> Feed:
            nonlocal place
            place = domain.next_place(feed.last, now)
            return replace(feed, last=place)

        await self._store.together(
            self._store[FEEDS].changing(FEED, take_place, absent=Feed(FEED)),
            self._sessions.changing(session_id, lambda session: rule(session, place), absent=unknown),
        )

    async def end_all(self, user_id: str, now: float, which: Callable[[Session], bool]) -> None:
        """Page by page; those that come meanwhile too."""
        after: str | None = None
        while True:
            living = await self._sessions.find({"user_id": user_id, "place": 0}, after=after, limit=MOST_IN_A_PAGE)
            for session in filter(which, living.items):
                await self.end(session.id, now)
            after = living.next
            if after is None:
                return

    async def of_user(self, user_id: str) -> list[Session]:
        """By its index."""
        return (await self._sessions.find({"user_id": user_id}, limit=MOST_IN_A_PAGE)).items

    async def page(self, user_id: str, now: float, after: str | None, limit: int) -> Page[Session]:
        """Ids are in the order of their making; one that can be refreshed no more is over, though the purge has not come to it."""
        where = {"user_id": user_id, "place": 0, "forget_at": Range(gt=now + CLOCKS_APART)}
        return await self._sessions.find(where, order="-id", after=after, limit=limit)

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
