"""What svc_product is told."""

from typing import Annotated

from msgspec import Meta

from mallkit.settings import Common


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Its own port by default."""

    port: int = 8003
    rates_seconds: Annotated[float, Meta(ge=0)] = 30.0
    """How old the rates may be that prices are shown at in other currencies."""
    import_rows: Annotated[int, Meta(ge=1)] = 10_000
    """The most that an import may bring: it is one write, and others wait for it."""
    low_stock_at: Annotated[int, Meta(ge=-1)] = -1
    """With so many pieces to be bought, or fewer, a product without a level of its own is low; -1: never."""
