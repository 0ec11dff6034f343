"""The life of a checkout under any mixture of owners, recoveries and repeats; and every neighbour's refusal in the mall's words."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts import cart, checkout, order, payment, product
from contracts.checkout import CheckoutStatus
from mallkit.calls import EVERYWHERE, NeighbourAway, NoAnswer
from mallkit.errors import Internal, Invalid, Missing, Refused, ShopError, Unavailable
from mallkit.problem import render
from mallkit.store import StoreUnavailable
from mallkit.times import NEVER
from svc_checkout.domain import checkout as rules
from svc_checkout.domain.address import Destination
from svc_checkout.domain.checkout import Buyer, Checkout, Overtaken, Refusal
from svc_checkout.domain.receipt import Receipt
from svc_checkout.use_cases import refusals

LEASE = 40.0
BEGUN = Checkout("c1", "ann", "o1", Buyer("A", "B", "a@b.org"), Destination("s", "c", "", "US", "1"), "w1", LEASE, 0.0)
WORKERS = st.sampled_from(["w1", "w2", "w3"])
REFUSAL = Refusal("checkout/payment-failed", "no")


class Life(RuleBasedStateMachine):
    """Workers that do not know of each other. Only who holds the checkout moves it, and only in its direction."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.checkout = BEGUN
        self.finals: list[CheckoutStatus] = []

    def _step(self, worker: str, status: CheckoutStatus, after: "Checkout | None") -> None:
        """`after` is None where the rule refused."""
        may = self.checkout.owner == worker and self.checkout.status is status and self.checkout.action is None
        assert (after is not None) == may
        if after is not None:
            self._becomes(after)

    def _becomes(self, after: Checkout) -> None:
        if after.final and not self.checkout.final:
            self.finals.append(after.status)
        self.checkout = after

    @rule(seconds=st.floats(0, 60))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(worker=WORKERS)
    def priced(self, worker: str) -> None:
        receipt = Receipt((), "USD")
        self._step(worker, CheckoutStatus.RUNNING, _tried(lambda: rules.priced(self.checkout, worker, (), receipt, self.now + LEASE)))

    @rule(worker=WORKERS)
    def back(self, worker: str) -> None:
        self._step(worker, CheckoutStatus.RUNNING, _tried(lambda: rules.back(self.checkout, worker, REFUSAL, self.now + LEASE)))

    @rule(worker=WORKERS)
    def forward(self, worker: str) -> None:
        self._step(worker, CheckoutStatus.UNDOING, _tried(lambda: rules.forward(self.checkout, worker, self.now + LEASE)))

    @rule(worker=WORKERS)
    def done(self, worker: str) -> None:
        self._step(worker, CheckoutStatus.RUNNING, _tried(lambda: rules.done(self.checkout, worker, "t1")))

    @rule(worker=WORKERS)
    def refused(self, worker: str) -> None:
        self._step(worker, CheckoutStatus.UNDOING, _tried(lambda: rules.refused(self.checkout, worker)))

    @rule(worker=WORKERS)
    def renewed(self, worker: str) -> None:
        self._step(
            worker, self.checkout.status, _tried(lambda: rules.renewed(self.checkout, worker, max(self.checkout.lease, self.now + 1)))
        )

    @rule(worker=WORKERS)
    def waiting(self, worker: str) -> None:
        self._step(worker, CheckoutStatus.RUNNING, _tried(lambda: rules.waiting(self.checkout, worker, "https://bank", self.now)))

    @rule()
    def waits_on(self) -> None:
        after = _tried(lambda: rules.waits_on(self.checkout, self.now))
        assert (after is not None) == (self.checkout.action is not None)
        if after is not None:
            assert self.now + 1 <= after.lease <= self.now + rules.LONGEST_LOOK
            self._becomes(after)

    @rule(worker=WORKERS)
    def resumed(self, worker: str) -> None:
        after = _tried(lambda: rules.resumed(self.checkout, worker, self.now + LEASE))
        assert (after is not None) == (self.checkout.action is not None), "the first to know goes on, and nobody beside it"
        if after is not None:
            self._becomes(after)

    @rule(worker=WORKERS)
    def taken_over(self, worker: str) -> None:
        after = _tried(lambda: rules.taken_over(self.checkout, worker, self.now, LEASE))
        is_left = not self.checkout.final and self.checkout.lease <= self.now and self.checkout.action is None
        assert (after is not None) == is_left
        if after is not None:
            self._becomes(after)

    @invariant()
    def it_ends_once_at_most(self) -> None:
        assert len(self.finals) <= 1

    @invariant()
    def only_what_runs_waits_for_its_buyer(self) -> None:
        assert self.checkout.action is None or self.checkout.status is CheckoutStatus.RUNNING

    @invariant()
    def what_is_final_is_nobodys(self) -> None:
        assert (self.checkout.lease == NEVER) == self.checkout.final

    @invariant()
    def a_refused_one_says_why_and_a_bought_one_has_its_payment(self) -> None:
        if self.checkout.status in {CheckoutStatus.REFUSED, CheckoutStatus.UNDOING}:
            assert self.checkout.refusal is not None
        if self.checkout.status is CheckoutStatus.DONE:
            assert (self.checkout.transaction_id, self.checkout.refusal) == ("t1", None)


def _tried(step: "object") -> Checkout | None:
    assert callable(step)
    try:
        after = step()
    except Overtaken:
        return None
    assert isinstance(after, Checkout)
    return after


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_a_final_checkout_is_never_taken_over() -> None:
    for status in rules.FINAL:
        with pytest.raises(Overtaken):
            rules.taken_over(replace(BEGUN, status=status), "w2", NEVER + 1, LEASE)


ASKED = (cart.seal, product.hold, order.place, payment.charge)
GIVEN: list[type[ShopError]] = sorted(
    {cls for endpoint in ASKED for cls in (*endpoint.refuses, endpoint.invalid)}
    | {*EVERYWHERE, NeighbourAway, NoAnswer, StoreUnavailable, Invalid, Refused, Internal},
    key=lambda cls: cls.__name__,
)


@pytest.mark.requirement(138, 139, 140, 141)
@pytest.mark.parametrize("given", GIVEN, ids=lambda cls: cls.__name__)
def test_whatever_a_neighbour_refuses_the_buyer_is_told_what_the_contract_declares(given: type[ShopError]) -> None:
    told = refusals.told(given("why", reason="x"))
    assert type(told) in {*checkout.run.refuses, Unavailable}
    assert type(told) is not Missing
    again = refusals.revived(refusals.kept(told))
    assert type(again) is type(told)
    assert render(again, "checkout", "t") == render(told, "checkout", "t")


def test_each_in_its_own_words() -> None:
    told = {given: type(refusals.told(given())) for given in (product.OutOfStock, payment.Declined, order.WrongStatus, payment.CardInvalid)}
    assert told == {
        product.OutOfStock: checkout.CheckoutOutOfStock,
        payment.Declined: checkout.PaymentFailed,
        order.WrongStatus: checkout.OrderFailed,
        payment.CardInvalid: payment.CardInvalid,
    }
    assert isinstance(refusals.told(Missing(product_id="p")), checkout.NotOnSale)
    assert isinstance(refusals.told(Missing()), checkout.OrderFailed)


def test_sums_are_kept_exactly() -> None:
    kept = refusals.kept(checkout.PriceChanged(total=Decimal("90071992547409.10")))
    assert refusals.revived(kept).facts == {"total": Decimal("90071992547409.10")}


def test_only_what_passes_may_be_tried_afresh_under_one_key() -> None:
    final = {cls.slug for cls in checkout.run.refuses} - refusals.AGAIN
    assert {"checkout/payment-failed", "checkout/out-of-stock", "checkout/price-changed", "payment/card-invalid"} <= final
    assert {"unavailable", "checkout/running", "checkout/internal"} == refusals.AGAIN
