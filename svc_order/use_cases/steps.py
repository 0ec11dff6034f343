"""The named steps of an order: what it asks of its neighbours, and what it writes."""

from collections.abc import Callable

from contracts.order_words import Cause
from mallkit.endpoint import Caller, Event
from mallkit.steps import Call, Write
from svc_order.domain.order import Order
from svc_order.domain.timeline import Origin
from svc_order.ports import Ports

REFUND_REST, GIVE_BACK = Call("order.refund-rest"), Call("order.give-back")
TAKE = Call("order.take", undone_by="order.give-back")
REFUND_PART, RETURN_PIECES = Call("order.refund-part"), Call("order.return-pieces")
PLACED, PAYING, PENDING_AGAIN, PAID = Write("order.placed"), Write("order.paying"), Write("order.pending-again"), Write("order.paid")
UNDONE, CANCELLED, SETTLED, POSTPONED = (
    Write("order.undone"), Write("order.cancelled"), Write("order.settled"), Write("order.postponed"),
)  # fmt: skip
TAKEN, EXPIRED = Write("order.taken"), Write("order.expired")
FAILED, COMPLETED = Write("order.failed"), Write("order.completed")
SHIPPED, TAKEN_BACK, RETURN_SETTLED = Write("order.shipped"), Write("order.taken-back"), Write("order.return-settled")
COUNTED, RECKONED = Write("order.statistics-counted"), Write("order.statistics-reckoned")

Rule = Callable[[Order], Order | tuple[Order, Event]]


def origin(ports: Ports, cause: Cause, of: str = "") -> Origin:
    """Now, for this reason."""
    return Origin(ports.clock(), cause, of, ports.trace_id())


def asked_by(caller: Caller, ports: Ports) -> Origin:
    """Now, because a person or a service wants it."""
    cause = Cause.SERVICE if caller.is_service else Cause.OPERATOR if caller.is_operator else Cause.CUSTOMER
    return origin(ports, cause, caller.subject)


async def note(step: Write, order_id: str, rule: Rule, ports: Ports) -> Order:
    """A step that is a write of the order."""
    with step.writing():
        return await ports.orders.change(order_id, rule)
