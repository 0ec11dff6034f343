"""The cart's rules: nothing is lost or doubled whatever order edits, seals, undos and closes come in."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.cart import CartBusy, CartEmpty, CartFull, CheckoutGone
from mallkit.errors import Missing, ShopError
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


CHECKOUTS = st.sampled_from(["c1", "c2", "c3", "c4", "c5"])
PRODUCTS = st.sampled_from(["pot", "mug", "jar"])


class Shopping(RuleBasedStateMachine):
    """One user's edits and five checkouts, whose calls arrive late, twice and in any order."""

    @initialize()
    def begin(self) -> None:
        """An empty cart and nothing bought."""
        self.cart = Cart("ann")
        self.put_in: Counter[str] = Counter()
        self.taken_out: Counter[str] = Counter()
        self.bought: dict[str, Counter[str]] = {}
        self.undone: set[str] = set()
        self.commands: set[str] = set()
        self.now = NOON

    @rule(product=PRODUCTS, quantity=st.integers(1, 400), command=st.sampled_from(["", "k-1", "k-2", "k-3"]))
    def add(self, product: str, quantity: int, command: str) -> None:
        """Adds unless the cart is full; a key counts once."""
        before = self.held()
        try:
            self.cart = rules.add(self.cart, Line(product, quantity), command, self.now)
        except CartFull:
            assert before[product] + quantity > 999
            return
        if command not in self.commands:
            self.put_in[product] += quantity
        self.commands |= {command} - {""}

    @rule(product=PRODUCTS, quantity=st.integers(1, 999))
    def set_quantity(self, product: str, quantity: int) -> None:
        """Sets the open line."""
        there = self.opened()[product]
        try:
            self.cart = rules.set_quantity(self.cart, Line(product, quantity), on_sale=True)
        except CartFull:
            assert quantity + self.held()[product] - there > 999
            return
        self.taken_out[product] += there
        self.put_in[product] += quantity

    @rule(product=PRODUCTS)
    def remove(self, product: str) -> None:
        """Takes the open line out."""
        there = self.opened()[product]
        try:
            self.cart = rules.remove(self.cart, product)
        except Missing:
            assert there == 0
        self.taken_out[product] += there

    @rule()
    def clear(self) -> None:
        """Takes all open lines out."""
        self.taken_out += self.opened()
        self.cart = rules.clear(self.cart)

    @rule(checkout=CHECKOUTS)
    def seal(self, checkout: str) -> None:
        """Succeeds, or is refused for exactly the right reason."""
        running, before = self.cart.sealed, self.cart
        expected: type[ShopError] | None = None
        if running is not None and running.checkout_id == checkout:
            expected = None
        elif checkout in self.undone | self.bought.keys():
            expected = CheckoutGone
        elif running is not None:
            expected = CartBusy
        elif not self.cart.lines:
            expected = CartEmpty
        if expected is None:
            self.cart = sealing.seal(self.cart, checkout)
            assert self.cart.sealed is not None
            assert self.cart.sealed.lines == (running.lines if running else before.lines)
        else:
            with pytest.raises(expected):
                sealing.seal(self.cart, checkout)

    @rule(checkout=CHECKOUTS)
    def unseal(self, checkout: str) -> None:
        """Changes nothing of what is held."""
        before = self.held()
        self.cart = sealing.unseal(self.cart, checkout, self.now)
        assert self.held() == before
        if checkout not in self.bought:
            self.undone.add(checkout)

    @rule(checkout=CHECKOUTS)
    def close(self, checkout: str) -> None:
        """The sealed lines are bought, once."""
        mine = self.cart.sealed if self.cart.sealed and self.cart.sealed.checkout_id == checkout else None
        self.cart = sealing.close(self.cart, checkout, self.now)
        if mine is not None:
            assert checkout not in self.bought
        if checkout not in self.undone:
            self.bought.setdefault(checkout, Counter(quantities(mine.lines) if mine else {}))

    @rule()
    @precondition(lambda self: self.now < NOON + 86_000)
    def time_passes(self) -> None:
        """Within the day that is remembered."""
        self.now += 600

    def opened(self) -> Counter[str]:
        """What can be edited."""
        return Counter(quantities(self.cart.lines))

    def held(self) -> Counter[str]:
        """What is open or sealed."""
        return self.opened() + Counter(quantities(self.cart.sealed.lines if self.cart.sealed else ()))

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        """Put in = taken out + bought + held."""
        bought: Counter[str] = sum(self.bought.values(), Counter())
        assert self.held() + bought + self.taken_out == self.put_in

    @invariant()
    def the_cart_is_within_its_limits(self) -> None:
        """One line for a product, at most 999 of it."""
        assert len(self.opened()) == len(self.cart.lines)
        assert all(0 < quantity <= 999 for quantity in self.held().values())


Shopping.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestShopping = Shopping.TestCase
