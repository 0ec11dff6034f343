"""What an import is, and what it changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mallkit.errors import Invalid
from svc_product.domain.categories import Category
from svc_product.domain.pictures import Format, Picture, photographed
from svc_product.domain.product import Product, Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRow:
    """A checked row of an import. `stock` counts for a new product only; of `drawing` (SVG) and `image` one is nothing."""

    import_key: str
    sheet: Sheet
    stock: int
    drawing: str = ""
    image: bytes = b""

    @property
    def picture(self) -> Picture | None:
        """The one to be kept."""
        if self.image:
            return photographed(self.image)
        return Picture(Format.SVG, self.drawing.encode()) if self.drawing else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedPart:
    """A part of an import that waits to be applied."""

    id: str
    rows: tuple[ImportedRow, ...]
    staged_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedImport:
    """What an import did when it was applied last; `id` is the import's."""

    id: str
    parts: int
    created: int
    updated: int
    unchanged: int
    applied_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What applying an import means for the catalogue as it stands."""

    new: Sequence[ImportedRow]
    changed: Sequence[tuple[Product, ImportedRow]]
    unchanged: int


@dataclass(frozen=True, slots=True)
class Brought:
    """All that an import writes: what its parts mean for the catalogue, and categories by name."""

    plan: Plan
    parts: Sequence[StagedPart]
    categories: Mapping[str, Category] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A product as a file shows it; `svg` where its picture is a drawing, `on_hand` with what is held."""

    key: str
    product: Product
    on_hand: int
    svg: str


MADE = "made:"
ROW = "row:"


def stored_key(import_key: str) -> str:
    """What a product is known by in the store. A product that a call made keeps its key through export and import."""
    return import_key if import_key.startswith(MADE) else ROW + import_key


def shown_key(stored: str) -> str:
    """The key that an import brings the product back under."""
    return stored.removeprefix(ROW)


def part_id(import_id: str, number: int) -> str:
    """Under which a part waits."""
    return f"{import_id}/{number}"


def plan_of(rows: Iterable[ImportedRow], known: Mapping[str, Product]) -> Plan:
    """What is new and what differs, `known` by import key. Raises Invalid when two rows are one product."""
    new, changed, unchanged, seen = [], [], 0, set[str]()
    for row in rows:
        if row.import_key in seen:
            message = f"the import key {row.import_key} comes twice"
            raise Invalid(message)
        seen.add(row.import_key)
        product = known.get(row.import_key)
        if product is None:
            new.append(row)
        elif product.on_sale and product.sheet == row.sheet:
            unchanged += 1
        else:
            changed.append((product, row))
    return Plan(new=new, changed=changed, unchanged=unchanged)
