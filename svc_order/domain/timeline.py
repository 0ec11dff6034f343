"""What became of an order, and why: kept with the order in the same write. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from contracts.order_words import Cause

STAFF = frozenset({Cause.OPERATOR, Cause.SERVICE})


@dataclass(frozen=True)
class Origin:
    """Where a change comes from: when (seconds since 1970), who or what made it, and the trace of the request or event.

    `id` is the person's, the service's, the checkout's or the payment attempt's.
    """

    at: float
    cause: Cause
    id: str = ""
    trace: str = ""


class Entry(NamedTuple):
    """One change. `what`: the status that the order came to; or shipment, return, refund, whose id is `thing`.

    Named by place in the document: an order has several of them, and the plain purchase writes them all.
    """

    at: float
    what: str
    cause: str
    cause_id: str = ""
    trace: str = ""
    thing: str = ""


def without_staff(timeline: Iterable[Entry]) -> tuple[Entry, ...]:
    """As customers see it."""
    return tuple(each._replace(cause_id="") if each.cause in STAFF else each for each in timeline)


def entry(origin: Origin, what: str, thing: str = "") -> Entry:
    """For the order's timeline."""
    return Entry(origin.at, what, origin.cause.value, origin.id, origin.trace, thing)
