"""A user's cart: open lines to edit, sealed lines that one checkout may buy. Pure: no clock, no I/O, no prices."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from contracts.cart import CartBusy, CartEmpty, CartFull, CheckoutGone
from mallkit.errors import Missing
from mallkit.money import Money

MOST_LINES = 100
MOST_OF_ONE = 999
REMEMBERED = 50
REMEMBERED_AT_MOST = 300
REMEMBERED_SECONDS = 86_400.0
"""Of the checkouts that ended, and of keyed commands: the newest 50 always, those of a day up to 300."""

Moments = Mapping[str, float]
"""Id → when, in seconds since 1970."""


@dataclass(frozen=True)
class Line:
    """So many of a product. `name` is what it was called when the line was written: shown once the product is off sale."""

    product_id: str
    quantity: int
    name: str = ""


@dataclass(frozen=True)
class SealedLines:
    """What only this checkout may buy."""

    checkout_id: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Cart:
    """One user's cart; `id` is the user's.

    `undone` and `closed` are the checkouts that have ended: a seal that arrives late finds its own there. `applied` are the keyed
    commands that were carried out. Limits count the sealed lines too, so that merging them back always fits. A cart that is `gone`
    belonged to somebody who is forgotten: it stays, so that nothing fills it again.
    """

    id: str
    lines: tuple[Line, ...] = ()
    sealed: SealedLines | None = None
    undone: Moments = field(default_factory=dict)
    closed: Moments = field(default_factory=dict)
    applied: Moments = field(default_factory=dict)
    gone: bool = False

    def line(self, product_id: str) -> Line | None:
        """The open line of a product."""
        return next((line for line in self.lines if line.product_id == product_id), None)

    def being_bought(self, product_id: str) -> int:
        """How many of a product are sealed."""
        lines = () if self.sealed is None else self.sealed.lines
        return next((line.quantity for line in lines if line.product_id == product_id), 0)

    @property
    def products(self) -> set[str]:
        """All that is in the cart, sealed lines too."""
        sealed = () if self.sealed is None else self.sealed.lines
        return {line.product_id for line in (*self.lines, *sealed)}


Rule = Callable[[Cart], Cart]


@dataclass(frozen=True, slots=True)
class Face:
    """What a product was called and cost when it was `asked` (seconds since 1970); without a price it is not on sale."""

    name: str
    unit: Money | None
    asked: float


@dataclass(frozen=True, slots=True)
class Shown:
    """A cart as its user sees it at the time `at`: with the faces of all open lines, and the mall's currency."""

    cart: Cart
    faces: Mapping[str, Face]
    at: float
    currency: str


def add(cart: Cart, line: Line, command: str, now: float) -> Cart:
    """Adds to what is there of the product; a keyed `command` ("" without a key) adds once. Raises CartFull."""
    if command in cart.applied:
        return cart
    _present(cart)
    there = cart.line(line.product_id)
    added = line if there is None else replace(line, quantity=there.quantity + line.quantity)
    return replace(_put(cart, added), applied=_remember(cart.applied, command, now) if command else cart.applied)


def set_quantity(cart: Cart, line: Line, *, on_sale: bool) -> Cart:
    """Makes the product's line this one. Raises CartFull, and Missing if the product is neither on sale nor in the cart."""
    there = _present(cart).line(line.product_id)
    if not on_sale:
        if there is None:
            message = "there is no such product on sale"
            raise Missing(message)
        line = replace(line, name=there.name)
    return cart if there == line else _put(cart, line)


def remove(cart: Cart, product_id: str) -> Cart:
    """Takes a line out. Raises Missing."""
    if cart.line(product_id) is None:
        message = "the cart has no such line"
        raise Missing(message)
    return replace(cart, lines=tuple(line for line in cart.lines if line.product_id != product_id))


def clear(cart: Cart) -> Cart:
    """Takes all open lines out; what a checkout has sealed stays sealed."""
    return replace(cart, lines=()) if cart.lines else cart


def seal(cart: Cart, checkout_id: str) -> Cart:
    """Moves the open lines under the checkout; again, nothing changes. Raises CheckoutGone, CartBusy, CartEmpty."""
    if cart.sealed is not None and cart.sealed.checkout_id == checkout_id:
        return cart
    if checkout_id in cart.undone or checkout_id in cart.closed:
        raise CheckoutGone(checkout_id=checkout_id)
    if cart.sealed is not None:
        raise CartBusy(checkout_id=cart.sealed.checkout_id)
    if not cart.lines:
        raise CartEmpty
    return replace(cart, lines=(), sealed=SealedLines(checkout_id, cart.lines))


def unseal(cart: Cart, checkout_id: str, now: float) -> Cart:
    """Merges the checkout's lines back, or keeps them from ever being sealed; what was bought stays bought."""
    if checkout_id in cart.undone or checkout_id in cart.closed:
        return cart
    undone = _remember(cart.undone, checkout_id, now)
    if cart.sealed is None or cart.sealed.checkout_id != checkout_id:
        return replace(cart, undone=undone)
    merged = () if cart.gone else _merged(cart.sealed.lines, cart.lines)
    return replace(cart, lines=merged, sealed=None, undone=undone)


def close(cart: Cart, checkout_id: str, now: float) -> Cart:
    """The checkout's lines are bought and leave the cart. For a checkout that was undone nothing happens."""
    if checkout_id in cart.undone or checkout_id in cart.closed:
        return cart
    mine = cart.sealed is not None and cart.sealed.checkout_id == checkout_id
    return replace(cart, sealed=None if mine else cart.sealed, closed=_remember(cart.closed, checkout_id, now))


def forget(cart: Cart) -> Cart:
    """Nothing of its user is left but what a checkout needs to end: its seal, and the checkouts that have ended."""
    return cart if cart.gone else Cart(cart.id, sealed=cart.sealed, undone=cart.undone, closed=cart.closed, gone=True)


def _present(cart: Cart) -> Cart:
    if cart.gone:
        message = "the user of this cart is gone"
        raise Missing(message)
    return cart


def _put(cart: Cart, line: Line) -> Cart:
    if line.quantity + cart.being_bought(line.product_id) > MOST_OF_ONE:
        message = f"a cart takes {MOST_OF_ONE} pieces of a product, those that are being bought included"
        raise CartFull(message, product_id=line.product_id, most=MOST_OF_ONE)
    if cart.line(line.product_id) is not None:
        return replace(cart, lines=tuple(line if there.product_id == line.product_id else there for there in cart.lines))
    if len(cart.products | {line.product_id}) > MOST_LINES:
        message = f"a cart takes {MOST_LINES} products, those that are being bought included"
        raise CartFull(message, most=MOST_LINES)
    return replace(cart, lines=(*cart.lines, line))


def _merged(sealed: tuple[Line, ...], opened: tuple[Line, ...]) -> tuple[Line, ...]:
    """Both quantities of a product added up; what was in the cart first stands first, the later name is kept."""
    merged = {line.product_id: line for line in sealed}
    for line in opened:
        there = merged.get(line.product_id)
        merged[line.product_id] = line if there is None else replace(line, quantity=there.quantity + line.quantity)
    return tuple(merged.values())


def _remember(moments: Moments, new: str, now: float) -> Moments:
    """Keeps the newest, and those of the last day up to a bound: a document that only grows would slow its user down for ever."""
    kept = {**moments, new: now}
    if len(kept) > REMEMBERED:
        for oldest in sorted(kept, key=kept.__getitem__)[: len(kept) - REMEMBERED]:
            if len(kept) <= REMEMBERED_AT_MOST and kept[oldest] > now - REMEMBERED_SECONDS:
                break
            del kept[oldest]
    return kept
