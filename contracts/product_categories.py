"""What svc_product promises of categories. Read it through `contracts.product`."""

from mallkit.endpoint import ANYONE, GET, Endpoint, Nothing, View


class CategoryView(View, frozen=True):
    """A category and how many products it has."""

    category: str
    products: int


class Categories(View, frozen=True):
    """All categories, by name."""

    items: list[CategoryView]
    next: str | None = None


categories = Endpoint(
    method=GET, path="/api/v1/categories", takes=Nothing, gives=Categories, may=(ANYONE,), summary="All categories",
)  # fmt: skip
