"""The rules of guest carts: whose token it is, and that what is in one goes into one user's cart, once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.cart import GuestCartUnknown
from svc_cart.domain import cart as rules
from svc_cart.domain import guest, sealing
from svc_cart.domain.cart import Cart, Line
from svc_cart.domain.guest import GuestCart, GuestState, Ticket

KEY, NOON, MONTH = "k" * 32, 1_800_000_000.0, 30 * 86_400.0
POT, MUG = Line("pot", 2, "Clay pot", 1999, "USD"), Line("mug", 1, "Mug", 500, "USD")
TICKET = Ticket("g1", NOON + MONTH)


def guest_with(*lines: Line) -> GuestCart:
    return GuestCart("g1", Cart("g1", lines), NOON + MONTH)


def merged(cart: Cart, found: GuestCart, now: float = NOON) -> tuple[Cart, GuestCart]:
    """Into that cart, as the store does it in one write."""
    closed = guest.close(found, cart.id, now + MONTH)
    after = guest.take_in(cart, closed, now)
    return after, guest.settle(closed, after)


def quantities(cart: Cart) -> dict[str, int]:
    return {line.product_id: line.quantity for line in cart.lines}


def test_a_token_is_its_own_carts_and_cannot_be_made_up() -> None:
    token = guest.write_token(KEY, "chance", int(NOON))
    ticket = guest.read_token(KEY, token)
    assert (ticket.expires, len(ticket.id)) == (NOON, 48)
    assert ticket.id not in token
    assert guest.read_token(KEY, guest.write_token(KEY, "chance2", int(NOON))).id != ticket.id
    head, _, signed = token.rpartition(".")
    for wrong in ("", ".", "..", "x", head, f"{head}.", f"{head}.{signed}x", f"x{token}", f"chance.{int(NOON) + 1}.{signed}", signed):
        with pytest.raises(GuestCartUnknown):
            guest.read_token(KEY, wrong)
    with pytest.raises(GuestCartUnknown):
        guest.read_token("another key of thirty-two letters", token)


@given(st.text(max_size=200))
def test_no_text_is_taken_for_a_token(text: str) -> None:
    with pytest.raises(GuestCartUnknown):
        guest.read_token(KEY, text)


def test_a_token_begins_a_cart_until_its_time_and_never_after() -> None:
    begun = guest.fresh(TICKET, NOON, 60.0)
    assert begun == GuestCart("g1", Cart("g1"), TICKET.expires), "forgotten no sooner than its token could begin it again"
    assert guest.fresh(TICKET, TICKET.expires, MONTH) is None


def test_using_a_cart_keeps_it_and_an_edit_that_changes_nothing_writes_nothing() -> None:
    begun = guest_with(POT)
    assert guest.edit(begun, rules.clear, NOON + 2 * MONTH).forget_at == NOON + 2 * MONTH
    assert guest.edit(begun, lambda cart: cart, NOON + 2 * MONTH) is begun
    assert guest.edit(begun, rules.clear, NOON).forget_at == NOON + MONTH
    assert guest.touch(begun, NOON + 2 * MONTH).forget_at == NOON + 2 * MONTH


def test_only_what_is_unused_and_not_on_its_way_is_forgotten() -> None:
    begun = guest_with(POT)
    assert [guest.is_due(begun, NOON + MONTH + after) for after in (-1, 0, 1)] == [False, False, True]
    closed = guest.close(begun, "ann", NOON)
    assert not guest.is_due(closed, NOON + 9 * MONTH)
    assert guest.is_due(merged(Cart("ann"), begun)[1], NOON + 9 * MONTH)


def test_merging_keeps_the_larger_quantity_of_the_same_product_and_the_users_line() -> None:
    own = Cart("ann", (Line("pot", 5, "Pot", 1500, "USD"), Line("jar", 1)))
    after, settled = merged(own, guest_with(POT, replace(MUG, quantity=4)))
    assert after.lines == (Line("pot", 5, "Pot", 1500, "USD"), Line("jar", 1), replace(MUG, quantity=4))
    assert (settled.state, settled.into, settled.cart.lines, settled.left_out) == (GuestState.SETTLED, "ann", (), ())
    more, _ = merged(own, guest_with(replace(POT, quantity=9)))
    assert more.lines[0] == Line("pot", 9, "Pot", 1500, "USD")


def test_a_merge_happens_once_whatever_the_user_does_afterwards() -> None:
    after, settled = merged(Cart("ann"), guest_with(POT))
    emptied = rules.clear(after)
    assert merged(emptied, settled) == (emptied, settled)
    # A store without transactions that stopped between the second write and the third.
    closed = guest.close(guest_with(POT), "ann", NOON)
    assert guest.take_in(emptied, closed, NOON) is emptied
    assert guest.settle(closed, emptied) == replace(settled, forget_at=closed.forget_at)


def test_a_closed_cart_takes_nothing_more_and_is_nobody_elses() -> None:
    for closed in (guest.close(guest_with(POT), "ann", NOON), merged(Cart("ann"), guest_with(POT))[1]):
        assert guest.close(closed, "ann", NOON + 9 * MONTH) is closed
        assert guest.touch(closed, NOON + 9 * MONTH) is closed
        with pytest.raises(GuestCartUnknown):
            guest.opened(closed)
        with pytest.raises(GuestCartUnknown):
            guest.edit(closed, rules.clear, NOON)
        with pytest.raises(GuestCartUnknown):
            guest.close(closed, "bob", NOON)


def test_what_does_not_fit_is_left_out_and_told_again() -> None:
    full = Cart("ann", (*(Line(f"p{n}", 1) for n in range(98)), Line("pot", 400)))
    sealed = rules.add(sealing.seal(full, "c1"), Line("pot", 10), "", NOON)
    lines = (Line("pot", 700, "Pot"), Line("new1", 3, "One"), Line("new2", 4, "Two"), Line("p5", 999))
    after, settled = merged(sealed, guest_with(*lines))
    assert quantities(after) == {"pot": 599, "new1": 3, "p5": 998}
    assert settled.left_out == (Line("pot", 101, "Pot"), Line("new2", 4, "Two"), Line("p5", 1))
    assert guest.settle(guest.close(guest_with(*lines), "ann", NOON), after).left_out == settled.left_out
    back = sealing.unseal(after, "c1", NOON)
    assert quantities(back)["pot"] == 999, "what is being bought still fits beside it"
    assert len(back.lines) == 100


def test_merging_while_a_checkout_runs_goes_into_the_open_lines() -> None:
    sealed = sealing.seal(Cart("ann", (POT,)), "c1")
    after, _ = merged(sealed, guest_with(POT))
    assert (after.lines, after.sealed) == ((POT,), sealed.sealed)


def test_merged_carts_are_remembered_as_ended_checkouts_are() -> None:
    cart = Cart("ann")
    for n in range(60):
        cart, _ = merged(cart, replace(guest_with(), id=f"g{n}"))
    assert len(cart.merged) == 60
    cart, _ = merged(cart, replace(guest_with(POT), id="next-day"), NOON + 86_401)
    assert len(cart.merged) == 50
    assert "next-day" in cart.merged
