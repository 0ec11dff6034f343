"""Random histories of a correct mall violate nothing; one random corruption of such a history is named with its id."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mall.auditing.audit import INVARIANTS
from mall.auditing.books import Authorized, Books
from mall.auditing.invariants import Patience, Suspect, examine
from mall.auditing.shelves import Archive, Shelf
from tests.auditing.corruptions import OF_CANCELLED, OF_PAID
from tests.auditing.model import BEGUN, CANCELLING, FORWARD, NO_RETURN, Paper, Purchase

THINGS = ("tea", "pot", "cup")
Plan = tuple[dict[str, int], int, bool, int]
"""Lines; steps forward; whether it is undone there, if it still can be; steps of its cancellation."""
LINES = st.dictionaries(st.sampled_from(THINGS), st.integers(1, 5), min_size=1)
PLANS: st.SearchStrategy[list[Plan]] = st.lists(
    st.tuples(LINES, st.integers(1, len(FORWARD)), st.booleans(), st.integers(0, len(CANCELLING))), max_size=8
)
ENDED: st.SearchStrategy[list[Plan]] = st.lists(
    st.one_of(
        st.tuples(LINES, st.just(len(FORWARD)), st.just(value=False), st.sampled_from((0, len(CANCELLING)))),
        st.tuples(LINES, st.integers(1, NO_RETURN - 1), st.just(value=True), st.just(0)),
    ),
    max_size=8,
)


def carried_out(plans: list[Plan]) -> tuple[Paper, list[Purchase]]:
    """Each by a buyer of its own unless it ends: a cart is sealed by one checkout at a time."""
    paper = Paper(dict.fromkeys(THINGS, 100))
    purchases = []
    for number, (lines, steps, undone, cancelled) in enumerate(plans):
        ends = steps == len(FORWARD) or (undone and steps < NO_RETURN)
        purchase = Purchase(paper, number, "ann" if ends else f"u{number}", lines)
        for _ in range(steps):
            purchase.step()
        if undone and steps < NO_RETURN:
            purchase.undo()
        elif steps == len(FORWARD):
            for _ in range(cancelled):
                purchase.cancel()
        purchases.append(purchase)
    return paper, purchases


def suspects(paper: Paper) -> list[Suspect]:
    """The same from books in memory and from those that were put away."""
    found = _of(paper.books)
    assert sorted(suspect.key for suspect in _of(put_away(paper.books))) == sorted(suspect.key for suspect in found)
    return found


def _of(books: Books) -> list[Suspect]:
    return [suspect for finding in examine(books, INVARIANTS) for suspect in finding.suspects]


def put_away(books: Books) -> Books:
    """A copy, of which two rows of each kind are in memory."""
    copy = Books.shelved(Archive(), 2)
    for move in chain(books.movements, books.uses):
        copy.add("any", move)
    for place in ("counters", "adjustments", "coupons", "orders", "accounts", "checkouts", "carts", "guests"):
        getattr(copy, place).update(getattr(books, place))
    copy.statement = Shelf(Archive(), Authorized, 2)
    copy.statement.update(books.statement or {})
    copy.moments, copy.on_bus, copy.unpublished = books.moments, books.on_bus, books.unpublished
    copy.actions, copy.heads = books.actions, books.heads
    return copy


@pytest.mark.requirement(166)
@given(plans=ENDED)
def test_whatever_has_ended_violates_nothing(plans: list[Plan]) -> None:
    paper, _ = carried_out(plans)
    assert suspects(paper) == []


@given(plans=PLANS)
def test_whatever_is_under_way_violates_nothing_that_holds_at_every_moment(plans: list[Plan]) -> None:
    paper, _ = carried_out(plans)
    assert [suspect for suspect in suspects(paper) if suspect.patience is Patience.NONE] == []


@given(plans=PLANS)
def test_what_was_on_its_way_fits_once_it_has_arrived(plans: list[Plan]) -> None:
    paper, purchases = carried_out(plans)
    for purchase, (_, steps, undone, cancelled) in zip(purchases, plans, strict=True):
        if steps < len(FORWARD) and not (undone and steps < NO_RETURN):
            for _ in range(steps, len(FORWARD)):
                purchase.step()
        elif steps == len(FORWARD) and cancelled:
            for _ in range(cancelled, len(CANCELLING)):
                purchase.cancel()
    assert suspects(paper) == []


@pytest.mark.requirement(166)
@given(before=ENDED, after=ENDED, data=st.data())
def test_one_corruption_is_named_with_its_id(before: list[Plan], after: list[Plan], data: st.DataObject) -> None:
    cancelled = data.draw(st.booleans())
    broken: Plan = (data.draw(LINES), len(FORWARD), False, len(CANCELLING) if cancelled else 0)
    paper, purchases = carried_out([*before, broken, *after])
    harm, invariant = data.draw(
        st.sampled_from(sorted((OF_CANCELLED if cancelled else OF_PAID).items(), key=lambda each: each[0].__name__))
    )
    offending = harm(paper, purchases[len(before)])
    assert (invariant, offending) in {(suspect.invariant, suspect.id) for suspect in suspects(paper)}


@given(lines=LINES, others=ENDED)
def test_a_purchase_that_waits_for_its_buyer_violates_nothing_until_its_time_is_over(lines: dict[str, int], others: list[Plan]) -> None:
    paper, _ = carried_out(others)
    purchase = Purchase(paper, 99, "bob", lines)
    for _ in range(BEGUN):
        purchase.step()
    purchase.wait(until=1500.0)
    assert suspects(paper) == []
    paper.books.moments["payment"] = 1501.0
    found = {(suspect.invariant, suspect.id) for suspect in suspects(paper)}
    named = {("payment-open", purchase.transaction), ("order-paying", purchase.order_id), ("checkout-final", purchase.id)}
    assert named <= found


@given(lines=LINES, others=ENDED)
def test_what_another_provider_took_need_not_stand_in_the_banks_statement(lines: dict[str, int], others: list[Plan]) -> None:
    paper, _ = carried_out(others)
    purchase = Purchase(paper, 99, "bob", lines)
    for _ in FORWARD:
        purchase.step()
    for _ in CANCELLING:
        purchase.cancel()
    del paper.statement[purchase.attempt]
    assert {suspect.invariant for suspect in suspects(paper)} == {"bank-charges", "bank-refunds"}
    (attempt,) = paper.books.accounts[purchase.order_id].attempts
    purchase.account(attempts=(replace(attempt, provider="stripe"),))
    assert suspects(paper) == []


def test_there_is_a_corruption_of_every_invariant() -> None:
    assert {*OF_PAID.values(), *OF_CANCELLED.values()} == {invariant.name for invariant in INVARIANTS}
