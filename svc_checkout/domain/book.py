"""The price book: all that operators set and every purchase is reckoned by, in one document. Pure."""

from dataclasses import dataclass, field

from svc_checkout.domain.currency import Rate
from svc_checkout.domain.promotion import Promotion
from svc_checkout.domain.shipping import Tariff
from svc_checkout.domain.tax import TaxTable

BOOK = "book"
"""Its id: there is one."""


@dataclass(frozen=True)
class Book:
    """`rates` by currency, `tariffs` and `taxes` by country (or `others`), `promotions` by their ids."""

    id: str = BOOK
    rates: dict[str, Rate] = field(default_factory=dict)
    tariffs: dict[str, Tariff] = field(default_factory=dict)
    taxes: dict[str, TaxTable] = field(default_factory=dict)
    promotions: dict[str, Promotion] = field(default_factory=dict)
