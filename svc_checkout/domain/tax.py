"""What of a purchase is tax: rates by country and class, on top of the prices or inside them. Pure.

Tax is reckoned on the sum of a class, rounded half up once, and shared among its products by largest remainder.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from contracts.shipping import OTHERS
from contracts.tax import TaxClassUnknown
from svc_checkout.domain.shares import WHOLE, rounded, shared


@dataclass(frozen=True)
class TaxTable:
    """Of a country: basis points by class. `inclusive`: prices contain the tax. `shipping`: the class whose rate shipping has, or none."""

    inclusive: bool = False
    rates: dict[str, int] = field(default_factory=dict)
    shipping: str = ""
    rest: int | None = None
    """The rate of every class that is not named: the settings' flat one."""

    def rate(self, tax_class: str) -> int | None:
        """Basis points; None where nobody has said."""
        return self.rates.get(tax_class, self.rest)

    def of(self, minor: int, rate: int) -> int:
        """The tax on a sum, or inside it."""
        return rounded(minor * rate, WHOLE + rate) if self.inclusive else rounded(minor * rate, WHOLE)


def table(rates: Mapping[str, int], shipping: str, *, inclusive: bool) -> TaxTable:
    """As an operator sets it. Raises TaxClassUnknown where shipping has a class that the table has not."""
    if shipping and shipping not in rates:
        message = f"shipping has the class {shipping!r}, for which there is no rate here"
        raise TaxClassUnknown(message, tax_class=shipping)
    return TaxTable(inclusive, dict(rates), shipping)


def for_country(stored: Mapping[str, TaxTable], flat: Mapping[str, int], country: str) -> TaxTable:
    """The country's own table, else that of all others; where there is neither, the flat rate of the settings for every class."""
    found = stored.get(country) or stored.get(OTHERS)
    return TaxTable(rest=flat.get(country, flat.get("*", 0))) if found is None else found


@dataclass(frozen=True)
class Taxed:
    """What is taxed: a product's part of the purchase after all discounts."""

    product_id: str
    tax_class: str
    net: int


def taxes(table: TaxTable, country: str, goods: Sequence[Taxed]) -> dict[str, tuple[int, int]]:
    """Product → its rate and its share of the tax, nothing included. Raises TaxClassUnknown, naming product and class."""
    by_rate: dict[int, list[Taxed]] = {}
    for one in goods:
        rate = table.rate(one.tax_class)
        if rate is None:
            message = f"{one.product_id} has the tax class {one.tax_class!r}, for which there is no rate in {country}"
            raise TaxClassUnknown(message, product_id=one.product_id, tax_class=one.tax_class, country=country)
        by_rate.setdefault(rate, []).append(one)
    return {product_id: share for rate, some in by_rate.items() for product_id, share in _shares(table, rate, some)}


def _shares(table: TaxTable, rate: int, goods: Sequence[Taxed]) -> Iterable[tuple[str, tuple[int, int]]]:
    nets = [one.net for one in goods]
    for one, minor in zip(goods, shared(table.of(sum(nets), rate), nets), strict=True):
        yield one.product_id, (rate, minor)
