"""Ways to break on paper what came back of an order; as tests/auditing/corruptions.py."""

from collections.abc import Callable

from contracts.audit import Refund
from contracts.payment import RefundStatus
from tests.auditing.model import Paper, Purchase


def returned_and_not_there(_: Paper, bought: Purchase) -> str:
    bought.order(restocked={next(iter(bought.lines)): 1})
    return bought.order_id


def returned_and_not_refunded(_: Paper, bought: Purchase) -> str:
    bought.order(returns={f"return-{bought.id}": 100})
    return f"return-{bought.id}"


def refunded_and_not_returned(paper: Paper, bought: Purchase) -> str:
    refund = Refund(id="return-r", transaction_id=bought.transaction, status=RefundStatus.REFUSED, minor=1)
    bought.account(refunds=(*paper.books.accounts[bought.order_id].refunds, refund))
    return "return-r"


OF_RETURNS: dict[Callable[[Paper, Purchase], str], str] = {
    returned_and_not_there: "order-stock",
    returned_and_not_refunded: "order-returns",
    refunded_and_not_returned: "order-returns",
}
"""What breaks a paid purchase, and the invariant that it violates."""
