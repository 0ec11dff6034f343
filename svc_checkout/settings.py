"""Settings of the checkout service."""

from typing import Annotated

import msgspec
from msgspec import Meta

from mallkit.settings import Common

Rate = Annotated[int, Meta(ge=0)]


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds: `answer_seconds` until an unfinished checkout is answered with 202, `undo_seconds` that a refused buyer waits for the
    undoing, `lease_seconds` after which the recovery job takes over what a dead process left, `recover_seconds` between its rounds.
    `rate_days`: how old a currency's rate may be; nobody buys at an older one.

    Rates by country (`*` for all others): `shipping` in minor units a purchase, `tax` in hundredths of a percent of the goods.
    """

    port: int = 8006
    answer_seconds: float = 8.0
    undo_seconds: float = 0.5
    lease_seconds: float = 40.0
    recover_seconds: float = 2.0
    rate_days: Annotated[float, Meta(gt=0)] = 7.0
    home_country: str = "US"
    shipping: dict[str, Rate] = msgspec.field(default_factory=lambda: {"*": 1500, "US": 500})
    tax: dict[str, Rate] = msgspec.field(default_factory=lambda: {"*": 0, "US": 825})
