"""A cart whose user is forgotten: a running checkout still ends, and nothing fills the cart again."""

import pytest

from contracts.cart import CartEmpty
from mallkit.errors import Missing
from svc_cart.domain import cart as rules
from svc_cart.domain import sealing
from svc_cart.domain.cart import Cart, Line

POT, MUG = Line("pot", 2, "Clay pot"), Line("mug", 1, "Mug")
NOON = 1_800_000_000.0
FULL = rules.add(Cart("ann", (POT, MUG)), Line("bowl", 1, "Bowl"), "k-1", NOON)


@pytest.mark.requirement(17)
def test_nothing_but_ids_is_left_and_nothing_comes_back() -> None:
    gone = rules.forget(FULL)
    assert gone == Cart("ann", gone=True)
    assert rules.forget(gone) is gone
    for command in ("", "k-1"):
        with pytest.raises(Missing):
            rules.add(gone, POT, command, NOON)
    for on_sale in (True, False):
        with pytest.raises(Missing):
            rules.set_quantity(gone, POT, on_sale=on_sale)
    with pytest.raises(CartEmpty):
        sealing.seal(gone, "c1")


@pytest.mark.requirement(17)
def test_a_running_checkout_ends_either_way_and_gives_nothing_back() -> None:
    sealed = rules.forget(sealing.seal(FULL, "c1"))
    assert sealed.lines == ()
    assert sealed.sealed is not None
    assert sealing.seal(sealed, "c1") is sealed, "the same checkout may ask again"
    bought = sealing.close(sealed, "c1", NOON)
    assert (bought.sealed, bought.lines, list(bought.closed)) == (None, (), ["c1"])
    undone = sealing.unseal(sealed, "c1", NOON)
    assert (undone.sealed, undone.lines, list(undone.undone)) == (None, (), ["c1"])
