"""What the order service does with events of others."""

from collections.abc import Sequence

from contracts import payment
from contracts.order_words import Cause
from mallkit.consumers import Mode, consumes
from mallkit.events import Envelope
from mallkit.store import Step
from mallkit.tracing import trace_id_of
from svc_order.domain.timeline import Origin
from svc_order.ports import Ports


@consumes(payment.PaymentRefunded, Mode.EACH)
async def note_refund(event: payment.PaymentRefunded, told: Envelope, ports: Ports) -> Sequence[Step]:
    """The order shows how much of its money has gone back."""
    origin = Origin(ports.clock(), Cause.PAYMENT, event.transaction_id, trace_id_of(told.traceparent))
    return [ports.orders.noting_refund(event.order_id, event.refund_id, event.amount_minor, origin)]
