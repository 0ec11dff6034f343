"""A cart and how it is edited: open lines, lines kept for later, and the sealed lines that one checkout may buy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from contracts.cart import CartFull
from mallkit.errors import Missing

MOST_LINES = 100
MOST_OF_ONE = 999
MOST_SAVED = 100
REMEMBERED = 50
REMEMBERED_AT_MOST = 300
REMEMBERED_SECONDS = 86_400.0
"""Of the checkouts that ended, of merged guest carts, of keyed commands: the newest 50 always, those of a day up to 300."""

Moments = Mapping[str, float]
"""Id → when, in seconds since 1970."""


@dataclass(frozen=True)
class Line:
    """So many of a product. `name` is what it was called when the line was written: shown once the product is off sale.

    `minor` of `currency` is what a piece cost when its user last put pieces in; lines of before that was kept have no currency.
    """

    product_id: str
    quantity: int
    name: str = ""
    minor: int = 0
    currency: str = ""


@dataclass(frozen=True)
class SealedLines:
    """What only this checkout may buy."""

    checkout_id: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class MergedGuest:
    """A guest cart that was merged in at that time, and what of it did not fit."""

    at: float
    left_out: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Cart:
    """One user's cart; `id` is the user's.

    `undone` and `closed` are the checkouts that have ended: a seal that arrives late finds its own there. `applied` are the keyed
    commands that were carried out. Limits count the sealed lines too, so that merging them back always fits. `saved` are kept for
    later: they are never sealed, and count for nothing else. A cart that is `gone` belonged to somebody who
    is forgotten: it stays, so that nothing fills it again.
    """

    id: str
    lines: tuple[Line, ...] = ()
    sealed: SealedLines | None = None
    undone: Moments = field(default_factory=dict)
    closed: Moments = field(default_factory=dict)
    applied: Moments = field(default_factory=dict)
    saved: tuple[Line, ...] = ()
    merged: Mapping[str, MergedGuest] = field(default_factory=dict)
    gone: bool = False

    def line(self, product_id: str) -> Line | None:
        """The open line of a product."""
        return line_of(self.lines, product_id)

    def being_bought(self, product_id: str) -> int:
        """How many of a product are sealed."""
        lines = () if self.sealed is None else self.sealed.lines
        return next((line.quantity for line in lines if line.product_id == product_id), 0)

    @property
    def products(self) -> set[str]:
        """All that is open or sealed."""
        sealed = () if self.sealed is None else self.sealed.lines
        return {line.product_id for line in (*self.lines, *sealed)}


Rule = Callable[[Cart], Cart]


def line_of(lines: tuple[Line, ...], product_id: str) -> Line | None:
    """The line of a product."""
    return next((line for line in lines if line.product_id == product_id), None)


def without(lines: tuple[Line, ...], product_id: str) -> tuple[Line, ...]:
    """All lines but that of the product."""
    return tuple(line for line in lines if line.product_id != product_id)


def add(cart: Cart, line: Line, command: str, now: float) -> Cart:
    """Adds to what is there of the product; a keyed `command` ("" without a key) adds once. Raises CartFull."""
    if command in cart.applied:
        return cart
    present(cart)
    there = cart.line(line.product_id)
    added = line if there is None else replace(line, quantity=there.quantity + line.quantity)
    return replace(put(cart, added), applied=remember(cart.applied, command, now) if command else cart.applied)


def set_quantity(cart: Cart, line: Line, *, on_sale: bool) -> Cart:
    """Makes the product's line this one. Raises CartFull, and Missing if the product is neither on sale nor in the cart."""
    there = present(cart).line(line.product_id)
    if not on_sale:
        if there is None:
            message = "there is no such product on sale"
            raise Missing(message)
        line = replace(there, quantity=line.quantity)
    return cart if there == line else put(cart, line)


def remove(cart: Cart, product_id: str) -> Cart:
    """Takes a line out. Raises Missing."""
    if cart.line(product_id) is None:
        message = "the cart has no such line"
        raise Missing(message)
    return replace(cart, lines=without(cart.lines, product_id))


def clear(cart: Cart) -> Cart:
    """Takes all open lines out; what a checkout has sealed stays sealed, what is saved stays saved."""
    return replace(cart, lines=()) if cart.lines else cart


def room_for(cart: Cart, product_id: str) -> int:
    """How many pieces the open line of a product may hold."""
    if cart.line(product_id) is None and len(cart.products | {product_id}) > MOST_LINES:
        return 0
    return MOST_OF_ONE - cart.being_bought(product_id)


def forget(cart: Cart) -> Cart:
    """Nothing of its user is left but what a checkout needs to end, and the ids of what has ended here."""
    if cart.gone:
        return cart
    merged = {guest_id: MergedGuest(there.at) for guest_id, there in cart.merged.items()}
    return Cart(cart.id, sealed=cart.sealed, undone=cart.undone, closed=cart.closed, merged=merged, gone=True)


def present(cart: Cart) -> Cart:
    """The cart itself. Raises Missing if its user is forgotten."""
    if cart.gone:
        message = "the user of this cart is gone"
        raise Missing(message)
    return cart


def put(cart: Cart, line: Line) -> Cart:
    """With this as the product's open line. Raises CartFull."""
    if line.quantity + cart.being_bought(line.product_id) > MOST_OF_ONE:
        message = f"a cart takes {MOST_OF_ONE} pieces of a product, those that are being bought included"
        raise CartFull(message, product_id=line.product_id, most=MOST_OF_ONE)
    if cart.line(line.product_id) is not None:
        return replace(cart, lines=tuple(line if there.product_id == line.product_id else there for there in cart.lines))
    if not room_for(cart, line.product_id):
        message = f"a cart takes {MOST_LINES} products, those that are being bought included"
        raise CartFull(message, most=MOST_LINES)
    return replace(cart, lines=(*cart.lines, line))


def remember(moments: Moments, new: str, now: float) -> Moments:
    """Keeps the newest, and those of the last day up to a bound: a document that only grows would slow its user down for ever."""
    kept = {**moments, new: now}
    if len(kept) > REMEMBERED:
        for oldest in sorted(kept, key=kept.__getitem__)[: len(kept) - REMEMBERED]:
            if len(kept) <= REMEMBERED_AT_MOST and kept[oldest] > now - REMEMBERED_SECONDS:
                break
            del kept[oldest]
    return kept
