"""Lines that are kept for later: moved, never lost, never bought."""

from dataclasses import replace

import pytest

from contracts.cart import CartEmpty, CartFull
from mallkit.errors import Missing
from svc_cart.domain import cart as rules
from svc_cart.domain import later, sealing
from svc_cart.domain.cart import Cart, Line
from tests.svc_cart.shopping import CART, Shopping, lines

POT, MUG = Line("pot", 2, "Clay pot", 1999, "USD"), Line("mug", 1, "Mug", 500, "USD")


def test_a_line_is_saved_and_comes_back_as_it_was() -> None:
    saved = later.save(Cart("ann", (POT, MUG)), "pot")
    assert (saved.lines, saved.saved) == ((MUG,), (POT,))
    assert later.save(saved, "pot") is saved, "a call that comes twice"
    back = later.restore(saved, "pot")
    assert (back.lines, back.saved) == ((MUG, POT), ())
    assert later.restore(back, "pot") is back


def test_saving_and_restoring_add_up() -> None:
    twice = later.save(replace(Cart("ann", (POT,)), saved=(replace(POT, quantity=3), MUG)), "pot")
    assert twice.saved == (MUG, replace(POT, quantity=5))
    again = later.restore(rules.add(twice, POT, "", 0.0), "pot")
    assert (again.lines, again.saved) == ((replace(POT, quantity=7),), (MUG,))


def test_what_is_not_there_is_told() -> None:
    for move in (later.save, later.restore, later.drop):
        with pytest.raises(Missing):
            move(Cart("ann", (MUG,)), "pot")
    assert later.drop(replace(Cart("ann"), saved=(POT, MUG)), "pot").saved == (MUG,)


def test_limits_are_told_and_change_nothing() -> None:
    full = replace(Cart("ann", (POT,)), saved=tuple(Line(f"p{n}", 1) for n in range(100)))
    with pytest.raises(CartFull):
        later.save(full, "pot")
    assert len(later.save(replace(full, lines=(Line("p7", 998),)), "p7").saved) == 100
    with pytest.raises(CartFull):
        later.save(replace(full, lines=(Line("p7", 999),)), "p7")
    with pytest.raises(CartFull):
        later.restore(replace(Cart("ann", (Line("pot", 999),)), saved=(POT,)), "pot")
    sealed = sealing.seal(Cart("ann", (Line("pot", 998),)), "c1")
    with pytest.raises(CartFull):
        later.restore(replace(sealed, saved=(POT,)), "pot")


def test_what_is_saved_is_never_sealed_nor_cleared() -> None:
    saved = later.save(Cart("ann", (POT,)), "pot")
    with pytest.raises(CartEmpty):
        sealing.seal(saved, "c1")
    assert rules.clear(rules.add(saved, MUG, "", 0.0)).saved == (POT,)


async def test_saved_lines_are_shown_with_todays_price_and_count_nothing(shopping: Shopping) -> None:
    await shopping.add("pot", 2)
    await shopping.add("mug")
    answer = await shopping.move("items", "pot", "save")
    assert lines(answer) == [("mug", 1, 5.0)]
    assert [(line["name"], line["quantity"], line["unit_price"], line["available"]) for line in answer.json["saved"]] == [
        ("pot", 2, 19.99, True)
    ]
    assert (answer.json["total"], answer.json["currency"]) == (5.0, "USD")
    assert (await shopping.move("items", "pot", "save")).json["saved"] == answer.json["saved"]
    quoted = await shopping.mall.call("cart", "GET", f"/internal/carts/{shopping.user_id}/lines", token=shopping.checkout)
    assert [line["product_id"] for line in quoted.json["lines"]] == [shopping.products["mug"]]
    sealed = await shopping.step("c1")
    assert [line["product_id"] for line in sealed.json["lines"]] == [shopping.products["mug"]]
    assert (await shopping.step("c1", "/close")).status == 204
    back = await shopping.move("saved", "pot", "restore")
    assert (lines(back), back.json["saved"]) == ([("pot", 2, 39.98)], [])


async def test_a_saved_line_can_be_taken_away_and_what_is_not_saved_is_not_found(shopping: Shopping) -> None:
    await shopping.add("pot", 2)
    path = f"/api/v1/cart/saved/{shopping.products['pot']}"
    await shopping.move("items", "pot", "save")
    assert (await shopping.mall.call("cart", "DELETE", path, token=shopping.ann)).json["saved"] == []
    gone = [
        await shopping.mall.call("cart", "DELETE", path, token=shopping.ann),
        await shopping.move("items", "pot", "save"),
        await shopping.move("saved", "pot", "restore"),
        await shopping.move("saved", "p%20x", "restore"),
    ]
    assert [(answer.status, answer.kind) for answer in gone] == [(404, "not-found")] * 4
    assert lines(await shopping.mall.call("cart", "GET", CART, token=shopping.ann)) == []
