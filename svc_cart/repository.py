"""The carts in the service's own store."""

from mallkit.store import Absent, Kind, Store
from svc_cart.domain import Cart, Rule

CARTS = Kind(name="carts", type=Cart)


class StoredCarts:
    """One aggregate for each user, made on first use."""

    def __init__(self, store: Store) -> None:
        self._carts = store[CARTS]

    async def of(self, user_id: str) -> Cart:
        """A user's cart as it stands, empty if there is none yet."""
        try:
            return await self._carts.get(user_id)
        except Absent:
            return Cart(user_id)

    async def change(self, user_id: str, rule: Rule) -> Cart:
        """The cart after the rule was applied to its newest version; raises what the rule raises."""
        return await self._carts.change(user_id, rule, absent=Cart(user_id))
