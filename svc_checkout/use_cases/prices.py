"""The price book as operators write it, and as it is read."""

from dataclasses import replace
from decimal import Decimal
from typing import Protocol, TypeVar

from msgspec import UNSET, UnsetType

from contracts import currency as rates_contract
from contracts import promotion, shipping, tax
from mallkit.endpoint import Caller
from mallkit.errors import Invalid, Missing
from mallkit.money import LARGEST, Money
from mallkit.times import NEVER, seconds_of
from svc_checkout.domain import currency
from svc_checkout.domain import promotion as promotions
from svc_checkout.domain import shipping as tariffs
from svc_checkout.domain import tax as tables
from svc_checkout.domain.address import known_country
from svc_checkout.domain.book import Book
from svc_checkout.domain.currency import Exchange, Rate
from svc_checkout.domain.promotion import Promotion
from svc_checkout.domain.shipping import Step, Tariff
from svc_checkout.domain.tax import TaxTable
from svc_checkout.domain.window import ALWAYS, Window, window
from svc_checkout.ports import Ports

T = TypeVar("T")


class Windowed(Protocol):
    """A wish that says from when until when; `null` is without an end."""

    @property
    def valid_from(self) -> promotion.Moment | UnsetType:
        """From then on."""
        ...

    @property
    def valid_until(self) -> promotion.Moment | UnsetType | None:
        """Up to then."""
        ...


def window_of(wish: Windowed, found: Window = ALWAYS) -> Window:
    """What is not said stays as it is. Raises WindowWrong."""
    since = found.since if wish.valid_from is UNSET else seconds_of(wish.valid_from)
    until = found.until if wish.valid_until is UNSET else NEVER if wish.valid_until is None else seconds_of(wish.valid_until)
    return window(since, until)


async def rates(ports: Ports) -> dict[str, Rate]:
    """Those that one may buy at, the mall's own first."""
    now = ports.clock()
    known = currency.fresh((await ports.book.current()).rates, now, ports.times.rate)
    return {ports.currency: Rate(Exchange.none(ports.currency).per_unit, now), **known}


async def put_rate(wish: rates_contract.PutRate, ports: Ports) -> Rate:
    """Raises CurrencyUnknown, OwnCurrency, RateDateWrong."""
    now = ports.clock()
    as_of = now if wish.as_of is UNSET else seconds_of(wish.as_of)
    rate = Rate(currency.read(wish.currency, ports.currency, wish.per_unit), as_of)

    def rule(book: Book) -> Book:
        return replace(book, rates=currency.dated(book.rates, wish.currency, rate, now))

    await ports.book.change(rule)
    return rate


async def begin_promotion(wish: promotion.NewPromotion, caller: Caller, ports: Ports) -> Promotion:
    """Under the command's id, so that repeating it begins no second one. Raises WindowWrong, PromotionsFull."""
    wished = Promotion(caller.command, wish.name, wish.category, wish.basis_points, ports.clock(), window_of(wish))
    book = await ports.book.change(lambda book: replace(book, promotions=promotions.begin(book.promotions, wished)))
    return book.promotions[wished.id]


async def change_promotion(wish: promotion.PromotionPatch, ports: Ports) -> Promotion:
    """Raises Missing, WindowWrong."""
    sent = {name: value for name in ("name", "category", "basis_points") if (value := getattr(wish, name)) is not UNSET}

    def rule(found: Promotion) -> Promotion:
        return replace(found, **sent, window=window_of(wish, found.window))

    book = await ports.book.change(lambda book: replace(book, promotions=promotions.rewrite(book.promotions, wish.promotion_id, rule)))
    return book.promotions[wish.promotion_id]


async def end_promotion(promotion_id: str, ports: Ports) -> None:
    """Raises Missing."""
    await ports.book.change(lambda book: replace(book, promotions=promotions.without(book.promotions, promotion_id)))


def _sum(sent: Decimal, ports: Ports) -> int:
    """Minor units of the mall's own currency. Raises Invalid for a sum that is none."""
    if sent > LARGEST:
        message = f"a sum is at most {LARGEST}"
        raise Invalid(message)
    return Money.read(sent, ports.currency, least=0).minor


async def put_tariff(wish: shipping.PutTariff, ports: Ports) -> Tariff:
    """Raises AddressInvalid for a country that there is none of, TariffWrong."""
    known_country(wish.country)
    steps = tuple(Step(step.up_to_grams, _sum(step.price, ports)) for step in wish.steps)
    free_from = None if wish.free_from is UNSET else _sum(wish.free_from, ports)
    tariff = tariffs.tariff(steps, free_from)
    await ports.book.change(lambda book: replace(book, tariffs={**book.tariffs, wish.country: tariff}))
    return tariff


async def tariff(country: str, ports: Ports) -> Tariff:
    """Raises Missing where none is kept: the settings' flat rate holds there, or that of all others."""
    return _kept((await ports.book.current()).tariffs.get(country))


async def put_taxes(wish: tax.PutTaxes, ports: Ports) -> TaxTable:
    """Raises AddressInvalid for a country that there is none of, TaxClassUnknown."""
    known_country(wish.country)
    table = tables.table(wish.rates, "" if wish.shipping is UNSET else wish.shipping, inclusive=wish.inclusive)
    await ports.book.change(lambda book: replace(book, taxes={**book.taxes, wish.country: table}))
    return table


async def taxes(country: str, ports: Ports) -> TaxTable:
    """Raises Missing where none are kept."""
    return _kept((await ports.book.current()).taxes.get(country))


def _kept(found: T | None) -> T:
    if found is None:
        message = "nothing is kept for this country: what holds for all others does, or the flat rate of the settings"
        raise Missing(message)
    return found
