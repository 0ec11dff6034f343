"""What the order service does with events of others."""

from collections.abc import Sequence

from contracts import payment
from mallkit.consumers import Mode, consumes
from mallkit.events import Envelope
from mallkit.store import Step
from svc_order.ports import Ports


@consumes(payment.PaymentRefunded, Mode.EACH)
async def note_refund(event: payment.PaymentRefunded, _: Envelope, ports: Ports) -> Sequence[Step]:
    """The order shows how much of its money has gone back."""
    return [ports.orders.noting_refund(event.order_id, event.refund_id, event.amount_minor)]
