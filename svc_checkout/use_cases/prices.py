"""The price book as operators write it, and as it is read."""

from dataclasses import replace

from msgspec import UNSET

from contracts import currency as contract
from svc_checkout.domain import currency
from svc_checkout.domain.book import Book
from svc_checkout.domain.currency import Rate
from svc_checkout.ports import Ports


async def rates(ports: Ports) -> dict[str, Rate]:
    """Those that one may buy at, the mall's own first."""
    now = ports.clock()
    known = currency.fresh((await ports.book.current()).rates, now, ports.times.rate)
    return {ports.currency: Rate(currency.Exchange.none(ports.currency).per_unit, now), **known}


async def put_rate(wish: contract.PutRate, ports: Ports) -> Rate:
    """Raises CurrencyUnknown, OwnCurrency, RateDateWrong."""
    now = ports.clock()
    as_of = now if wish.as_of is UNSET else wish.as_of.timestamp()
    rate = Rate(currency.read(wish.currency, ports.currency, wish.per_unit), as_of)

    def rule(book: Book) -> Book:
        return replace(book, rates=currency.dated(book.rates, wish.currency, rate, now))

    await ports.book.change(rule)
    return rate
