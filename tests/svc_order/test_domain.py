"""The life of an order, rule by rule: every pair of states, and the referee under every mixture of attempts."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.order import AlreadyPaid, AmountWrong, AttemptEnded, BeingPaid, OrderCancelled, OrderPaid, Status, WrongStatus
from contracts.order_words import Cause, PartlyShipped
from mallkit.errors import Missing
from mallkit.money import Money
from svc_order.domain import moving, owed, paying, placing, shipping
from svc_order.domain.order import NEXT, Line, Order, Shipment
from svc_order.domain.timeline import Origin

NOW = 1_000.0
WHY = Origin(NOW, Cause.CUSTOMER, "ann", "trace")
ORDER = Order("o1", "ann", Status.PENDING, 1999, "USD", NOW, NOW, hold_id="c1", lines=(Line("tea", "Tea", 1, 1999),))
LATER = Origin(NOW + 1, Cause.TIMER)


@pytest.mark.requirement(35, 36, 56)
@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
def test_every_step_is_in_the_table_or_refused_by_name(before: Status, after: Status) -> None:
    order = replace(ORDER, status=before)
    if after in NEXT[before]:
        moved = order.to(after, LATER)
        assert (moved.status, moved.updated, moved.timeline[-1].what) == (after, NOW + 1, after.value)
    else:
        with pytest.raises(WrongStatus) as refusal:
            order.to(after, LATER)
        assert refusal.value.facts == {"order_id": "o1", "order_status": before.value, "wanted": after.value}


BY_HAND: dict[Status, Callable[[Order], Any]] = {
    Status.SHIPPED: lambda order: shipping.ship_rest(order, "s1", LATER),
    Status.COMPLETED: lambda order: moving.complete(order, LATER),
    Status.CANCELLED: lambda order: moving.cancel(order, "", LATER),
    Status.FAILED: lambda order: moving.fail(order, "", LATER),
}
"""What people and services may wish for."""


@pytest.mark.requirement(35, 36, 46, 63)
@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", BY_HAND)
def test_every_step_by_hand_is_in_the_table_or_refused_by_name(before: Status, after: Status) -> None:
    order = replace(ORDER, status=before)
    if before is after:
        assert BY_HAND[after](order) is order, "the same wish again changes nothing"
    elif after in NEXT[before]:
        moved, event = BY_HAND[after](order)
        assert (moved.status, event.order_id, event.day) == (after, "o1", "1970-01-01")
        assert moved.owes == (after in {Status.CANCELLED, Status.FAILED}), "what was held or paid is owed back"
    else:
        with pytest.raises((WrongStatus, BeingPaid)) as refusal:
            BY_HAND[after](order)
        assert isinstance(refusal.value, BeingPaid) == (before is Status.PAYING and after in {Status.CANCELLED, Status.FAILED})


def test_every_status_is_in_the_table() -> None:
    assert set(NEXT) == set(Status)


def test_another_owner_is_not_found() -> None:
    with pytest.raises(Missing):
        paying.begin_payment(ORDER, "a1", "bob", None, WHY)


@pytest.mark.parametrize("asked", [Money(1998, "USD"), Money(1999, "EUR"), Money(0, "USD")])
def test_another_amount_or_currency_is_refused(asked: Money) -> None:
    with pytest.raises(AmountWrong):
        paying.begin_payment(ORDER, "a1", "ann", asked, WHY)


def test_one_attempt_wins() -> None:
    begun = paying.begin_payment(ORDER, "a1", "ann", Money(1999, "USD"), WHY)
    assert paying.begin_payment(begun, "a1", "ann", None, WHY) is begun
    with pytest.raises(BeingPaid):
        paying.begin_payment(begun, "a2", "ann", None, WHY)


@pytest.mark.requirement(39, 115)
def test_a_paid_order_is_not_paid_again() -> None:
    paid = _paid()
    with pytest.raises(AlreadyPaid):
        paying.begin_payment(paid, "a2", "ann", None, WHY)
    assert paying.mark_paid(paid, "a1", "t1", WHY) is paid


def test_an_ended_attempt_never_begins() -> None:
    ended = paying.end_payment(ORDER, "a1", WHY)
    with pytest.raises(AttemptEnded):
        paying.begin_payment(ended, "a1", "ann", None, WHY)
    assert paying.begin_payment(ended, "a2", "ann", None, WHY).status is Status.PAYING


def test_a_paying_order_is_not_cancelled() -> None:
    begun = paying.begin_payment(ORDER, "a1", "ann", None, WHY)
    for give_up in (moving.cancel, moving.fail):
        with pytest.raises(BeingPaid):
            give_up(begun, "", WHY)
    with pytest.raises(BeingPaid):
        placing.undo(begun, WHY)


def test_a_cancelled_paid_order_owes() -> None:
    cancelled = moving.cancel(_paid(), "damaged", WHY)
    assert isinstance(cancelled, tuple)
    order, event = cancelled
    assert (order.status, order.owes, order.reason) == (Status.CANCELLED, True, "damaged")
    assert event == OrderCancelled(order_id="o1", user_id="ann", owes_rest=True, hold_id="c1", day="1970-01-01", pieces=1)
    assert moving.cancel(order, "", WHY) is order
    assert not owed.settled(order, NOW).owes


def test_what_has_left_the_house_is_not_cancelled() -> None:
    two = replace(_paid(), lines=(Line("tea", "Tea", 2, 1000),))
    shipped = shipping.ship(two, Shipment("s1", NOW, {"tea": 1}), WHY)
    assert isinstance(shipped, tuple)
    assert shipped[0].status is Status.PAID
    with pytest.raises(PartlyShipped):
        moving.cancel(shipped[0], "", WHY)


def test_an_undone_order_is_not_placed_late() -> None:
    with pytest.raises(WrongStatus):
        placing.place(placing.tombstone("o1", NOW), ORDER)


def test_the_saga_undoes_what_staff_has_given_up() -> None:
    failed = moving.fail(ORDER, "", WHY)
    assert isinstance(failed, tuple)
    assert placing.undo(failed[0], WHY) is failed[0]


def _paid() -> Order:
    begun = paying.begin_payment(ORDER, "a1", "ann", None, WHY)
    paid = paying.mark_paid(begun, "a1", "t1", WHY)
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
            self._now(paying.begin_payment(self.order, attempt, "ann", None, WHY))
        except (BeingPaid, AlreadyPaid, AttemptEnded, WrongStatus):
            return
        assert attempt not in self.ended
        self.begun.add(attempt)

    @precondition(lambda self: self.begun - self.ended)
    @rule(attempt=ATTEMPTS)
    def capture(self, attempt: str) -> None:
        if attempt != self.order.attempt:
            with pytest.raises(WrongStatus):
                paying.mark_paid(self.order, attempt, f"t-{attempt}", WHY)
        elif self.order.status is Status.PAYING or attempt in self.captured:
            self._now(paying.mark_paid(self.order, attempt, f"t-{attempt}", WHY))
            self.captured.add(attempt)

    @rule(attempt=ATTEMPTS)
    def end(self, attempt: str) -> None:
        try:
            self._now(paying.end_payment(self.order, attempt, WHY))
        except WrongStatus:
            assert attempt in self.captured
        else:
            self.ended.add(attempt)

    @rule(saga=st.booleans())
    def give_up(self, saga: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        try:
            self._now(placing.undo(self.order, WHY) if saga else moving.cancel(self.order, "", WHY))
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

    @invariant()
    def every_change_of_status_stands_in_the_timeline(self) -> None:
        told = [Status.PENDING, *(Status(each.what) for each in self.order.timeline)]
        assert told[-1] is self.order.status
        assert all(after in NEXT[before] for before, after in pairwise(told))


TestReferee = Referee.TestCase
TestReferee.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
