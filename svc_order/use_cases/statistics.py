"""The figures of a day: kept up from the service's own events, and reckoned anew from the orders while the shop sells on."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import aclosing, suppress
from datetime import date

from msgspec import UNSET

from contracts import order as contract
from svc_order.domain import statistics
from svc_order.domain.order import day_of
from svc_order.domain.statistics import Day, Position, Told
from svc_order.ports import Ports
from svc_order.use_cases.steps import COUNTED, RECKONED

BATCH = 500
PAUSE_SECONDS = 0.002
"""Between two batches of orders, so that requests are served in between."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


async def of_day(wish: contract.StatsOf, ports: Ports) -> tuple[Day, int]:
    """The day's figures, and how often they were reckoned anew. Raises DateInvalid."""
    day = day_of(ports.clock()) if wish.date is UNSET else _day(wish.date)
    position = await ports.statistics.position()
    return await ports.statistics.day(day), position.rebuilds if position else 0


def _day(sent: str) -> str:
    try:
        if not _DAY.fullmatch(sent):
            raise contract.DateInvalid(field="date")
        return date.fromisoformat(sent).isoformat()
    except ValueError:
        raise contract.DateInvalid(field="date") from None


async def ask_rebuild(ports: Ports) -> int:
    """The number of the rebuild; the job does it."""
    return (await ports.statistics.ask_rebuild()).asked


async def keep_up(ports: Ports) -> None:
    """The job's round: every event that was saved since, each once; or everything anew where that is needed."""
    with suppress(statistics.Overtaken):  # by a copy that has the lease now
        await _keep_up(ports)


async def _keep_up(ports: Ports) -> None:
    position = await ports.statistics.position()
    if position is None or position.rebuilds < position.asked:
        await rebuild(position, ports)
        return
    while told := await ports.statistics.told(position.seq, BATCH):
        if told[0].seq > position.seq + 1:  # purged before it was counted
            await rebuild(position, ports)
            return
        position = await _count(position, told, ports)


async def _count(position: Position, told: Sequence[Told], ports: Ports) -> Position:
    changes = [difference for each in told if (difference := statistics.of_event(each.event)) is not None]
    with COUNTED.writing():
        return await ports.statistics.count(position, changes, told[-1].seq)


async def rebuild(position: Position | None, ports: Ports) -> None:
    """From all orders as of one moment, which lies somewhere between two places of the outbox.

    Of the events between them those are added that came after the moment: that the order's revision tells.
    """
    asked = position.asked if position is not None else 0
    before = await ports.statistics.newest()
    days: dict[str, Day] = {}
    between: list[Told] | None = None
    seen: dict[str, int] = {}
    async with aclosing(ports.statistics.orders()) as batches:
        async for batch in batches:
            if between is None:  # the moment is over now
                between = await _between(before, await ports.statistics.newest(), ports)
                seen = dict.fromkeys((each.order_id for each in between), 0)
            statistics.add_all(days, (statistics.of_order(order) for order, _ in batch))
            seen.update((order.id, revision) for order, revision in batch if order.id in seen)
            await asyncio.sleep(PAUSE_SECONDS)
    after = between or []
    statistics.add_all(days, (statistics.of_event(each.event) for each in after if each.revision > seen[each.order_id]))
    upto = after[-1].seq if after else before
    with RECKONED.writing():
        await ports.statistics.replace_all(position, days, Position("orders", upto, asked, asked))


async def _between(before: int, upto: int, ports: Ports) -> list[Told]:
    found: list[Told] = []
    while before < upto:
        told = [each for each in await ports.statistics.told(before, BATCH) if each.seq <= upto]
        if not told:
            break
        found += told
        before = told[-1].seq
    return found
