"""An order whose buyer is forgotten keeps what the books and the tax office need."""

from dataclasses import replace

import pytest

from contracts.order import Status
from svc_order import domain
from svc_order.domain import Buyer, Line, Order

NOW = 1_000.0
ANN = Buyer("Ann", "Other", "ann@example.org", "1 Loop", "Cupertino", "CA", "US", "95014")
ORDER = Order(
    "o1", "u1", Status.COMPLETED, 1999, "USD", NOW, NOW, lines=(Line("p1", "Pot", 1, 1999),), buyer=ANN, reason="Ann's sister wanted it"
)


@pytest.mark.requirement(17)
@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED, Status.FAILED])
def test_who_bought_goes_and_what_was_bought_stays(status: Status) -> None:
    forgotten = domain.forget(replace(ORDER, status=status))
    assert forgotten == replace(ORDER, status=status, buyer=replace(domain.NOBODY, country="US"), reason="", forgotten=True)
    assert domain.forget(forgotten) is forgotten


@pytest.mark.requirement(17)
@pytest.mark.parametrize("order", [*(replace(ORDER, status=status) for status in Status if status not in domain.FINAL)])
def test_an_order_on_its_way_needs_its_buyer(order: Order) -> None:
    assert domain.forget(order) is order
    assert not order.over


@pytest.mark.requirement(17)
def test_so_does_one_that_owes() -> None:
    owing = replace(ORDER, status=Status.CANCELLED, owes=True)
    assert domain.forget(owing) is owing
    assert domain.forget(domain.settled(owing, NOW)).buyer.email == ""
