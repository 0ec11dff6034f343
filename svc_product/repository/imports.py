"""Imports on their way: parts that wait, and what each import did."""

from collections.abc import Callable, Iterable

from mallkit.store import Absent, Kind, Range, Step, Store, Taken
from svc_product.domain.imports import AppliedImport, Brought, ImportedRow, StagedPart
from svc_product.domain.product import Product
from svc_product.ports import Change
from svc_product.repository.catalogue import Catalogue
from svc_product.repository.categories import Categories

PARTS: Kind[StagedPart] = Kind(name="import_parts", type=StagedPart, fields={"staged_at": float}, indexes=(("staged_at",),))
APPLIED: Kind[AppliedImport] = Kind(name="imports", type=AppliedImport, fields={"applied_at": float}, indexes=(("applied_at",),))
PURGED_AT_ONCE = 20


class Moved(Exception):
    """A part is not the one that the plan was made from."""


class Imports:
    """Applies imports, all or nothing."""

    def __init__(self, store: Store, catalogue: Catalogue, categories: Categories, new_id: Callable[[], str]) -> None:
        self._store = store
        self._parts = store[PARTS]
        self._applied = store[APPLIED]
        self._categories = categories
        self._catalogue = catalogue
        self._new_id = new_id

    async def stage(self, part: StagedPart) -> None:
        """Keeps a part, in the place of the one before."""
        await self._parts.change(part.id, lambda _: part, absent=part)

    async def staged(self, part_ids: Iterable[str]) -> list[StagedPart]:
        """Those that are there, in this order."""
        found = []
        for part_id in part_ids:
            try:
                found.append(await self._parts.get(part_id))
            except Absent:
                continue
        return found

    async def applied(self, import_id: str) -> AppliedImport | None:
        """What it did."""
        try:
            return await self._applied.get(import_id)
        except Absent:
            return None

    async def apply(self, brought: Brought, done: AppliedImport, by: str) -> bool:
        """Does all of it or nothing; False when the catalogue or the parts have changed since the plan was made.

        Raises what `Tree.grown` raises, with nothing written.
        """
        plan, parts = brought.plan, brought.parts
        steps: list[Step] = [self._parts.checking(part.id, _is_still(part)) for part in parts]
        for row in plan.new:
            steps += self._catalogue.opening(_product(row, self._new_id(), done.applied_at), row.stock, row.picture)
        for product, row in plan.changed:
            dearer = by if product.sheet.price != row.sheet.price else None
            change = Change(rule=_rewriting(row, done.applied_at), picture=row.picture, by=dearer)
            steps += self._catalogue.changing(product.id, change)
        if brought.categories:
            steps.append(self._categories.changing(lambda tree: tree.grown(brought.categories)))
        steps.append(self._applied.changing(done.id, lambda _: done, absent=done))
        steps += [self._parts.removing(part.id) for part in parts]
        try:
            await self._store.together(*steps)
        except (Taken, Moved):
            return False
        self._categories.forget()
        return True

    async def purge(self, before: float) -> None:
        """Forgets parts and results from before this time."""
        while parts := (await self._parts.find({"staged_at": Range(lt=before)}, order="staged_at", limit=PURGED_AT_ONCE)).items:
            await self._store.together(*(self._parts.removing(part.id) for part in parts))
        while done := (await self._applied.find({"applied_at": Range(lt=before)}, order="applied_at", limit=PURGED_AT_ONCE)).items:
            await self._store.together(*(self._applied.removing(one.id) for one in done))


def _is_still(read: StagedPart) -> Callable[[StagedPart | None], None]:
    def check(part: StagedPart | None) -> None:
        if part is None or part.staged_at != read.staged_at:
            raise Moved

    return check


def _rewriting(row: ImportedRow, now: float) -> Callable[[Product], Product]:
    return lambda product: product.rewritten(row.sheet, now)


def _product(row: ImportedRow, product_id: str, now: float) -> Product:
    return Product(id=product_id, import_key=row.import_key, sheet=row.sheet, created_at=now, updated_at=now)
