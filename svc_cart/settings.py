"""What the cart service is told at its start."""

from mallkit.settings import Common


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """MALL_CART_* in the environment."""

    port: int = 8002
    price_seconds: float = 30.0
    """The oldest that a shown name or price may be."""
    faces_kept: int = 10_000
    """How many products' names and prices are remembered at most."""
    look_up_seconds: float = 2.0
    """How long the product service may take to tell them."""
