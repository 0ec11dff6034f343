"""An import: its parts are checked and kept aside, then all of it becomes visible at once."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from msgspec import UNSET

from contracts import product as contract
from contracts.product import ImportIncomplete, ImportRow, ImportTooLarge
from mallkit.endpoint import Caller
from mallkit.errors import Invalid, ShopError, Unavailable
from mallkit.steps import Write
from svc_product.domain.categories import Category
from svc_product.domain.imports import AppliedImport, Brought, Exported, ImportedRow, StagedPart, part_id, plan_of, shown_key, stored_key
from svc_product.domain.pictures import drawn, photographed
from svc_product.domain.product import Sheet, read_price, readable
from svc_product.ports import Ports

KEPT_SECONDS = 24 * 3600.0
TRIES = 5
ROWS_AT_ONCE = 20
TOLD = 20
"""Missing parts that a refusal names."""
STAGED, APPLIED = Write("product.import-staged"), Write("product.import-applied")


async def keep_part(wish: contract.ImportPart, ports: Ports) -> int:
    """How many rows are kept. Raises the refusal of the first bad row; `errors` names every one."""
    rows: list[ImportedRow] = []
    faults: list[tuple[int, ShopError]] = []
    twice = {key for key, times in Counter(row.import_key for row in wish.products).items() if times > 1}
    for number, row in enumerate(wish.products):
        if number % ROWS_AT_ONCE == 0:
            await asyncio.sleep(0)  # others' requests come in between
        try:
            if row.import_key in twice:
                message = "this import key comes twice"
                raise Invalid(message)
            rows.append(_checked(row, ports.currency))
        except ShopError as fault:
            faults.append((number, fault))
    if faults:
        raise _refusal(wish.products, faults)
    with STAGED.writing():
        await ports.imports.stage(StagedPart(id=part_id(wish.import_id, wish.part), rows=tuple(rows), staged_at=ports.clock()))
    return len(rows)


def _checked(row: ImportRow, sold_in: str) -> ImportedRow:
    price = read_price(row.price, sold_in if row.currency is UNSET else row.currency, sold_in)
    kept = drawn(row.picture_svg) if row.picture_svg else photographed(row.picture_image) if row.picture_image else None
    sheet = Sheet(
        name=row.name,
        price=price,
        category=row.category,
        name_zh=row.name_zh,
        description=row.description,
        group=row.group,
        options=row.options,
        sku=row.sku,
        tags=tuple(row.tags),
        picture=kept.name if kept else row.picture_url,
        tax_class=row.tax_class,
        weight_grams=row.weight_grams,
        low_stock_at=row.low_stock_at,
    )
    key = stored_key(readable("import_key", row.import_key))
    return ImportedRow(import_key=key, sheet=sheet.checked(), stock=row.stock, drawing=row.picture_svg, image=row.picture_image)


def _refusal(rows: Sequence[ImportRow], faults: Sequence[tuple[int, ShopError]]) -> ShopError:
    number, first = faults[0]
    more = f", and {len(faults) - 1} more bad rows" if len(faults) > 1 else ""
    errors = [{"row": number, "import_key": rows[number].import_key, "detail": fault.detail} for number, fault in faults]
    return type(first)(f"row {number} ({rows[number].import_key}): {first.detail}{more}", errors=errors)


async def apply(wish: contract.ApplyImport, caller: Caller, ports: Ports) -> AppliedImport:
    """All parts in one write. An import whose parts were applied answers what it did; sent again, it is compared with the present.

    Raises ImportIncomplete, ImportTooLarge, what `Tree.grown` raises, and Invalid when a product stands in two parts.
    """
    ids = [part_id(wish.import_id, number) for number in range(wish.parts)]
    for _ in range(TRIES):
        parts = await ports.imports.staged(ids)
        if not parts and (done := await ports.imports.applied(wish.import_id)) and done.parts == wish.parts:
            return done
        if len(parts) < wish.parts:
            if len(await ports.imports.staged(ids)) < len(parts):
                continue  # they were read while somebody else applied them
            raise _incomplete(ids, parts)
        rows = [row for part in parts for row in part.rows]
        if len(rows) > ports.import_rows:
            message = f"{len(rows)} rows, at most {ports.import_rows} become visible in one write"
            raise ImportTooLarge(message, rows=len(rows), most=ports.import_rows)
        plan = plan_of(rows, await ports.catalogue.known([row.import_key for row in rows]))
        done = AppliedImport(
            id=wish.import_id,
            parts=wish.parts,
            created=len(plan.new),
            updated=len(plan.changed),
            unchanged=plan.unchanged,
            applied_at=ports.clock(),
        )
        with APPLIED.writing():
            applied = await ports.imports.apply(Brought(plan, parts, _categories(wish)), done, caller.subject)
        if applied:
            return done
    message = "the catalogue keeps changing under this import"
    raise Unavailable(message)


def _incomplete(ids: Sequence[str], parts: Sequence[StagedPart]) -> ImportIncomplete:
    there = {part.id for part in parts}
    missing = [number for number, part_id in enumerate(ids) if part_id not in there]
    return ImportIncomplete(f"{len(missing)} of {len(ids)} parts have not arrived", missing=missing[:TOLD])


def _categories(wish: contract.ApplyImport) -> dict[str, Category]:
    return {
        each.category: Category(title=each.title, title_zh=each.title_zh, parent="" if each.parent is UNSET else each.parent)
        for each in wish.categories
    }


async def export(wish: contract.Export, ports: Ports) -> tuple[list[Exported], str | None]:
    """What is on sale, by import key, and where the list goes on."""
    page = await ports.catalogue.by_key(None if wish.after is UNSET else wish.after, wish.limit)
    products = [product for product in page.items if product.on_sale]
    ids = [product.id for product in products]
    pieces, drawings = await ports.stock.of(ids), await ports.catalogue.drawings(ids)
    found = [
        Exported(key=shown_key(product.import_key), product=product, on_hand=pieces[product.id].on_hand, svg=drawings.get(product.id, ""))
        for product in products
    ]
    return found, page.next


async def purge(ports: Ports) -> None:
    """Forgets what was sent and not applied within a day."""
    await ports.imports.purge(ports.clock() - KEPT_SECONDS)
