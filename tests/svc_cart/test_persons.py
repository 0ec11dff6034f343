"""A cart whose user is forgotten: a running checkout still ends, and nothing fills the cart again."""

from dataclasses import replace

import pytest

from contracts.cart import CartEmpty
from mallkit.errors import Missing
from svc_cart.domain import cart as rules
from svc_cart.domain import guest, sealing
from svc_cart.domain.cart import Cart, Line
from svc_cart.domain.guest import GuestCart, GuestState
from tests.svc_cart.shopping import Shopping, lines

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


@pytest.mark.requirement(17)
def test_nothing_goes_into_a_forgotten_cart_from_a_guests_either() -> None:
    begun = GuestCart("g1", Cart("g1", (POT,)), NOON)
    merged = guest.take_in(Cart("ann"), guest.close(begun, "ann", NOON), NOON)
    gone = rules.forget(merged)
    assert (gone.lines, list(gone.merged)) == ((), ["g1"]), "its id stays, so that a late call finds it merged"
    with pytest.raises(Missing):
        guest.take_in(gone, replace(guest.close(begun, "ann", NOON), id="g2"), NOON)
    left = guest.forget(replace(guest.settle(guest.close(begun, "ann", NOON), merged), left_out=(MUG,)))
    assert (left.left_out, left.cart.lines, left.state, left.into) == ((), (), GuestState.SETTLED, "ann")


@pytest.mark.requirement(17)
async def test_what_did_not_fit_is_told_and_forgotten_with_the_person(shopping: Shopping) -> None:
    await shopping.set("pot", 999)
    await shopping.step("c1")
    token = await shopping.begin_guest()
    await shopping.guest_adds(token, "pot", 5)
    await shopping.merge(token)
    await shopping.step("c1", "/close")
    path = f"/internal/persons/{shopping.user_id}"
    told = (await shopping.mall.call("cart", "GET", path, token=shopping.checkout)).json["data"]
    assert [(line["name"], line["quantity"]) for line in told["guest_carts"][0]["left_out"]] == [("pot", 5)]
    assert (await shopping.mall.call("cart", "POST", f"{path}/forget", {}, token=shopping.checkout)).json == {"done": True}
    told = (await shopping.mall.call("cart", "GET", path, token=shopping.checkout)).json["data"]
    assert (told["guest_carts"][0]["left_out"], told["guest_carts"][0]["cart"]["lines"]) == ([], [])
    other = await shopping.begin_guest()
    await shopping.guest_adds(other, "mug")
    assert (await shopping.merge(other)).kind == "not-found"
    assert lines(await shopping.guest(other)) == [("mug", 1, 5.0)], "and the guest keeps it"
