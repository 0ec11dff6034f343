"""The price book: all that operators set and every purchase is reckoned by, in one document. Pure."""

from dataclasses import dataclass, field

from svc_checkout.domain.currency import Rate

BOOK = "book"
"""Its id: there is one."""


@dataclass(frozen=True)
class Book:
    """`rates` by currency."""

    id: str = BOOK
    rates: dict[str, Rate] = field(default_factory=dict)
