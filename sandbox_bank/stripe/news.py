"""What Stripe would tell: one signed event a post, about intents that were created in its words; the others are none of its business."""

from collections.abc import Sequence

import msgspec

from contracts.bank import OperationAnswered, OperationKind, OperationStatus
from mallkit.store import OutboxEntry
from sandbox_bank.ports import Ports
from sandbox_bank.stripe import calls, objects
from sandbox_bank.stripe.objects import Json

SIGNATURE = "Stripe-Signature"
TYPES = {
    (OperationKind.AUTHORIZE, OperationStatus.APPROVED): "payment_intent.amount_capturable_updated",
    (OperationKind.AUTHORIZE, OperationStatus.DECLINED): "payment_intent.payment_failed",
    (OperationKind.CAPTURE, OperationStatus.APPROVED): "payment_intent.succeeded",
    (OperationKind.CAPTURE, OperationStatus.DECLINED): "payment_intent.payment_failed",
    (OperationKind.VOID, OperationStatus.APPROVED): "payment_intent.canceled",
    (OperationKind.REFUND, OperationStatus.APPROVED): "refund.updated",
    (OperationKind.REFUND, OperationStatus.DECLINED): "refund.failed",
}


async def in_stripes_words(entries: Sequence[OutboxEntry], ports: Ports) -> bytes | None:
    """The one event; None for what was not asked in Stripe's words."""
    (entry,) = entries
    told = msgspec.json.decode(entry.data, type=OperationAnswered)
    kind = TYPES.get((told.kind, told.status))
    shown = await _object(told, ports)
    if kind is None or shown is None:
        return None
    event = {"id": f"evt_{entry.id}", "object": "event", "type": kind, "created": int(entry.at.timestamp()), "livemode": False}
    return msgspec.json.encode(event | {"data": {"object": shown}})


async def _object(told: OperationAnswered, ports: Ports) -> Json | None:
    intent = await ports.stripe.intent(calls.intent_id(told.authorization, ports))
    if intent is None:
        return None
    if told.kind is not OperationKind.REFUND:
        return await calls.read_intent(intent.id, ports)
    books, notes = await ports.stripe.authorization(intent), await ports.stripe.refunds_of(intent.id)
    entry, note = books.under(told.key), next((note for note in notes if note.key == told.key), None)
    return objects.refund(note, entry) if note is not None and entry is not None else None
