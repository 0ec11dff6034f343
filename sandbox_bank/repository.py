"""The bank's books: authorizations with all that was done to them, a pointer from every operation key, and what is yet to be told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from contracts.bank import BankKeyReused, OperationAnswered
from mallkit.errors import Missing
from mallkit.store import Absent, AnyOf, Forgetting, Kind, OutboxEntry, Page, Store
from sandbox_bank.domain import authorization as rules
from sandbox_bank.domain.authorization import Ask, Authorization, Entry, Rule


@dataclass(frozen=True)
class Pointer:
    """Operation key → authorization; written with the operation, never changed. `operation` is the id that grows with time."""

    id: str
    authorization: str
    operation: str = ""


@dataclass(frozen=True)
class Position:
    """How far the outbox has been told to `id`."""

    id: str
    seq: int = 0


@dataclass(frozen=True)
class Challenge:
    """What a buyer is asked under an id that nobody guesses: the authorization's key, and where the buyer goes afterwards."""

    id: str
    authorization: str
    return_url: str = ""


AUTHORIZATIONS = Kind(name="authorizations", type=Authorization)
POINTERS = Kind(name="pointers", type=Pointer, fields={"operation": str}, indexes=(("operation",),))
POSITIONS = Kind(name="positions", type=Position)
CHALLENGES = Kind(name="challenges", type=Challenge)


class StoredBooks:
    """The books in the bank's own store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._authorizations = store[AUTHORIZATIONS]
        self._pointers = store[POINTERS]
        self._challenges = store[CHALLENGES]

    async def write(self, ask: Ask, authorization: str, rule: Rule, return_url: str | None = None) -> Entry:
        """The operation under the key asked for, after the rule was applied to the authorization, made if need be.

        With a `return_url` (empty for none) also the challenge that the buyer is asked. Raises BankKeyReused.
        """
        wanted = Pointer(ask.key, authorization, ask.request)

        def bind(pointer: Pointer) -> Pointer:
            if pointer.authorization != authorization:
                raise BankKeyReused
            return pointer

        asking = Challenge(ask.challenge, authorization, return_url or "")
        challenge = () if return_url is None else (self._challenges.changing(asking.id, lambda found: found, absent=asking),)
        _, written, *_ = await self._store.together(
            self._pointers.changing(ask.key, bind, absent=wanted),
            self._authorizations.changing(authorization, _told(rule), absent=Authorization(authorization)),
            *challenge,
        )
        return _under(written, ask.key)

    async def challenge(self, challenge_id: str) -> tuple[Entry, str]:
        """The authorization that the challenge is about, and where its buyer goes afterwards. Raises Missing."""
        try:
            asked = await self._challenges.get(challenge_id)
        except Absent:
            raise Missing from None
        return await self.entry(asked.authorization), asked.return_url

    async def answer(self, asked: Entry, operation: str, rule: Rule) -> Entry:
        """The authorization after its challenge was answered; with the first answer it takes the place `operation` in the statement."""
        told, first = _told(rule), False

        def answered(now: Authorization) -> Authorization | tuple[Authorization, *tuple[OperationAnswered, ...]]:
            nonlocal first
            after = told(now)
            first = after is not now
            return after

        def move(pointer: Pointer) -> Pointer:
            return replace(pointer, operation=operation) if first else pointer

        answering = self._authorizations.changing(asked.authorization, answered)
        written, _ = await self._store.together(answering, self._pointers.changing(asked.key, move))
        return _under(written, asked.key)

    async def entry(self, key: str) -> Entry:
        """The operation under `key`. Raises Missing."""
        try:
            pointer = await self._pointers.get(key)
            authorization = await self._authorizations.get(pointer.authorization)
        except Absent:
            raise Missing from None
        return _under(authorization, key)

    async def statement(self, after: str | None, limit: int) -> Page[Entry]:
        """All operations, oldest first."""
        page = await self._pointers.find(order="operation", after=after, limit=limit)
        wanted = AnyOf(sorted({pointer.authorization for pointer in page.items}))
        found = {each.id: each for each in (await self._authorizations.find({"id": wanted}, limit=limit)).items}
        return Page([_under(found[pointer.authorization], pointer.id) for pointer in page.items], page.next)


class StoredNews:
    """What the merchant has not been told yet."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._positions = store[POSITIONS]
        self._told = 0

    async def next(self, merchant: str, before: datetime, limit: int) -> list[OutboxEntry]:
        """The oldest events that were saved by then and are not told. Without new ones the outbox is not read."""
        if await self._store.newest_event() <= self._told:
            return []
        self._told = (await self._position(merchant)).seq
        return list(takewhile(lambda entry: entry.at <= before, await self._store.outbox(self._told, limit)))

    async def told(self, merchant: str, seq: int) -> None:
        """Everything up to this one. Another copy may have told more."""
        first = Position(merchant, seq)
        self._told = (await self._positions.change(merchant, lambda now: first if now.seq < seq else now, absent=first)).seq

    async def forget(self, merchants: Sequence[str], before: float) -> None:
        """Events older than `before` (seconds since 1970) that all were told; without merchants nobody is ever told."""
        told = [(await self._position(merchant)).seq for merchant in merchants]
        upto = min(told) if told else await self._store.newest_event()
        while (await self._store.together(Forgetting(upto, before)))[0]:
            pass

    async def _position(self, merchant: str) -> Position:
        try:
            return await self._positions.get(merchant)
        except Absent:
            return Position(merchant)


def _told(rule: Rule) -> Callable[[Authorization], Authorization | tuple[Authorization, *tuple[OperationAnswered, ...]]]:
    """The rule, and the events of the operations that it gives their final word."""

    def told(now: Authorization) -> Authorization | tuple[Authorization, *tuple[OperationAnswered, ...]]:
        after = rule(now)
        return after if after is now else (after, *map(rules.answered, rules.told_of(now, after)))

    return told


def _under(authorization: Authorization, key: str) -> Entry:
    entry = authorization.under(key)
    if entry is None:
        raise Missing
    return entry
