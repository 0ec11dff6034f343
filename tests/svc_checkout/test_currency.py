"""Other currencies: exact exchange, rates that are dated, and what may be bought at them."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.currency import OwnCurrency, RateDateWrong, RateTooOld
from contracts.pricing import CurrencyUnknown
from mallkit.errors import Invalid
from mallkit.money import DECIMALS, MOST, Money, converted
from mallkit.sqlite import open_store
from mallkit.times import rfc3339
from svc_checkout.domain import currency
from svc_checkout.domain.book import Book
from svc_checkout.domain.currency import Exchange, Rate, dated, exchange, fresh
from svc_checkout.repository import BOOKS, Books
from tests.mallhouse import house

DAY = 86_400.0
CURRENCIES = st.sampled_from(sorted(DECIMALS))


@pytest.mark.requirement(134)
@given(st.integers(-MOST, MOST), CURRENCIES, CURRENCIES, st.decimals("0.000001", "1000000", places=6))
def test_an_amount_is_exchanged_exactly_and_rounded_half_up_once(minor: int, base: str, to: str, per_unit: Decimal) -> None:
    exact = Fraction(minor, 10 ** DECIMALS[base]) * Fraction(per_unit) * 10 ** DECIMALS[to]
    if abs(exact) > MOST:
        with pytest.raises(Invalid):
            converted(Money(minor, base), to, per_unit)
        return
    got = converted(Money(minor, base), to, per_unit)
    assert got.currency == to
    assert Fraction(-1, 2) < got.minor - exact <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("minor", "base", "to", "per_unit", "got"),
    [
        (1999, "USD", "EUR", "0.92", 1839),
        (1999, "USD", "JPY", "149.5", 2989),
        (1999, "USD", "KWD", "0.3075", 6147),
        (50, "USD", "JPY", "1", 1),
        (49, "USD", "JPY", "1", 0),
        (1, "JPY", "USD", "0.0067", 1),
        (0, "USD", "EUR", "0.92", 0),
    ],
)
def test_the_decimals_are_those_of_the_currency(minor: int, base: str, to: str, per_unit: str, got: int) -> None:
    assert converted(Money(minor, base), to, Decimal(per_unit)) == Money(got, to)


def test_a_currency_nobody_knows_is_refused() -> None:
    with pytest.raises(Invalid):
        converted(Money(1, "USD"), "XXX", Decimal(1))


def test_a_rate_is_bought_at_while_it_is_fresh() -> None:
    known = {"EUR": Rate(Decimal("0.92"), 1000.0), "JPY": Rate(Decimal("149.5"), 1000.0 - DAY)}
    assert exchange(known, "USD", "EUR", 1000.0 + DAY, DAY) == Exchange("USD", "EUR", Decimal("0.92"), 1000.0)
    assert exchange(known, "USD", "USD", 1e12, DAY).own
    with pytest.raises(RateTooOld) as old:
        exchange(known, "USD", "JPY", 1001.0, DAY)
    assert old.value.facts == {"currency": "JPY", "as_of": rfc3339(1000.0 - DAY)}
    with pytest.raises(CurrencyUnknown) as unknown:
        exchange(known, "USD", "CHF", 1001.0, DAY)
    assert unknown.value.facts == {"currencies": ["USD", "EUR"]}
    assert list(fresh(known, 1001.0, DAY)) == ["EUR"]


def test_a_rate_is_never_set_back_and_never_of_tomorrow() -> None:
    known = dated({}, "EUR", Rate(Decimal("0.92"), 1000.0), 1000.0)
    with pytest.raises(RateDateWrong):
        dated(known, "EUR", Rate(Decimal("0.9"), 999.0), 2000.0)
    with pytest.raises(RateDateWrong):
        dated(known, "EUR", Rate(Decimal("0.9"), 2100.0), 2000.0)
    corrected = Rate(Decimal("0.93"), 1000.0)
    assert dated(known, "EUR", corrected, 2000.0) == {"EUR": corrected}


@pytest.mark.parametrize("text", ["0", "-1", "0.0000001", "1000001", "1E+999999999", "1E-999999999", "NaN", "Infinity", "1" * 41])
def test_a_rate_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        currency.read("EUR", "USD", Decimal(text))


def test_only_other_currencies_that_are_known_have_rates() -> None:
    with pytest.raises(OwnCurrency):
        currency.read("USD", "USD", Decimal(1))
    with pytest.raises(CurrencyUnknown):
        currency.read("XXX", "USD", Decimal(1))


async def test_a_copy_sees_anothers_change_of_the_book_a_second_later_and_its_own_at_once(tmp_path: Path) -> None:
    now, priced = 100.0, Book(rates={"EUR": Rate(Decimal("0.92"), 1.0)})
    async with open_store(tmp_path / "checkout.db", (BOOKS,)) as store:
        mine, theirs = (Books(store[BOOKS], lambda: now) for _ in range(2))
        assert await mine.current() == await theirs.current() == Book()
        await mine.change(lambda _: priced)
        assert await mine.current() == priced
        assert await theirs.current() == Book()
        now += 1.01
        assert await theirs.current() == priced


@pytest.mark.requirement(134)
async def test_operators_set_rates_and_everybody_reads_them(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", "checkout", MALL_CHECKOUT_RATE_DAYS="1") as mall:
        operator, path = await mall.token("operator"), "/api/v1/rates"
        alone = (await mall.call("checkout", "GET", path)).json
        assert (alone["base"], [(each["currency"], each["per_unit"]) for each in alone["items"]]) == ("USD", [("USD", 1)])
        told = await mall.call("checkout", "PUT", f"{path}/EUR", {"per_unit": 0.9215}, token=operator)
        assert (told.status, told.json["per_unit"]) == (200, 0.9215)
        old = {"per_unit": 149.5, "as_of": "2026-01-01T00:00:00Z"}
        assert (await mall.call("checkout", "PUT", f"{path}/JPY", old, token=operator)).status == 200
        shown = (await mall.call("checkout", "GET", path)).json["items"]
        assert [each["currency"] for each in shown] == ["USD", "EUR"], "a rate that is too old is not shown"
        again = {"per_unit": 0.9, "as_of": "2026-01-01T00:00:00+02:00"}
        refused = await mall.call("checkout", "PUT", f"{path}/EUR", again, token=operator)
        assert (refused.status, refused.kind) == (422, "pricing/rate-date-wrong")
        assert (await mall.call("checkout", "GET", path)).json["items"][1:] == shown[1:]
