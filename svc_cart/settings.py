"""What the cart service is told at its start."""

from typing import Annotated

from msgspec import Meta

from mallkit.settings import Common, Secret


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """MALL_CART_* in the environment."""

    port: int = 8002
    guest_key: Secret
    """HMAC key for the tokens of guest carts: changing it ends every guest cart."""
    guest_seconds: Annotated[int, Meta(ge=1, le=366 * 86_400)] = 30 * 86_400
    """A guest cart that nobody uses for so long is forgotten."""
    guests_per_address: Annotated[int, Meta(ge=1, le=100_000)] = 60
    """Guest carts begun a minute, for each address."""
    price_seconds: float = 30.0
    """The oldest that a shown name or price may be."""
    faces_kept: int = 10_000
    """How many products' names and prices are remembered at most."""
    look_up_seconds: float = 2.0
    """How long the product service may take to tell them."""
