"""The log of what operators did: written before the effect, in the service's own store; nothing changes it or takes anything out.

No entry, no effect: while the log cannot be written, what it must tell of is refused.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import structlog

from mallkit import tracing
from mallkit.action_rules import Entry, Head, action, headed, linked
from mallkit.endpoint import Caller, Endpoint, View, Wish
from mallkit.ids import new_id
from mallkit.shape import shape_of
from mallkit.steps import Write
from mallkit.store import AnyOf, Kind, Range, Store, StoreUnavailable

log = structlog.get_logger()

CHAIN = "actions"
ACTIONS: Kind[Entry] = Kind(
    name="actions",
    type=Entry,
    fields={"number": int, "of": str, "actor": str},
    unique=(("number",),),
    indexes=(("of",), ("of", "actor")),
)
HEADS: Kind[Head] = Kind(name="action_heads", type=Head)
KINDS: Sequence[Kind[Any]] = (ACTIONS, HEADS)
NOTED = Write("action.noted")
ENDED = Write("action.ended")


class ActionLog:
    """The chain of one service."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._actions = store[ACTIONS]
        self._clock = clock

    async def note(self, endpoint: Endpoint[Wish, View], caller: Caller, wish: Wish) -> str:
        """The id of the action, which is about to take effect. Raises StoreUnavailable."""
        ids = {name: str(getattr(wish, name)) for name in shape_of(endpoint).path}
        entry = action(new_id(), caller, (endpoint.method.value, endpoint.path), ids)
        with NOTED.writing():
            noted = await self._add(entry)
        # The line anchors the chain outside the store: whoever rewrites the store must rewrite the logs as well.
        log.info("action.noted", action_id=noted.id, actor=noted.actor, path=noted.path, number=noted.number, hash=noted.hash)
        return noted.id

    async def ended(self, action_id: str, status: int) -> None:
        """How it ended. The effect stands whatever becomes of this entry: an action without one has an outcome that is not known."""
        try:
            with ENDED.writing():
                await self._add(Entry(id=new_id(), of=action_id, status=status))
        except StoreUnavailable:
            log.exception("action.outcome-lost", action_id=action_id, status=status)

    async def page(self, actor: str | None, after: str | None, limit: int) -> tuple[list[tuple[Entry, Entry | None]], bool]:
        """Actions with their outcomes, newest first, below the id `after`; and whether there are more."""
        where: dict[str, object] = {"of": ""}
        if actor is not None:
            where["actor"] = actor
        if after is not None:
            where["id"] = Range(lt=after)
        page = await self._actions.find(where, order="-id", limit=limit)
        outcomes = await self._actions.find({"of": AnyOf([entry.id for entry in page.items])}, limit=limit) if page.items else None
        by_action = {entry.of: entry for entry in outcomes.items} if outcomes else {}
        return [(entry, by_action.get(entry.id)) for entry in page.items], page.next is not None

    async def _add(self, entry: Entry) -> Entry:
        """The head's rule finds the place; the entry is written with it, or not at all."""
        told = msgspec.structs.replace(entry, at=self._clock(), trace_id=tracing.current_trace_id())
        placed: list[Entry] = []

        def rule(head: Head) -> Head:
            placed[:] = [linked(told, head)]
            return headed(placed[0], head)

        await self._store.together(
            self._store[HEADS].changing(CHAIN, rule, absent=Head(id=CHAIN)),
            self._actions.changing(entry.id, lambda _: placed[0], absent=entry),
        )
        return placed[0]
