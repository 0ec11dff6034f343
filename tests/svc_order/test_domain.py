"""The life of an order, rule by rule: every pair of states, and the referee under every mixture of attempts."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.order import AlreadyPaid, AmountWrong, AttemptEnded, BeingPaid, OrderCancelled, OrderPaid, Status, WrongStatus
from mallkit.errors import Missing
from mallkit.money import Money
from svc_order import domain
from svc_order.domain import NEXT, Order

NOW = 1_000.0
ORDER = Order("o1", "ann", Status.PENDING, 1999, "USD", NOW, NOW, hold_id="c1")


@pytest.mark.requirement(35, 36, 56)
@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
def test_every_step_is_in_the_table_or_refused_by_name(before: Status, after: Status) -> None:
    order = replace(ORDER, status=before)
    if after in NEXT[before]:
        assert order.to(after, NOW + 1).status is after
    else:
        with pytest.raises(WrongStatus) as refusal:
            order.to(after, NOW + 1)
        assert refusal.value.facts == {"order_id": "o1", "order_status": before.value, "wanted": after.value}


def test_every_status_is_in_the_table() -> None:
    assert set(NEXT) == set(Status)


def test_another_owner_is_not_found() -> None:
    with pytest.raises(Missing):
        domain.begin_payment(ORDER, "a1", "bob", None, NOW)


@pytest.mark.parametrize("asked", [Money(1998, "USD"), Money(1999, "EUR"), Money(0, "USD")])
def test_another_amount_or_currency_is_refused(asked: Money) -> None:
    with pytest.raises(AmountWrong):
        domain.begin_payment(ORDER, "a1", "ann", asked, NOW)


def test_one_attempt_wins() -> None:
    paying = domain.begin_payment(ORDER, "a1", "ann", Money(1999, "USD"), NOW)
    assert domain.begin_payment(paying, "a1", "ann", None, NOW) is paying
    with pytest.raises(BeingPaid):
        domain.begin_payment(paying, "a2", "ann", None, NOW)


@pytest.mark.requirement(39, 115)
def test_a_paid_order_is_not_paid_again() -> None:
    paid = _paid()
    with pytest.raises(AlreadyPaid):
        domain.begin_payment(paid, "a2", "ann", None, NOW)
    assert domain.mark_paid(paid, "a1", "t1", NOW) is paid


def test_an_ended_attempt_never_begins() -> None:
    ended = domain.end_payment(ORDER, "a1", NOW)
    with pytest.raises(AttemptEnded):
        domain.begin_payment(ended, "a1", "ann", None, NOW)
    assert domain.begin_payment(ended, "a2", "ann", None, NOW).status is Status.PAYING


def test_a_paying_order_is_not_cancelled() -> None:
    paying = domain.begin_payment(ORDER, "a1", "ann", None, NOW)
    with pytest.raises(BeingPaid):
        domain.cancel(paying, "", NOW)
    with pytest.raises(BeingPaid):
        domain.undo(paying, NOW)


def test_a_cancelled_paid_order_owes() -> None:
    cancelled = domain.cancel(_paid(), "damaged", NOW)
    assert isinstance(cancelled, tuple)
    order, event = cancelled
    assert (order.status, order.owes, order.reason) == (Status.CANCELLED, True, "damaged")
    assert event == OrderCancelled(order_id="o1", user_id="ann", owes_rest=True, hold_id="c1")
    assert domain.cancel(order, "", NOW) is order
    assert not domain.settled(order, NOW).owes


def test_an_undone_order_is_not_placed_late() -> None:
    with pytest.raises(WrongStatus):
        domain.place(domain.tombstone("o1", NOW), ORDER)


def _paid() -> Order:
    paying = domain.begin_payment(ORDER, "a1", "ann", None, NOW)
    paid = domain.mark_paid(paying, "a1", "t1", NOW)
    assert isinstance(paid, tuple)
    assert isinstance(paid[1], OrderPaid)
    return paid[0]


ATTEMPTS = st.sampled_from(["a1", "a2", "a3"])


class Referee(RuleBasedStateMachine):
    """Attempts, cancellations and undoings in any order, each any number of times."""

    def __init__(self) -> None:
        super().__init__()
        self.order = ORDER
        self.captured: set[str] = set()
        self.ended: set[str] = set()
        self.begun: set[str] = set()

    def _now(self, outcome: Order | tuple[Order, object]) -> None:
        self.order = outcome[0] if isinstance(outcome, tuple) else outcome

    @rule(attempt=ATTEMPTS)
    def begin(self, attempt: str) -> None:
        try:
            self._now(domain.begin_payment(self.order, attempt, "ann", None, NOW))
        except (BeingPaid, AlreadyPaid, AttemptEnded, WrongStatus):
            return
        assert attempt not in self.ended
        self.begun.add(attempt)

    @precondition(lambda self: self.begun - self.ended)
    @rule(attempt=ATTEMPTS)
    def capture(self, attempt: str) -> None:
        if attempt != self.order.attempt:
            with pytest.raises(WrongStatus):
                domain.mark_paid(self.order, attempt, f"t-{attempt}", NOW)
        elif self.order.status is Status.PAYING or attempt in self.captured:
            self._now(domain.mark_paid(self.order, attempt, f"t-{attempt}", NOW))
            self.captured.add(attempt)

    @rule(attempt=ATTEMPTS)
    def end(self, attempt: str) -> None:
        try:
            self._now(domain.end_payment(self.order, attempt, NOW))
        except WrongStatus:
            assert attempt in self.captured
        else:
            self.ended.add(attempt)

    @rule(saga=st.booleans())
    def give_up(self, saga: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        try:
            self._now(domain.undo(self.order, NOW) if saga else domain.cancel(self.order, "", NOW))
        except BeingPaid:
            assert self.order.status is Status.PAYING
        except WrongStatus:
            assert saga
            assert self.captured

    @invariant()
    def paid_once_at_most(self) -> None:
        assert len(self.captured) <= 1
        assert not self.captured & self.ended

    @invariant()
    def money_and_status_agree(self) -> None:
        if self.order.status is Status.PAID:
            assert self.captured
        if self.captured and self.order.status is Status.CANCELLED:
            assert self.order.owes


TestReferee = Referee.TestCase
TestReferee.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
