"""What comes back, piece by piece: refunds add up to the payment to the cent, whatever the receipt, and nothing comes back twice."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.order import Status, WrongStatus
from contracts.order_words import Cause, MoreThanOrdered, MoreThanShipped
from svc_order.domain import moving, returns, shipping
from svc_order.domain.order import Charge, Line, Order, Return, Returned, Shipment
from svc_order.domain.returns import worth
from svc_order.domain.timeline import Origin

WHY = Origin(1_000.0, Cause.OPERATOR, "op", "trace")
PAID = Order(
    "o1", "ann", Status.PAID, 2665, "USD", 0, 0, hold_id="c1", transaction_id="t1",
    lines=(Line("tea", "Tea", 3, 333), Line("pot", "Pot", 1, 1000)),
    receipt=(
        Charge("item", "Tea", 999, "tea", 3), Charge("item", "Pot", 1000, "pot", 1), Charge("promotion", "3 for 2", -100, "tea"),
        Charge("tax", "Tax", 82, "tea"), Charge("tax", "Tax", 84, "pot"), Charge("shipping", "Shipping", 600),
    ),
)  # fmt: skip
Lines = dict[str, int]


def moved(outcome: object) -> Order:
    """The order that a rule gave."""
    order = outcome[0] if isinstance(outcome, tuple) else outcome
    assert isinstance(order, Order)
    return order


def ship(order: Order, shipment_id: str, lines: Lines) -> Order:
    return moved(shipping.ship(order, Shipment(shipment_id, 0, lines), WHY))


def take_back(order: Order, return_id: str, *lines: Returned) -> Order:
    return moved(returns.take_back(order, Return(return_id, 0, lines, "damaged"), WHY))


def test_parcels_leave_one_by_one_and_the_last_one_makes_it_shipped() -> None:
    first = ship(PAID, "s1", {"tea": 2})
    assert (first.status, first.shipped) == (Status.PAID, Counter(tea=2))
    assert ship(first, "s1", {"tea": 2}) is first, "the same parcel again changes nothing"
    for too_many, left in (({"tea": 2}, 1), ({"cup": 1}, 0), ({"pot": 2}, 1)):
        with pytest.raises(MoreThanOrdered) as refusal:
            ship(first, "s2", too_many)
        assert refusal.value.facts["left"] == left
    rest = ship(first, "s2", {})
    assert (rest.status, rest.shipments[-1].lines) == (Status.SHIPPED, {"tea": 1, "pot": 1})
    assert [each.what for each in rest.timeline] == ["shipment", "shipment", "shipped"]
    with pytest.raises(WrongStatus):
        ship(rest, "s3", {"tea": 1})


def test_only_what_left_the_house_comes_back_and_once() -> None:
    with pytest.raises(WrongStatus):
        take_back(replace(PAID, status=Status.PENDING), "r1", Returned("tea", 1, restock=True))
    part = ship(PAID, "s1", {"tea": 2})
    with pytest.raises(MoreThanShipped) as refusal:
        take_back(part, "r1", Returned("tea", 1, restock=True), Returned("tea", 2, restock=False))
    assert refusal.value.facts == {"product_id": "tea", "left": 2}
    back = take_back(part, "r1", Returned("tea", 1, restock=True), Returned("tea", 1, restock=False))
    assert take_back(back, "r1", Returned("tea", 1, restock=True)) is back
    assert (back.returned, back.restocked) == (Counter(tea=2), Counter(tea=1))
    assert (back.owing, back.returns[0].minor) == (True, 654), "two thirds of 999 - 100 + 82"
    with pytest.raises(MoreThanShipped):
        take_back(back, "r2", Returned("tea", 1, restock=True))
    completed = moved(moving.complete(ship(back, "s2", {}), WHY))
    assert take_back(completed, "r2", Returned("pot", 1, restock=True)).returns[1].minor == 1084


def test_the_last_piece_brings_shipping_with_it() -> None:
    order = ship(PAID, "s1", {})
    for number, product_id in enumerate(("tea", "pot", "tea", "tea")):
        order = take_back(order, f"r{number}", Returned(product_id, 1, restock=True))
    assert [each.minor for each in order.returns] == [327, 1084, 327, 327 + 600]
    assert sum(each.minor for each in order.returns) == PAID.total_minor


CENTS = st.integers(-5_000, 5_000)
RECEIPTS = st.lists(st.tuples(st.sampled_from(["tea", "pot", "cup", "", "gone"]), CENTS), max_size=8)
ORDERED = st.dictionaries(st.sampled_from(["tea", "pot", "cup"]), st.integers(1, 7), min_size=1)


def bought(ordered: Lines, charges: list[tuple[str, int]]) -> Order:
    """Shipped; its receipt is brought to a total that somebody can have paid."""
    least = 1 - sum(minor for _, minor in charges)
    whole = [*charges, ("", max(least, 0))]
    return replace(
        PAID,
        status=Status.SHIPPED,
        total_minor=sum(minor for _, minor in whole),
        lines=tuple(Line(product_id, product_id, pieces, 1) for product_id, pieces in ordered.items()),
        receipt=tuple(Charge("item", "x", minor, product_id) for product_id, minor in whole),
        shipments=(Shipment("s1", 0, ordered),),
    )


@pytest.mark.requirement(99)
@given(ordered=ORDERED, charges=RECEIPTS, data=st.data())
def test_whatever_the_receipt_and_the_steps_the_refunds_add_up(ordered: Lines, charges: list[tuple[str, int]], data: st.DataObject) -> None:
    order = bought(ordered, charges)
    pieces = data.draw(st.permutations([product_id for product_id, number in ordered.items() for _ in range(number)]))
    number = 0
    while pieces:
        some = data.draw(st.integers(1, len(pieces)))
        now, pieces = Counter(pieces[:some]), pieces[some:]
        order = take_back(order, f"r{number}", *(Returned(product_id, many, restock=True) for product_id, many in now.items()))
        given_back = [each.minor for each in order.returns]
        assert min(given_back) >= 0
        assert sum(given_back) <= order.total_minor
        number += 1
    assert sum(each.minor for each in order.returns) == order.total_minor


@pytest.mark.requirement(99)
@given(ordered=ORDERED, data=st.data())
def test_a_piece_is_worth_its_share_of_its_lines_to_half_a_cent(ordered: Lines, data: st.DataObject) -> None:
    charges = [(product_id, data.draw(st.integers(0, 9_999))) for product_id in ordered]
    order = bought(ordered, [*charges, ("", 500)])
    product_id = data.draw(st.sampled_from(sorted(ordered)))
    many = data.draw(st.integers(1, ordered[product_id]))
    if ordered == {product_id: many}:
        return
    told = worth(order.receipt, ordered, {product_id: many}, order.total_minor)
    assert abs(told * ordered[product_id] - dict(charges)[product_id] * many) * 2 <= ordered[product_id]


@pytest.mark.requirement(99)
def test_a_hundred_thousand_steps_of_returning_add_up_to_the_cent() -> None:
    dice, steps = random.Random(99), 0
    while steps < 100_000:
        ordered = {product_id: dice.randint(1, 9) for product_id in ("a", "b", "c")[: dice.randint(1, 3)]}
        receipt = [Charge("item", "", dice.randint(-999, 9_999), product_id) for product_id in (*ordered, *ordered, "")]
        total = max(sum(charge.minor for charge in receipt), 1)
        back, given_back = dict.fromkeys(ordered, 0), 0
        for product_id in dice.sample([each for each, pieces in ordered.items() for _ in range(pieces)], sum(ordered.values())):
            back[product_id] += 1
            given_back += max(worth(receipt, ordered, back, total) - given_back, 0)
            assert given_back <= total
            steps += 1
        assert given_back == total
