"""What a tiny service publishes: pieces that were sold."""

from typing import ClassVar

from mallkit.endpoint import Event


class Sold(Event, frozen=True):
    """So many pieces went in one sale."""

    type: ClassVar[str] = "market.sold"
    sale_id: str
    pieces: int
