"""Stock as operators set it, and holds as neighbours ask for them."""

from msgspec import UNSET

from contracts import product as contract
from mallkit.endpoint import Caller
from mallkit.errors import Invalid, Missing, PreconditionRequired
from mallkit.store import Page
from svc_product.domain.categories import Tree
from svc_product.domain.product import Product, readable
from svc_product.domain.stock import SET, StockEntry, stock_versions
from svc_product.ports import Pieces, Ports


async def of(product_id: str, ports: Ports) -> Pieces:
    """Raises Missing."""
    product = await ports.catalogue.get(product_id)
    return (await ports.stock.of([product.id]))[product.id]


async def set_on_hand(wish: contract.SetStock, caller: Caller, ports: Ports) -> Pieces:
    """Only for who has seen the present stock. Raises Missing, PreconditionRequired, Stale, BelowReserved."""
    product = await ports.catalogue.get(wish.product_id)
    if wish.if_match is UNSET:
        raise PreconditionRequired
    reason = readable("reason", wish.reason)
    entry = StockEntry(id=ports.new_id(), product_id=product.id, at=ports.clock(), by=caller.subject, reason=SET, note=reason)
    return await ports.stock.set_on_hand(entry, wish.on_hand, stock_versions(wish.if_match))


async def adjust(wish: contract.AdjustStock, caller: Caller, ports: Ports) -> Pieces:
    """Once for each command. Raises Missing, BelowZero, BelowReserved."""
    if wish.delta == 0:
        message = "delta is not 0: an adjustment changes something"
        raise Invalid(message)
    product = await ports.catalogue.get(wish.product_id)
    note = readable("note", wish.note)
    at = ports.clock()
    entry = StockEntry(id=caller.command, product_id=product.id, at=at, by=caller.subject, reason=wish.reason.value, note=note)
    return await ports.stock.adjust(entry, wish.delta)


async def log(wish: contract.LogOf, ports: Ports) -> Page[StockEntry]:
    """Newest first. Raises Missing; of a product that was withdrawn the log is still there."""
    if not await ports.catalogue.some([wish.product_id]):
        raise Missing(product_id=wish.product_id)
    return await ports.stock.log(wish.product_id, None if wish.after is UNSET else wish.after, wish.limit)


async def low(wish: contract.Listed, ports: Ports) -> tuple[list[tuple[Product, Pieces]], str | None]:
    """Products that are low, and where the list goes on."""
    page = await ports.stock.low(None if wish.after is UNSET else wish.after, wish.limit)
    known = await ports.catalogue.some([pieces.id for pieces in page.items])
    return [(known[pieces.id], pieces) for pieces in page.items if pieces.id in known], page.next


async def hold(wish: contract.Hold, ports: Ports) -> tuple[list[tuple[Product, Pieces]], Tree]:
    """The products as they are priced now, with the pieces left; and the tree of their categories. Raises Missing, OutOfStock, HoldGone."""
    lines = {line.product_id: line.quantity for line in wish.lines}
    if len(lines) < len(wish.lines):
        message = "a product stands in more than one line"
        raise Invalid(message)
    known = await ports.catalogue.some(list(lines))
    gone = next((product_id for product_id in lines if product_id not in known or not known[product_id].on_sale), None)
    if gone is not None and (gone not in known or not await ports.stock.is_known(wish.hold_id)):
        # A hold that was made before its product was withdrawn goes on, and repeating it must say so.
        message = "this product is not on sale"
        raise Missing(message, product_id=gone)
    pieces = await ports.stock.hold(wish.hold_id, lines, wish.seconds, "" if wish.order_id is UNSET else wish.order_id)
    return [(known[product_id], pieces[product_id]) for product_id in lines], await ports.categories.tree()
