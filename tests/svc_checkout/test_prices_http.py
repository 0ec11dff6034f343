"""Coupons, promotions, tariffs, taxes and currencies over HTTP, on a real bus: what operators set is what buyers pay, and get back."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.buses.brokers import PASSWORD, redis_broker
from tests.journeys.people import ADDRESS, DECLINED, card, order_form
from tests.mallhouse import Answer
from tests.svc_checkout.buying import Buyer, Buying, buying, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUOTE = "/api/v1/checkout/quote"
_numbers = itertools.count()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    async with redis_broker(tmp_path_factory.mktemp("bus")) as broker:
        bus = {"MALL_REDIS_URL": broker.environ["BUS_URL"], "MALL_REDIS_PASSWORD": PASSWORD}
        async with buying(tmp_path_factory.mktemp("mall"), **bus) as running:
            yield running


async def operate(mall: Buying, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    told = await mall.call("checkout", method, f"/api/v1/{path}", body, token=mall.operator)
    assert told.status == status, told.body
    return told.json


async def coupon(mall: Buying, **fields: Any) -> str:
    """The code of a new coupon, 10 % unless it is said."""
    code = f"C-{next(_numbers)}"
    worth = {} if "kind" in fields else {"kind": "percent", "basis_points": 1000}
    await operate(mall, "POST", "coupons", {"code": code, **worth, **fields}, 201)
    return code


async def uses(mall: Buying, code: str) -> tuple[int, int]:
    """Used and held."""
    told = await operate(mall, "GET", f"coupons/{code}")
    return told["used"], told["held"]


async def quoted(mall: Buying, buyer: Buyer, country: str = "US", **more: Any) -> Answer:
    return await mall.call("checkout", "POST", QUOTE, {"address": ADDRESS | {"country": country}, **more}, by=buyer)


def amounts(receipt: Any) -> list[tuple[str, float]]:
    return [(line["kind"], line["amount"]) for line in receipt["lines"]]


@pytest.mark.requirement(135, 136)
async def test_a_coupon_is_bought_with_and_comes_back_with_the_order(mall: Buying) -> None:
    product_id, code = await mall.product(20), await coupon(mall, limit=5, limit_per_user=1)
    buyer = await mall.with_cart(product_id)
    told = await quoted(mall, buyer, coupon=code.lower())
    assert amounts(told.json) == [("item", 20), ("coupon", -2), ("shipping", 5), ("tax", 1.49)]
    bought = await mall.check_out(buyer, coupon=code, expected_total=24.49)
    assert bought.status == 200, bought.body
    assert bought.json["receipt"] == told.json
    assert await uses(mall, code) == (1, 0)
    await mall.add(buyer, product_id)
    again = await mall.check_out(buyer, coupon=code)
    assert (again.status, again.kind) == (409, "coupon/used-by-you")
    cancelled = await mall.call("order", "PUT", f"/api/v1/orders/{bought.json['order_id']}/cancel", {}, by=buyer)
    assert cancelled.status == 200

    async def is_back() -> bool:
        return await uses(mall, code) == (0, 0)

    await until(is_back)
    assert (await mall.check_out(buyer, coupon=code)).status == 200
    assert await uses(mall, code) == (1, 0)


@pytest.mark.requirement(136)
async def test_a_purchase_that_the_bank_declines_gives_its_use_back(mall: Buying) -> None:
    product_id, code = await mall.product(20), await coupon(mall)
    buyer = await mall.with_cart(product_id)
    declined = await mall.check_out(buyer, DECLINED, coupon=code)
    assert (declined.status, declined.kind) == (402, "checkout/payment-failed")

    async def is_back() -> bool:
        return await uses(mall, code) == (0, 0) and await mall.lines(buyer) == {product_id: 1}

    await until(is_back)


@pytest.mark.requirement(136)
async def test_an_order_that_is_paid_later_holds_its_use_until_it_is_paid_or_cancelled(mall: Buying) -> None:
    product_id, code = await mall.product(20), await coupon(mall, limit=2)
    form = {name: value for name, value in order_form(coupon=code).items() if name != "credit_card"}
    orders = []
    for _ in range(2):
        buyer = await mall.with_cart(product_id)
        placed = await mall.call("checkout", "POST", "/api/v1/orders", form, by=buyer)
        assert placed.status == 201, placed.body
        orders.append((buyer, placed.json["order_id"]))
    assert await uses(mall, code) == (0, 2)
    (payer, paid), (leaver, left) = orders
    charge = {"amount": 24.49, "credit_card": card(), "order_id": paid, "user_id": payer.user_id}
    assert (await mall.call("payment", "POST", "/payment/charge", charge, by=payer)).status == 200
    assert (await mall.call("order", "PUT", f"/api/v1/orders/{left}/cancel", {}, by=leaver)).status == 200

    async def both_are_told() -> bool:
        return await uses(mall, code) == (1, 0)

    await until(both_are_told)


@pytest.mark.requirement(136)
async def test_every_reason_against_a_coupon_has_its_own_name_and_changes_nothing(mall: Buying) -> None:
    product_id = await mall.product(20)
    buyer = await mall.with_cart(product_id)
    ended, used = await coupon(mall), await coupon(mall, limit=1)
    await operate(mall, "PATCH", f"coupons/{ended}", {"ended": True})
    assert (await mall.check_out(await mall.with_cart(product_id), coupon=used)).status == 200
    stock = await mall.stock(product_id)
    for code, status, kind in (
        ("NEVER-GIVEN", 422, "coupon/unknown"),
        (await coupon(mall, valid_from="2999-01-01T00:00:00Z"), 409, "coupon/not-yet-valid"),
        (await coupon(mall, valid_until="2026-01-01T00:00:00Z"), 409, "coupon/expired"),
        (ended, 409, "coupon/ended"),
        (used, 409, "coupon/used-up"),
        (await coupon(mall, minimum=20.01), 409, "coupon/minimum-not-reached"),
        (await coupon(mall, kind="fixed", amount=5, currency="EUR"), 422, "coupon/other-currency"),
        (await coupon(mall, basis_points=1, kind="percent"), 409, "coupon/gives-nothing"),
    ):
        told = [await quoted(mall, buyer, coupon=code), await mall.check_out(buyer, coupon=code)]
        assert [(each.status, each.kind) for each in told] == [(status, kind)] * 2, code

    async def is_as_before() -> bool:
        return await mall.lines(buyer) == {product_id: 1} and await mall.stock(product_id) == stock

    await until(is_as_before)
    assert await mall.orders(buyer) == []


async def test_coupons_are_listed_changed_and_never_set_below_their_use(mall: Buying) -> None:
    code = await coupon(mall, limit=3, kind="fixed", amount=1.5, minimum=2)
    shown = await operate(mall, "GET", f"coupons/{code.lower()}")
    assert {name: shown[name] for name in ("code", "kind", "amount", "currency", "minimum", "limit", "left", "valid_until")} == {
        "code": code, "kind": "fixed", "amount": 1.5, "currency": "USD", "minimum": 2, "limit": 3, "left": 3, "valid_until": None,
    }  # fmt: skip
    assert (await mall.check_out(await mall.with_cart(await mall.product()), coupon=code)).status == 200
    assert (await operate(mall, "PATCH", f"coupons/{code}", {"limit": 1}))["left"] == 0
    assert (await operate(mall, "PATCH", f"coupons/{code}", {"limit": None, "valid_until": "2999-01-01T00:00:00Z"}))["left"] is None
    refused = await operate(mall, "PATCH", f"coupons/{code}", {"valid_from": "2999-01-01T00:00:01Z"}, 422)
    assert refused["type"] == "/problems/pricing/window-wrong"
    listed: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await operate(mall, "GET", f"coupons?limit=2{after}")
        listed += [item["code"] for item in page["items"]]
        after = None if page["next"] is None else f"&after={page['next']}"
    assert code in listed
    assert listed == sorted(set(listed))


async def test_a_coupon_is_given_out_once_for_a_key(mall: Buying) -> None:
    body = {"code": "once", "kind": "free_shipping"}
    told = [
        await mall.call("checkout", "POST", "/api/v1/coupons", body, token=mall.operator, key="give-out"),
        await mall.call("checkout", "POST", "/api/v1/coupons", body, token=mall.operator, key="give-out"),
        await mall.call("checkout", "POST", "/api/v1/coupons", body | {"code": "ONCE"}, token=mall.operator),
        await mall.call("checkout", "POST", "/api/v1/coupons", body | {"amount": 1}, token=mall.operator),
        await mall.call("checkout", "POST", "/api/v1/coupons", body | {"currency": "XXX"}, token=mall.operator),
        await mall.call("checkout", "POST", "/api/v1/coupons", body | {"amount": 1.5, "currency": "JPY"}, token=mall.operator),
    ]
    assert [each.status for each in told] == [201, 201, 409, 422, 422, 400]
    assert told[0].json == told[1].json
    assert [each.kind for each in told[2:]] == [
        "coupon/exists", "coupon/contradicts-itself", "pricing/currency-unknown", "checkout/bad-parameters",
    ]  # fmt: skip


@pytest.mark.requirement(135)
async def test_a_promotion_takes_off_while_it_runs(mall: Buying) -> None:
    new = {"name": "Tea week", "category": "tea", "basis_points": 2500}
    begun = await operate(mall, "POST", "promotions", new, 201)
    await operate(mall, "POST", "promotions", new | {"basis_points": 1000}, 201)
    buyer = await mall.with_cart(await mall.product(9.99, category="tea"))
    off = [line for line in (await quoted(mall, buyer)).json["lines"] if line["kind"] == "promotion"]
    assert [(line["amount"], line["text"]) for line in off] == [(-2.5, "Tea week, 25 %")]
    changed = await operate(mall, "PATCH", f"promotions/{begun['promotion_id']}", {"valid_from": "2999-01-01T00:00:00Z"})
    assert (changed["name"], changed["running"]) == ("Tea week", False)
    assert ("promotion", -1) in amounts((await quoted(mall, buyer)).json)
    listed = (await operate(mall, "GET", "promotions"))["items"]
    for each in listed:
        await operate(mall, "DELETE", f"promotions/{each['promotion_id']}", status=204)
    await operate(mall, "DELETE", f"promotions/{begun['promotion_id']}", status=404)
    assert (await operate(mall, "GET", "promotions"))["items"] == []
    assert "promotion" not in dict(amounts((await quoted(mall, buyer)).json))


@pytest.mark.requirement(134)
async def test_shipping_goes_by_country_and_weight(mall: Buying) -> None:
    heavy = await mall.product(10, weight_grams=1500)
    buyer = await mall.with_cart(heavy, 2)
    await operate(mall, "GET", "shipping/AT", status=404)
    tariff = {"steps": [{"up_to_grams": 2000, "price": 4.9}, {"up_to_grams": 3000, "price": 9.9}], "free_from": 50}
    assert (await operate(mall, "PUT", "shipping/AT", tariff))["currency"] == "USD"
    assert await operate(mall, "GET", "shipping/AT") == tariff | {"country": "AT", "currency": "USD"}
    assert ("shipping", 9.9) in amounts((await quoted(mall, buyer, "AT")).json)
    parcel = {"country": "AT", "lines": [{"product_id": heavy, "quantity": 1}], "weight_grams": 500}
    asked = await mall.call("checkout", "POST", "/api/v1/shipping/quote", parcel)
    assert (asked.status, asked.json) == (200, {"country": "AT", "weight_grams": 2000, "price": 4.9, "currency": "USD"})
    await mall.add(buyer, heavy)
    for told in (await quoted(mall, buyer, "AT"), await mall.check_out(buyer, address=ADDRESS | {"country": "AT"})):
        assert (told.status, told.kind, told.json["weight_grams"]) == (422, "checkout/parcel-too-heavy", 4500)
    unknown = parcel | {"lines": [{"product_id": "nothing", "quantity": 1}]}
    assert (await mall.call("checkout", "POST", "/api/v1/shipping/quote", unknown)).kind == "pricing/product-unknown"
    assert (await mall.call("checkout", "POST", "/api/v1/shipping/quote", {"country": "ZZ"})).kind == "checkout/address-invalid"
    assert (await operate(mall, "PUT", "shipping/ZZ", tariff, 422))["type"] == "/problems/checkout/address-invalid"


@pytest.mark.requirement(134)
async def test_tax_goes_by_country_and_class(mall: Buying) -> None:
    book, lamp = await mall.product(10.7, tax_class="reduced"), await mall.product(11.9)
    buyer = await mall.with_cart(book)
    await mall.add(buyer, lamp)
    table = {"inclusive": True, "rates": {"standard": 1900, "reduced": 700}, "shipping": "standard"}
    assert await operate(mall, "PUT", "taxes/DE", table) == table | {"country": "DE"}
    assert await operate(mall, "GET", "taxes/DE") == table | {"country": "DE"}
    inside = (await quoted(mall, buyer, "DE")).json
    assert inside["total"] == 37.6
    assert [(line["amount"], line["included"]) for line in inside["lines"] if line["kind"] == "tax"] == [(0, 0.7), (0, 1.9), (0, 2.39)]
    bought = await mall.check_out(buyer, address=ADDRESS | {"country": "DE"}, expected_total=37.6)
    order = (await mall.call("order", "GET", f"/api/v1/orders/{bought.json['order_id']}", by=buyer)).json
    assert order["receipt"] == bought.json["receipt"]["lines"]
    await operate(mall, "PUT", "taxes/DE", {"rates": {"standard": 1900}})
    await mall.add(buyer, book)
    unknown = await quoted(mall, buyer, "DE")
    assert (unknown.status, unknown.kind) == (422, "checkout/tax-class-unknown")
    assert (unknown.json["product_id"], unknown.json["tax_class"]) == (book, "reduced")
    assert (await operate(mall, "PUT", "taxes/DE", table | {"shipping": "books"}, 422))["tax_class"] == "books"


@pytest.mark.requirement(134, 137)
@pytest.mark.parametrize(("currency", "per_unit", "unit", "total"), [("EUR", 0.92, 18.39, 44.41), ("JPY", 149.5, 2989, 7219)])
async def test_a_purchase_in_another_currency_is_placed_charged_and_refunded_in_it(
    mall: Buying, currency: str, per_unit: float, unit: float, total: float
) -> None:
    await operate(mall, "PUT", f"rates/{currency}", {"per_unit": per_unit})
    buyer = await mall.with_cart(await mall.product(19.99), 2)
    address = ADDRESS | {"country": "US"}
    wrong = await mall.check_out(buyer, currency=currency, address=address, expected_total=1)
    assert (wrong.status, wrong.kind, wrong.json["receipt"]["total"]) == (409, "checkout/price-changed", total)

    async def is_open() -> bool:
        return bool(await mall.lines(buyer))

    await until(is_open)
    bought = await mall.check_out(buyer, currency=currency, address=address, expected_total=total)
    assert bought.status == 200, bought.body
    receipt = bought.json["receipt"]
    assert (receipt["currency"], receipt["rate"], receipt["rate_as_of"] > "2026") == (currency, per_unit, True)
    order = (await mall.call("order", "GET", f"/api/v1/orders/{bought.json['order_id']}", by=buyer)).json
    assert (order["currency"], order["total"], order["items"][0]["unit_price"]) == (currency, total, unit)
    paid = (await mall.payments(bought.json["order_id"]))[0]
    assert (paid["currency"], paid["amount"], paid["status"]) == (currency, total, "captured")
    await mall.call("order", "PUT", f"/api/v1/orders/{bought.json['order_id']}/cancel", {}, by=buyer)

    async def is_refunded() -> bool:
        shown = (await mall.call("order", "GET", f"/api/v1/orders/{bought.json['order_id']}", by=buyer)).json
        return bool(shown["refunded"] == total)

    await until(is_refunded)


async def test_nobody_buys_at_a_rate_that_is_old_or_that_there_is_none_of(mall: Buying) -> None:
    await operate(mall, "PUT", "rates/CHF", {"per_unit": 0.88, "as_of": "2026-01-01T00:00:00Z"})
    buyer = await mall.with_cart(await mall.product())
    for currency, status, kind in (
        ("CHF", 409, "pricing/rate-too-old"), ("SEK", 422, "pricing/currency-unknown"), ("XXX", 422, "pricing/currency-unknown"),
    ):  # fmt: skip
        for told in (await quoted(mall, buyer, currency=currency), await mall.check_out(buyer, currency=currency)):
            assert (told.status, told.kind) == (status, kind)
