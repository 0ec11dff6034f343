"""The endpoints of the product service."""

from contracts import product as contract
from mallkit.endpoint import Blob, Caller, Done, Nothing
from mallkit.web import serves
from svc_product import views
from svc_product.domain.pictures import MEDIA
from svc_product.ports import Ports
from svc_product.use_cases import catalogue, categories, imports, pictures, stock


@serves(contract.products)
async def products(wish: contract.Search, _: Caller, ports: Ports) -> contract.ProductPage:
    """The catalogue."""
    shown = await catalogue.shown_in(wish.currency, ports)
    found, after = await catalogue.page(wish, ports)
    return contract.ProductPage(items=[views.product(*stocked, shown) for stocked in found], next=after)


@serves(contract.product)
async def product(wish: contract.ShownProduct, _: Caller, ports: Ports) -> contract.ProductView:
    """One product."""
    found = await catalogue.one(wish.product_id, ports)
    return views.product(*found, await catalogue.shown_in(wish.currency, ports))


@serves(contract.picture)
async def picture(wish: contract.OneProduct, _: Caller, ports: Ports) -> Blob:
    """A product's picture."""
    found = await pictures.of(wish.product_id, ports)
    return Blob(content=found.content, media=MEDIA[found.format], tag=found.name)


@serves(contract.set_picture)
async def set_picture(wish: contract.SetPicture, _: Caller, ports: Ports) -> contract.PictureView:
    """Sets a product's picture."""
    return views.pictured(await pictures.put(wish, ports))


@serves(contract.delete_picture)
async def delete_picture(wish: contract.OneProduct, _: Caller, ports: Ports) -> Done:
    """Takes a product's picture away."""
    await pictures.remove(wish.product_id, ports)
    return Done()


@serves(contract.prices)
async def prices(wish: contract.OneProduct, _: Caller, ports: Ports) -> contract.Prices:
    """What a product has cost."""
    return contract.Prices(items=views.prices(await catalogue.prices(wish.product_id, ports)))


@serves(contract.price_changes)
async def price_changes(wish: contract.OneProduct, _: Caller, ports: Ports) -> contract.PriceChanges:
    """Who changed a product's price."""
    return contract.PriceChanges(items=views.price_changes(await catalogue.prices(wish.product_id, ports)))


@serves(contract.categories)
async def all_categories(_wish: Nothing, _: Caller, ports: Ports) -> contract.Categories:
    """All categories."""
    return contract.Categories(items=[views.category(shown) for shown in await categories.listed(ports)])


@serves(contract.set_category)
async def set_category(wish: contract.SetCategory, _: Caller, ports: Ports) -> contract.CategoryView:
    """Makes or changes a category."""
    return views.category(await categories.put(wish, ports))


@serves(contract.delete_category)
async def delete_category(wish: contract.OneCategory, _: Caller, ports: Ports) -> Done:
    """Takes a category away."""
    await categories.remove(wish.category, ports)
    return Done()


@serves(contract.create)
async def create(wish: contract.NewProduct, caller: Caller, ports: Ports) -> contract.ProductView:
    """Puts a product on sale."""
    return views.product(*await catalogue.create(wish, caller, ports))


@serves(contract.patch)
async def patch(wish: contract.ProductPatch, caller: Caller, ports: Ports) -> contract.ProductView:
    """Changes a product."""
    return views.product(*await catalogue.rewrite(wish, caller, ports))


@serves(contract.delete)
async def delete(wish: contract.OneProduct, _: Caller, ports: Ports) -> Done:
    """Takes a product off sale."""
    await catalogue.withdraw(wish.product_id, ports)
    return Done()


@serves(contract.stock)
async def stock_of(wish: contract.OneProduct, _: Caller, ports: Ports) -> contract.StockView:
    """A product's stock."""
    return views.stock(await stock.of(wish.product_id, ports))


@serves(contract.set_stock)
async def set_stock(wish: contract.SetStock, caller: Caller, ports: Ports) -> contract.StockView:
    """Sets what is on hand."""
    return views.stock(await stock.set_on_hand(wish, caller, ports))


@serves(contract.adjust_stock)
async def adjust_stock(wish: contract.AdjustStock, caller: Caller, ports: Ports) -> contract.StockView:
    """Adds pieces, or takes some away."""
    return views.stock(await stock.adjust(wish, caller, ports))


@serves(contract.stock_log)
async def stock_log(wish: contract.LogOf, _: Caller, ports: Ports) -> contract.StockLog:
    """What operators did to a product's stock."""
    page = await stock.log(wish, ports)
    return contract.StockLog(items=list(map(views.stock_entry, page.items)), next=page.next)


@serves(contract.low_stock)
async def low_stock(wish: contract.Listed, _: Caller, ports: Ports) -> contract.LowStocks:
    """Products of which few are left."""
    found, after = await stock.low(wish, ports)
    return contract.LowStocks(items=[views.low_stock(*stocked) for stocked in found], next=after)


@serves(contract.import_part)
async def import_part(wish: contract.ImportPart, _: Caller, ports: Ports) -> contract.PartKept:
    """Keeps a part of an import aside."""
    return contract.PartKept(import_id=wish.import_id, part=wish.part, rows=await imports.keep_part(wish, ports))


@serves(contract.apply_import)
async def apply_import(wish: contract.ApplyImport, caller: Caller, ports: Ports) -> contract.Imported:
    """Applies an import."""
    done = await imports.apply(wish, caller, ports)
    return contract.Imported(import_id=done.id, created=done.created, updated=done.updated, unchanged=done.unchanged)


@serves(contract.export)
async def export(wish: contract.Export, _: Caller, ports: Ports) -> contract.Exported:
    """The whole catalogue."""
    found, after = await imports.export(wish, ports)
    return contract.Exported(items=list(map(views.exported, found)), next=after)


@serves(contract.look_up)
async def look_up(wish: contract.LookUp, _: Caller, ports: Ports) -> contract.Cards:
    """The faces of some products."""
    return views.cards(*await catalogue.look_up(wish.product_ids, ports))


@serves(contract.hold)
async def hold(wish: contract.Hold, _: Caller, ports: Ports) -> contract.Cards:
    """Reserves pieces."""
    return views.cards(*await stock.hold(wish, ports))


@serves(contract.bind_hold)
async def bind_hold(wish: contract.BindHold, _: Caller, ports: Ports) -> contract.HoldView:
    """Binds a hold to an order."""
    return _held(wish.hold_id, await ports.stock.bind(wish.hold_id, wish.order_id))


@serves(contract.take_hold)
async def take_hold(wish: contract.HoldOf, _: Caller, ports: Ports) -> contract.HoldView:
    """The pieces are sold."""
    return _held(wish.hold_id, await ports.stock.take(wish.hold_id))


@serves(contract.release_hold)
async def release_hold(wish: contract.HoldOf, _: Caller, ports: Ports) -> contract.HoldView:
    """The pieces can be bought again."""
    return _held(wish.hold_id, await ports.stock.release(wish.hold_id))


@serves(contract.give_back)
async def give_back(wish: contract.HoldOf, _: Caller, ports: Ports) -> contract.HoldView:
    """Held and sold pieces can be bought again."""
    return _held(wish.hold_id, await ports.stock.give_back(wish.hold_id))


@serves(contract.return_pieces)
async def return_pieces(wish: contract.ReturnPieces, _: Caller, ports: Ports) -> contract.HoldView:
    """Some of the sold pieces can be bought again."""
    lines = {line.product_id: line.quantity for line in wish.lines}
    return _held(wish.hold_id, await ports.stock.return_pieces(wish.hold_id, lines))


def _held(hold_id: str, state: str) -> contract.HoldView:
    return contract.HoldView(hold_id=hold_id, state=state)
