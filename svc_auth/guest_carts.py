"""Guest carts of people who log in: handed to the cart service behind their backs, which may be away."""

import structlog

from contracts import cart
from mallkit.calls import Neighbour
from mallkit.lasting import Lasting
from mallkit.steps import Call

log = structlog.get_logger()
SECONDS = 5.0
"""How long the cart service is tried."""
MOST_AT_ONCE = 100
"""Handed over at a time while the cart service is slow: more are left to their owners, who can merge them themselves."""
HANDED_OVER = Call("auth.hand-over-cart")


class GuestCarts:
    """`ports.GuestCarts`. Without `carts`, or when too many wait, it is only logged; the guest cart stays as it is."""

    def __init__(self, carts: Neighbour | None, lasting: Lasting) -> None:
        self._carts = carts
        self._lasting = lasting
        self._under_way = 0

    def hand_over(self, token: str, user_id: str) -> None:
        """What the cart service refuses, or does not answer, is logged."""
        if self._carts is None or self._under_way >= MOST_AT_ONCE:
            log.warning("guest-cart.left", user_id=user_id)
            return
        self._under_way += 1
        self._lasting.begin(self._merge(self._carts, token, user_id), "guest-cart.merge")

    async def _merge(self, carts: Neighbour, token: str, user_id: str) -> None:
        try:
            await HANDED_OVER.taking(carts(cart.merge_for, cart.MergeFor(user_id=user_id, cart_token=token), seconds=SECONDS))
        finally:
            self._under_way -= 1
