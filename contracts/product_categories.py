"""What svc_product promises of categories. Read it through `contracts.product`."""

from msgspec import UNSET, UnsetType

from contracts.product_words import Category, Chinese, Title
from mallkit.endpoint import ANYONE, DELETE, GET, OPERATORS, PUT, Done, Endpoint, Nothing, View, Wish
from mallkit.errors import Missing, Refused


class ParentUnknown(Refused):
    """`parent` names a category that neither an operator made nor a product has."""

    slug = "product/parent-unknown"
    title = "There is no such parent category"
    status = 422
    remedy = "Make the parent first, or leave it out for a category at the top."


class CategoryLoop(Refused):
    """A category would hang below itself."""

    slug = "product/category-loop"
    title = "A category cannot hang below itself"
    remedy = "Choose a parent that does not lie below the category."


class CategoryTooDeep(Refused):
    """The tree has eight levels at most."""

    slug = "product/category-too-deep"
    title = "The categories would be nested too deep"
    remedy = "Choose a parent nearer to the top."


class CategoriesFull(Refused):
    """There may be 5,000 categories that operators made."""

    slug = "product/categories-full"
    title = "There are too many categories"
    remedy = "Take away those that are not used."


class CategoryInUse(Refused):
    """Other categories hang below it, or products are on sale in it."""

    slug = "product/category-in-use"
    title = "The category is in use"
    remedy = "Move its categories and products elsewhere first."


class CategoryView(View, frozen=True):
    """`products` on sale in it and in all below it; `path` leads from the top to the category itself.

    A category that nobody gave a title has its name for one.
    """

    category: str
    products: int
    title: str = ""
    title_zh: str = ""
    parent: str = ""
    path: list[str] = []


class Categories(View, frozen=True):
    """All categories, by name."""

    items: list[CategoryView]
    next: str | None = None


class SetCategory(Wish, frozen=True):
    """The whole category: without a parent it stands at the top. Moving it moves all that hangs below."""

    category: Category
    title: Title
    title_zh: Chinese = ""
    parent: Category | UnsetType = UNSET


class OneCategory(Wish, frozen=True):
    """Names a category."""

    category: Category


categories = Endpoint(
    method=GET, path="/api/v1/categories", takes=Nothing, gives=Categories, may=(ANYONE,), summary="All categories",
)  # fmt: skip
set_category = Endpoint(
    method=PUT, path="/api/v1/categories/{category}", takes=SetCategory, gives=CategoryView, may=OPERATORS, idempotent=True,
    refuses=(ParentUnknown, CategoryLoop, CategoryTooDeep, CategoriesFull), summary="Make, rename or move a category",
)  # fmt: skip
delete_category = Endpoint(
    method=DELETE, path="/api/v1/categories/{category}", takes=OneCategory, gives=Done, may=OPERATORS, status=204,
    refuses=(Missing, CategoryInUse), summary="Take a category away",
)  # fmt: skip
