"""What Stripe's events are about: whatever carries our metadata is a reason to ask. Types that we do not know are told the same way."""

import msgspec

from svc_payment.ports import Word

RESERVED = "payment_intent.amount_capturable_updated"


class _Thing(msgspec.Struct):
    metadata: dict[str, str] | None = None


class _Data(msgspec.Struct):
    object: _Thing


class _Event(msgspec.Struct):
    type: str
    data: _Data


def read_webhook(content: bytes) -> list[Word | None]:
    """One event, of ours or not."""
    try:
        event = msgspec.json.decode(content, type=_Event)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return [None]
    told = event.data.object.metadata or {}
    if not (told.get("order") and told.get("attempt")):
        return [None]
    return [Word(told["order"], told["attempt"], event.type == RESERVED)]
