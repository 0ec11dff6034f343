"""Promotions: so much off everything of a category, for a time. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from contracts.promotion import PromotionsFull
from mallkit.errors import Missing
from svc_checkout.domain.window import ALWAYS, Window

MOST = 500
"""Promotions in the price book, which every copy holds in memory."""


@dataclass(frozen=True)
class Promotion:
    """`basis_points` off products of a category, and of those below it."""

    id: str
    name: str
    category: str
    basis_points: int
    created: float
    window: Window = ALWAYS


def best(running: Iterable[Promotion], categories: Collection[str]) -> Promotion | None:
    """The one that takes most off a product of these categories (its own and those above): there is no stacking. Of equals the oldest."""
    fitting = [promotion for promotion in running if promotion.category in categories]
    return max(fitting, key=lambda promotion: (promotion.basis_points, -promotion.created, promotion.id), default=None)


def running(known: Mapping[str, Promotion], now: float) -> tuple[Promotion, ...]:
    """Those that hold at this moment."""
    return tuple(promotion for promotion in known.values() if promotion.window.holds(now))


def begin(known: Mapping[str, Promotion], wished: Promotion) -> dict[str, Promotion]:
    """With a new one; asked for again, it is the one that is there. Raises PromotionsFull."""
    if wished.id in known:
        return dict(known)
    if len(known) >= MOST:
        raise PromotionsFull(most=MOST)
    return {**known, wished.id: wished}


def rewrite(known: Mapping[str, Promotion], promotion_id: str, rule: Callable[[Promotion], Promotion]) -> dict[str, Promotion]:
    """With another one in its place. Raises Missing."""
    if promotion_id not in known:
        message = "there is no such promotion"
        raise Missing(message)
    return {**known, promotion_id: rule(known[promotion_id])}


def without(known: Mapping[str, Promotion], promotion_id: str) -> dict[str, Promotion]:
    """With one less. Raises Missing."""
    rest = dict(known)
    if rest.pop(promotion_id, None) is None:
        message = "there is no such promotion"
        raise Missing(message)
    return rest
