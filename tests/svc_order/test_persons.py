"""An order whose buyer is forgotten keeps what the books and the tax office need."""

from dataclasses import replace

import pytest

from contracts.order import Status
from svc_order.domain import owed, placing
from svc_order.domain.order import FINAL, NOBODY, Buyer, Line, Order, Return, Returned

NOW = 1_000.0
ANN = Buyer("Ann", "Other", "ann@example.org", "1 Loop", "Cupertino", "CA", "US", "95014")
ORDER = Order(
    "o1", "u1", Status.COMPLETED, 1999, "USD", NOW, NOW, lines=(Line("p1", "Pot", 1, 1999),), buyer=ANN, reason="Ann's sister wanted it"
)


@pytest.mark.requirement(17)
@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED, Status.FAILED])
def test_who_bought_goes_and_what_was_bought_stays(status: Status) -> None:
    forgotten = placing.forget(replace(ORDER, status=status))
    assert forgotten == replace(ORDER, status=status, buyer=replace(NOBODY, country="US"), reason="", forgotten=True)
    assert placing.forget(forgotten) is forgotten


@pytest.mark.requirement(17)
@pytest.mark.parametrize("order", [*(replace(ORDER, status=status) for status in Status if status not in FINAL)])
def test_an_order_on_its_way_needs_its_buyer(order: Order) -> None:
    assert placing.forget(order) is order
    assert not order.over


@pytest.mark.requirement(17)
def test_so_does_one_that_owes() -> None:
    owing = replace(ORDER, status=Status.CANCELLED, owes=True)
    assert placing.forget(owing) is owing
    assert placing.forget(owed.settled(owing, NOW)).buyer.email == ""


@pytest.mark.requirement(17)
def test_and_one_whose_returned_pieces_are_not_paid_back() -> None:
    open_return = Return("r1", NOW, (Returned("p1", 1, restock=True),), "Ann says that it is broken", 1999)
    returned = replace(ORDER, returns=(open_return,))
    assert placing.forget(returned) is returned
    assert placing.forget(owed.returns_settled(returned, {"r1"})).returns == (replace(open_return, reason="", settled=True),)
