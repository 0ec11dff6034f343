"""The endpoint of the log of actions, the same in every service."""

from collections.abc import Callable
from typing import Any

from msgspec import UNSET

from mallkit import action_endpoints as contract
from mallkit.action_endpoints import ActionPage, ActionsOf, ActionView
from mallkit.action_rules import Entry
from mallkit.actions import ActionLog
from mallkit.endpoint import Caller, Role
from mallkit.times import rfc3339
from mallkit.web import Served


def handlers_of(service: str, log: Callable[[], ActionLog]) -> list[Served[Any, Any]]:
    """Bound to the service's log, which is there once the service has started."""

    async def actions(wish: ActionsOf, _: Caller, _ports: object) -> ActionPage:
        if wish.service not in {UNSET, service}:
            return ActionPage(items=[], next=None)
        actor, after = (None if value is UNSET else value for value in (wish.actor, wish.after))
        found, more = await log().page(actor, after, wish.limit)
        items = [_view(service, *each) for each in found]
        return ActionPage(items=items, next=items[-1].action_id if more else None)

    return [Served(contract.actions, actions)]


def _view(service: str, entry: Entry, outcome: Entry | None) -> ActionView:
    return ActionView(
        action_id=entry.id,
        service=service,
        actor=entry.actor,
        role=Role(entry.role),
        at=rfc3339(entry.at),
        method=entry.method,
        path=entry.path,
        ids=entry.ids,
        trace_id=entry.trace_id,
        status=outcome.status if outcome else None,
        ended_at=rfc3339(outcome.at) if outcome else None,
        number=entry.number,
        hash=entry.hash,
    )
