"""Settings of the order service."""

from typing import Annotated

from msgspec import Meta

from mallkit.settings import Common


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`settle_seconds`: how often the jobs look for what orders owe and for unpaid ones.

    `pay_within`: seconds that an order which is paid later waits for its payment before it is cancelled.
    """

    port: int = 8004
    settle_seconds: float = 1.0
    pay_within: Annotated[float, Meta(gt=0)] = 900.0
