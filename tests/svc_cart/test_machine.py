"""Nothing is lost or doubled, whatever order edits, saved lines, guest carts, seals, undos and closes come in."""

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.cart import CartBusy, CartEmpty, CartFull, CheckoutGone, GuestCartUnknown
from mallkit.errors import Missing, ShopError
from svc_cart.domain import cart as rules
from svc_cart.domain import guest, later, sealing
from svc_cart.domain.cart import Cart, Line
from svc_cart.domain.guest import GuestCart, GuestState

NOON = 1_800_000_000.0

CHECKOUTS = st.sampled_from(["c1", "c2", "c3", "c4", "c5"])
PRODUCTS = st.sampled_from(["pot", "mug", "jar"])
GUESTS = st.sampled_from(["g1", "g2"])
MERGERS = st.sampled_from(["ann", "ann", "bob"])


def quantities(lines: tuple[Line, ...]) -> Counter[str]:
    """Pieces by product."""
    return Counter({line.product_id: line.quantity for line in lines})


class Shopping(RuleBasedStateMachine):
    """Ann's edits, five checkouts and two guest carts, whose calls arrive late, twice and in any order; Bob wants the guest carts too."""

    @initialize()
    def begin(self) -> None:
        """An empty cart and nothing bought."""
        self.cart = Cart("ann")
        self.put_in: Counter[str] = Counter()
        self.taken_out: Counter[str] = Counter()
        self.bought: dict[str, Counter[str]] = {}
        self.undone: set[str] = set()
        self.commands: set[str] = set()
        self.guests = {name: GuestCart(name, Cart(name), NOON) for name in ("g1", "g2")}
        self.bob = Cart("bob")
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
            self.bought.setdefault(checkout, quantities(mine.lines) if mine else Counter())

    @rule(product=PRODUCTS)
    def save(self, product: str) -> None:
        """Moves pieces, or is refused."""
        before = self.held() + self.saved()
        try:
            self.cart = later.save(self.cart, product)
        except Missing:
            assert product not in self.opened() | self.saved()
        except CartFull:
            assert (self.opened() + self.saved())[product] > 999
        assert self.held() + self.saved() == before

    @rule(product=PRODUCTS)
    def restore(self, product: str) -> None:
        """As save, the other way."""
        before = self.held() + self.saved()
        try:
            self.cart = later.restore(self.cart, product)
        except Missing:
            assert product not in self.opened() | self.saved()
        except CartFull:
            assert before[product] > 999
        assert self.held() + self.saved() == before

    @rule(product=PRODUCTS)
    def drop(self, product: str) -> None:
        """Takes the saved line away."""
        there = self.saved()[product]
        try:
            self.cart = later.drop(self.cart, product)
        except Missing:
            assert there == 0
        self.taken_out[product] += there

    @rule(name=GUESTS, product=PRODUCTS, quantity=st.integers(1, 999))
    def guest_sets(self, name: str, product: str, quantity: int) -> None:
        """Works until the cart is closed."""
        found = self.guests[name]
        try:
            line = Line(product, quantity)
            self.guests[name] = guest.edit(found, lambda cart: rules.set_quantity(cart, line, on_sale=True), self.now)
        except GuestCartUnknown:
            assert found.state is not GuestState.OPEN

    @rule(name=GUESTS, user=MERGERS)
    def close_guest(self, name: str, user: str) -> None:
        """The first of the three writes of a merge; nobody else can begin another."""
        found = self.guests[name]
        try:
            self.guests[name] = guest.close(found, user, self.now)
        except GuestCartUnknown:
            assert found.into not in {"", user}

    @rule(name=GUESTS)
    def take_in(self, name: str) -> None:
        """The second one, which may come again: of the same product the larger quantity stays, and what does not fit is left out."""
        found = self.guests[name]
        if found.into == "bob":
            self.bob = guest.take_in(self.bob, found, self.now)
        elif found.into == "ann":
            before, again = self.opened(), name in self.cart.merged or found.state is GuestState.SETTLED
            sealed, wanted = self.held() - before, quantities(found.cart.lines)
            self.cart = guest.take_in(self.cart, found, self.now)
            fits = Counter({product: min(quantity, 999 - sealed[product]) for product, quantity in wanted.items()})
            assert self.opened() == (before if again else before | fits)
            if not again:
                assert quantities(self.cart.merged[name].left_out) == wanted - fits
            self.put_in += self.opened() - before

    @rule(name=GUESTS)
    def settle_guest(self, name: str) -> None:
        """The third one, after the second."""
        found = self.guests[name]
        cart = self.bob if found.into == "bob" else self.cart
        if found.state is GuestState.CLOSED and name in cart.merged:
            self.guests[name] = guest.settle(found, cart)

    @rule()
    @precondition(lambda self: self.now < NOON + 86_000)
    def time_passes(self) -> None:
        """Within the day that is remembered."""
        self.now += 600

    def opened(self) -> Counter[str]:
        """What can be edited."""
        return quantities(self.cart.lines)

    def saved(self) -> Counter[str]:
        """What is kept for later."""
        return quantities(self.cart.saved)

    def held(self) -> Counter[str]:
        """What is open or sealed."""
        return self.opened() + quantities(self.cart.sealed.lines if self.cart.sealed else ())

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        """Put in, or come from guests = taken out + bought + held + saved."""
        bought: Counter[str] = sum(self.bought.values(), Counter())
        assert self.held() + self.saved() + bought + self.taken_out == self.put_in

    @invariant()
    def a_guest_cart_is_in_one_cart_at_most(self) -> None:
        """The one that it says itself; a settled one is in it."""
        for name, found in self.guests.items():
            holders = {cart.id for cart in (self.cart, self.bob) if name in cart.merged}
            assert holders <= {found.into} - {""}
            if found.state is GuestState.SETTLED:
                assert holders == {found.into}
                assert not found.cart.lines

    @invariant()
    def the_cart_is_within_its_limits(self) -> None:
        """One line for a product, at most 999 of it."""
        assert len(self.opened()) == len(self.cart.lines)
        assert all(0 < quantity <= 999 for quantity in (*self.held().values(), *self.saved().values()))


Shopping.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestShopping = Shopping.TestCase
