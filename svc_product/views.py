"""From products and their stock to what the contracts show."""

from collections.abc import Iterable, Sequence

from contracts import audit
from contracts import product as contract
from mallkit.allotment import NEVER, Counter, Movement
from mallkit.times import rfc3339
from svc_product.domain.categories import Placed, Tree
from svc_product.domain.imports import Exported
from svc_product.domain.pictures import is_kept
from svc_product.domain.prices import Price, Shown
from svc_product.domain.product import Product
from svc_product.domain.stock import StockEntry
from svc_product.ports import Pieces


def product(found: Product, pieces: Pieces, shown: Shown | None = None) -> contract.ProductView:
    """One product with what can be bought of it, its price in the mall's own currency or in the one given."""
    sheet, created = found.sheet, rfc3339(found.created_at)
    price = shown.of(sheet.price) if shown else sheet.price
    version = f"{found.version}.{pieces.version}-{pieces.available}"
    return contract.ProductView(
        product_id=found.id,
        name=sheet.name,
        name_zh=sheet.name_zh,
        description=sheet.description,
        price=price.amount,
        currency=price.currency,
        stock=pieces.available,
        category=sheet.category,
        group=sheet.group,
        options=sheet.options,
        sku=sheet.sku,
        tags=list(sheet.tags),
        picture=picture(found),
        version=f"{version}-{price.currency}{price.minor}" if shown else version,
        created_at=created,
        updated_at=created if found.updated_at == found.created_at else rfc3339(found.updated_at),
        tax_class=sheet.tax_class,
        weight_grams=sheet.weight_grams,
    )


def cards(found: Iterable[tuple[Product, Pieces]], tree: Tree) -> contract.Cards:
    """The faces of some products."""
    return contract.Cards(items=[card(product, pieces, tree) for product, pieces in found])


def card(found: Product, pieces: Pieces, tree: Tree) -> contract.Card:
    """A product's face."""
    sheet, money = found.sheet, found.sheet.price
    return contract.Card(
        product_id=found.id,
        name=sheet.name,
        unit_minor=money.minor,
        currency=money.currency,
        stock=pieces.available,
        picture=picture(found),
        categories=tree.path(sheet.category),
        tax_class=sheet.tax_class,
        weight_grams=sheet.weight_grams,
    )


def category(shown: Placed) -> contract.CategoryView:
    """A category in its place."""
    name = shown.path[0]
    return contract.CategoryView(
        category=name,
        products=shown.products,
        title=shown.category.title or name,
        title_zh=shown.category.title_zh,
        parent=shown.category.parent,
        path=list(reversed(shown.path)),
    )


def stock(pieces: Pieces) -> contract.StockView:
    """What is in the house."""
    return contract.StockView(
        product_id=pieces.id,
        on_hand=pieces.available + pieces.reserved,
        available=pieces.available,
        reserved=pieces.reserved,
        version=str(pieces.version),
        low=pieces.low,
        low_stock_at=None if pieces.low_at == NEVER else pieces.low_at,
    )


def stock_entry(entry: StockEntry) -> contract.StockEntryView:
    """What an operator did."""
    return contract.StockEntryView(
        at=rfc3339(entry.at), by=entry.by, delta=entry.delta, on_hand=entry.on_hand, reason=entry.reason, note=entry.note
    )


def low_stock(found: Product, pieces: Pieces) -> contract.LowStock:
    """A product of which few are left."""
    return contract.LowStock(
        product_id=found.id,
        name=found.sheet.name,
        on_hand=pieces.available + pieces.reserved,
        available=pieces.available,
        reserved=pieces.reserved,
        low_stock_at=pieces.low_at,
    )


def picture(found: Product) -> str:
    """A path on this host, a URL, or nothing."""
    kept = found.sheet.picture
    return contract.picture.path.format(product_id=found.id) if is_kept(kept) else kept


def exported(found: Exported) -> contract.ExportedView:
    """A product as a file shows it."""
    sheet = found.product.sheet
    is_image = is_kept(sheet.picture) and not found.svg
    return contract.ExportedView(
        import_key=found.key,
        name=sheet.name,
        price=sheet.price.amount,
        currency=sheet.price.currency,
        stock=found.on_hand,
        category=sheet.category,
        name_zh=sheet.name_zh,
        description=sheet.description,
        group=sheet.group,
        options=sheet.options,
        sku=sheet.sku,
        tags=list(sheet.tags),
        tax_class=sheet.tax_class,
        weight_grams=sheet.weight_grams,
        low_stock_at=sheet.low_stock_at,
        picture_svg=found.svg,
        picture_url="" if is_kept(sheet.picture) else sheet.picture,
        picture=picture(found.product) if is_image else "",
    )


def pictured(found: Product) -> contract.PictureView:
    """A picture that was set."""
    return contract.PictureView(product_id=found.id, picture=picture(found), tag=found.sheet.picture)


def prices(found: Sequence[Price]) -> list[contract.PriceView]:
    """Newest first."""
    changes = price_changes(found)
    return [contract.PriceView(price=each.price, currency=each.currency, since=each.since, until=each.until) for each in changes]


def price_changes(found: Sequence[Price]) -> list[contract.PriceChange]:
    """Newest first, with who made them."""
    ends = [rfc3339(price.since) for price in found[1:]]
    return [
        contract.PriceChange(price=price.money.amount, currency=price.money.currency, since=rfc3339(price.since), until=until, by=price.by)
        for price, until in reversed(list(zip(found, [*ends, None], strict=True)))
    ]


def counter_row(found: Counter, revision: int) -> audit.Counter:
    """For the audit."""
    on_their_way = {movement: audit.Entry(*entry) for movement, entry in found.open.items()}
    return audit.Counter(id=found.id, revision=revision, available=found.available, reserved=found.reserved, open=on_their_way)


def log_row(found: StockEntry, revision: int) -> audit.Adjustment:
    """For the audit."""
    return audit.Adjustment(id=found.id, revision=revision, thing=found.product_id, quantity=found.delta)


def movement_row(found: Movement, revision: int) -> audit.Movement:
    """For the audit."""
    return audit.Movement(
        id=found.id,
        revision=revision,
        key=found.key,
        thing=found.thing,
        quantity=found.quantity,
        state=found.state,
        bound=found.bound,
        expires_at=found.expires_at,
        returned=found.returned,
        token=found.token,
    )
