"""The types of the call by which a bank tells payment what became of its operations; the call itself is in contracts/payment.py."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from contracts.bank import MOST_EVENTS
from mallkit.endpoint import Wish
from mallkit.errors import Invalid


class WebhookSignature(Invalid):
    """The webhook was not signed by the bank, or was changed on its way."""

    slug = "payment/webhook-signature"
    title = "The webhook's signature does not hold"
    status = 401
    remedy = "Sign `<t>.<body>` with the secret that bank and mall share, byte for byte as sent."


class WebhookTooOld(Invalid):
    """The signature is right, its time is too far from ours: the webhook may be a replay."""

    slug = "payment/webhook-too-old"
    title = "The webhook was signed too long ago, or in the future"
    remedy = "Sign it anew with the present time; compare the clocks of bank and mall."


class BankEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event. Types and members that we do not know are taken and ignored."""

    id: Annotated[str, Meta(max_length=64)]
    type: Annotated[str, Meta(max_length=64)]
    created: Annotated[str, Meta(max_length=64)]
    data: msgspec.Raw


class BankNews(Wish, frozen=True):
    """A webhook. Each event may come more than once, and in any order."""

    events: Annotated[list[BankEvent], Meta(max_length=MOST_EVENTS)]
    signature: Annotated[str, Meta(max_length=512)] | UnsetType = UNSET
    content: bytes = b""
