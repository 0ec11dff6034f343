"""The cart's rules: nothing is lost or doubled whatever order edits, seals, undos and closes come in."""

from dataclasses import replace

import pytest

from contracts.cart import CartBusy, CartEmpty, CartFull, CheckoutGone
from mallkit.errors import Missing
from svc_cart.domain import cart as rules
from svc_cart.domain import sealing
from svc_cart.domain.cart import Cart, Line, SealedLines

POT, MUG = Line("pot", 2, "Clay pot"), Line("mug", 1, "Mug")
NOON = 1_800_000_000.0


def holding(*lines: Line) -> Cart:
    return Cart("ann", lines)


def quantities(lines: tuple[Line, ...]) -> dict[str, int]:
    return {line.product_id: line.quantity for line in lines}


def test_the_same_product_again_adds_to_its_line() -> None:
    cart = rules.add(rules.add(holding(POT), MUG, "", NOON), replace(POT, quantity=3), "", NOON)
    assert [(line.product_id, line.quantity) for line in cart.lines] == [("pot", 5), ("mug", 1)]


def test_a_keyed_command_adds_once() -> None:
    once = rules.add(holding(), POT, "k-1", NOON)
    assert rules.add(once, POT, "k-1", NOON + 5) is once
    assert quantities(rules.add(once, POT, "k-2", NOON).lines) == {"pot": 4}
    assert quantities(rules.add(rules.add(once, POT, "", NOON), POT, "", NOON).lines) == {"pot": 6}


def test_a_cart_takes_100_products_and_999_of_each() -> None:
    full = holding(*(Line(f"p{n}", 1) for n in range(100)))
    with pytest.raises(CartFull):
        rules.add(full, POT, "", NOON)
    assert quantities(rules.add(full, Line("p7", 998), "", NOON).lines)["p7"] == 999
    with pytest.raises(CartFull):
        rules.add(full, Line("p7", 999), "", NOON)


def test_limits_count_what_is_being_bought_so_that_undoing_always_fits() -> None:
    sealed = sealing.seal(holding(*(Line(f"p{n}", 600) for n in range(100))), "c1")
    with pytest.raises(CartFull):
        rules.add(sealed, POT, "", NOON)
    with pytest.raises(CartFull):
        rules.set_quantity(sealed, Line("p7", 400), on_sale=True)
    edited = rules.set_quantity(sealed, Line("p7", 399), on_sale=True)
    assert quantities(sealing.unseal(edited, "c1", NOON).lines)["p7"] == 999


def test_setting_a_quantity_puts_a_product_in_and_says_what_is_not_there() -> None:
    cart = rules.set_quantity(holding(), POT, on_sale=True)
    assert quantities(cart.lines) == {"pot": 2}
    assert rules.set_quantity(cart, POT, on_sale=True) is cart
    assert rules.set_quantity(cart, Line("pot", 1), on_sale=False).lines == (Line("pot", 1, "Clay pot"),)
    with pytest.raises(Missing):
        rules.set_quantity(cart, MUG, on_sale=False)


@pytest.mark.requirement(21, 23)
def test_removing_and_clearing_leave_what_is_sealed() -> None:
    assert rules.remove(holding(POT, MUG), "pot").lines == (MUG,)
    with pytest.raises(Missing):
        rules.remove(holding(MUG), "pot")
    sealed = rules.add(sealing.seal(holding(POT), "c1"), MUG, "", NOON)
    with pytest.raises(Missing):
        rules.remove(sealed, "pot")
    assert rules.clear(sealed) == replace(sealed, lines=())
    empty = holding()
    assert rules.clear(empty) is empty


def test_a_seal_takes_the_open_lines_and_repeats_itself() -> None:
    sealed = sealing.seal(holding(POT, MUG), "c1")
    assert (sealed.lines, sealed.sealed) == ((), SealedLines("c1", (POT, MUG)))
    edited = rules.add(sealed, MUG, "", NOON)
    assert sealing.seal(edited, "c1") is edited
    with pytest.raises(CartBusy) as busy:
        sealing.seal(edited, "c2")
    assert busy.value.facts == {"checkout_id": "c1"}
    with pytest.raises(CartEmpty):
        sealing.seal(holding(), "c1")


def test_undoing_merges_the_lines_back_in_their_old_places() -> None:
    sealed = sealing.seal(holding(POT, MUG), "c1")
    edited = rules.add(rules.add(sealed, Line("jar", 1), "", NOON), Line("mug", 4, "Big mug"), "", NOON)
    back = sealing.unseal(edited, "c1", NOON)
    assert back.lines == (POT, Line("mug", 5, "Big mug"), Line("jar", 1))
    assert back.sealed is None
    assert sealing.unseal(back, "c1", NOON) is back
    assert sealing.seal(back, "c2").sealed == SealedLines("c2", back.lines)


def test_an_undo_that_comes_first_keeps_the_seal_from_happening() -> None:
    undone = sealing.unseal(holding(POT), "c1", NOON)
    with pytest.raises(CheckoutGone):
        sealing.seal(undone, "c1")
    assert undone.lines == (POT,)
    assert sealing.close(undone, "c1", NOON) is undone


def test_what_was_bought_is_gone_for_good() -> None:
    bought = sealing.close(rules.add(sealing.seal(holding(POT), "c1"), MUG, "", NOON), "c1", NOON)
    assert (bought.lines, bought.sealed) == ((MUG,), None)
    assert sealing.close(bought, "c1", NOON) is bought
    assert sealing.unseal(bought, "c1", NOON) is bought
    with pytest.raises(CheckoutGone):
        sealing.seal(bought, "c1")


def test_another_checkouts_end_leaves_the_running_one_alone() -> None:
    sealed = sealing.seal(holding(POT), "c1")
    assert sealing.unseal(sealed, "c0", NOON).sealed == sealing.close(sealed, "c0", NOON).sealed == sealed.sealed


def test_what_is_remembered_is_bounded_and_keeps_the_last_day() -> None:
    cart = holding()
    for n in range(60):
        cart = sealing.unseal(cart, f"old{n}", NOON)
    assert len(cart.undone) == 60
    cart = sealing.unseal(cart, "next-day", NOON + 86_401)
    assert len(cart.undone) == 50
    assert "next-day" in cart.undone
    assert "old59" in cart.undone
    for n in range(400):
        cart = sealing.unseal(cart, f"new{n}", NOON + 86_402 + n)
    assert len(cart.undone) == 300
    assert {"new100", "new399"} <= cart.undone.keys()
