"""Ways to break a mall on paper. Each gives the id that the audit must name, and stands with the invariant that it violates."""

from collections.abc import Callable

from msgspec.structs import replace

from contracts.audit import Adjustment
from contracts.audit import Entry as Pieces
from contracts.checkout import CheckoutStatus
from contracts.order import Status
from contracts.payment import PaymentStatus, RefundStatus
from mall.auditing.books import Authorized
from mallkit.action_rules import Entry
from mallkit.allotment_words import movement_id
from mallkit.audit import Unpublished
from tests.auditing.corruptions_of_guests import OF_GUESTS
from tests.auditing.corruptions_returns import OF_RETURNS
from tests.auditing.model import COUPON, Paper, Purchase

Harm = Callable[[Paper, Purchase], str]


def lost_piece(paper: Paper, bought: Purchase) -> str:
    thing = next(iter(bought.lines))
    paper.count(thing, -1, 0)
    return thing


def oversold(paper: Paper, bought: Purchase) -> str:
    thing = next(iter(bought.lines))
    paper.count(thing, -1000, 0)
    return thing


def reserved_by_nobody(paper: Paper, bought: Purchase) -> str:
    thing = next(iter(bought.lines))
    counter = paper.books.counters[thing]
    paper.books.counters[thing] = replace(counter, open={"x/y": Pieces(1, "held")})
    return thing


def logged_only(paper: Paper, bought: Purchase) -> str:
    thing = next(iter(bought.lines))
    paper.books.adjustments["a"] = Adjustment(id="a", revision=1, thing=thing, quantity=-1)
    return "a"


def uncounted(paper: Paper, bought: Purchase) -> str:
    thing = next(iter(bought.lines))
    del paper.books.counters[thing]
    return thing


def taken_less(paper: Paper, bought: Purchase) -> str:
    thing, pieces = next(iter(bought.lines.items()))
    paper.move(movement_id(bought.id, thing), quantity=pieces + 1)
    return bought.order_id


def taken_for_nobody(paper: Paper, bought: Purchase) -> str:
    thing = next(iter(bought.lines))
    paper.move(movement_id(bought.id, thing), bound="nobody")
    return movement_id(bought.id, thing)


def held_after_cancelling(paper: Paper, bought: Purchase) -> str:
    thing = next(iter(bought.lines))
    paper.move(movement_id(bought.id, thing), state="held")
    return movement_id(bought.id, thing)


def use_lost(paper: Paper, _: Purchase) -> str:
    paper.use("first", -1)
    return COUPON


def coupon_not_used(paper: Paper, bought: Purchase) -> str:
    row = paper.books.checkouts[bought.id]
    paper.books.checkouts[bought.id] = replace(row, coupon="ANOTHER")
    paper.books.uses.drop(bought.id)
    return bought.id


def coupon_of_cancelled(paper: Paper, bought: Purchase) -> str:
    row = paper.books.checkouts[bought.id]
    paper.books.checkouts[bought.id] = replace(row, coupon=COUPON)
    paper.use(bought.id, state="taken", returned=0)
    return bought.id


def hold_outlives(paper: Paper, bought: Purchase) -> str:
    thing = next(iter(bought.lines))
    paper.hold_of_nobody("h", thing, expires_at=999.0)
    return movement_id("h", thing)


def paid_more(_: Paper, bought: Purchase) -> str:
    bought.order(total_minor=bought.total + 1)
    return bought.order_id


def money_kept(_: Paper, bought: Purchase) -> str:
    bought.account(refunds=())
    return bought.order_id


def refund_untold(_: Paper, bought: Purchase) -> str:
    bought.order(refunds={})
    return bought.order_id


def order_lost(paper: Paper, bought: Purchase) -> str:
    del paper.books.orders[bought.order_id]
    return bought.transaction


def order_names_another(_: Paper, bought: Purchase) -> str:
    bought.order(transaction_id="other")
    return bought.transaction


def booked_twice(paper: Paper, bought: Purchase) -> str:
    bought.account(ledger=paper.books.accounts[bought.order_id].ledger * 2)
    return bought.order_id


def captured_twice(paper: Paper, bought: Purchase) -> str:
    (attempt,) = paper.books.accounts[bought.order_id].attempts
    bought.account(attempts=(attempt, replace(attempt, id="again")), ledger=paper.books.accounts[bought.order_id].ledger * 2)
    return bought.order_id


def attempt_open(paper: Paper, bought: Purchase) -> str:
    (attempt,) = paper.books.accounts[bought.order_id].attempts
    bought.account(attempts=(replace(attempt, status=PaymentStatus.CAPTURING),))
    return bought.transaction


def waits_for_nobody(_: Paper, bought: Purchase) -> str:
    bought.wait(until=2000.0)
    return bought.transaction


def refund_open(paper: Paper, bought: Purchase) -> str:
    (refund,) = paper.books.accounts[bought.order_id].refunds
    bought.account(refunds=(replace(refund, status=RefundStatus.REFUNDING),))
    return bought.refund


def owing(_: Paper, bought: Purchase) -> str:
    bought.order(owes=True)
    return bought.order_id


def charged_twice(paper: Paper, bought: Purchase) -> str:
    paper.statement[bought.attempt].captures.append(bought.total)
    return bought.order_id


def charged_by_nobody(paper: Paper, bought: Purchase) -> str:
    paper.statement["stranger"] = Authorized("elsewhere", "USD", bought.total, [bought.total])
    return "stranger"


def never_charged(paper: Paper, bought: Purchase) -> str:
    paper.statement[bought.attempt].captures.clear()
    return bought.transaction


def charged_another_sum(paper: Paper, bought: Purchase) -> str:
    paper.statement[bought.attempt].captures[0] += 1
    return bought.attempt


def paid_back_twice(paper: Paper, bought: Purchase) -> str:
    paper.statement[bought.attempt].refunds.append(1)
    return bought.order_id


def reserved_for_ever(paper: Paper, bought: Purchase) -> str:
    paper.statement[f"late-{bought.attempt}"] = Authorized(bought.order_id, "USD", bought.total)
    return f"late-{bought.attempt}"


def ordered_twice(paper: Paper, bought: Purchase) -> str:
    paper.books.orders["twin"] = replace(paper.books.orders[bought.order_id], id="twin")
    return bought.id


def refused_and_paid(paper: Paper, bought: Purchase) -> str:
    paper.books.checkouts[bought.id] = replace(paper.books.checkouts[bought.id], status=CheckoutStatus.REFUSED)
    return bought.id


def done_and_pending(_: Paper, bought: Purchase) -> str:
    bought.order(status=Status.PENDING)
    return bought.id


def bought_and_put_back(paper: Paper, bought: Purchase) -> str:
    cart = paper.books.carts[bought.user]
    paper.books.carts[bought.user] = replace(cart, undone=(*cart.undone, bought.id))
    return bought.id


def bought_and_still_there(paper: Paper, bought: Purchase) -> str:
    cart = paper.books.carts[bought.user]
    paper.books.carts[bought.user] = replace(cart, closed=tuple(each for each in cart.closed if each != bought.id))
    return bought.id


def sealed_for_ever(paper: Paper, bought: Purchase) -> str:
    paper.books.carts[bought.user] = replace(paper.books.carts[bought.user], sealed=bought.id)
    return bought.user


def running_for_ever(paper: Paper, bought: Purchase) -> str:
    paper.books.checkouts[bought.id] = replace(paper.books.checkouts[bought.id], status=CheckoutStatus.RUNNING)
    return bought.id


def paying_for_ever(_: Paper, bought: Purchase) -> str:
    bought.order(status=Status.PAYING)
    return bought.order_id


def unpaid_for_ever(paper: Paper, bought: Purchase) -> str:
    paper.books.moments["order"] = 1000.0
    bought.order(status=Status.PENDING, pay_by=999.0)
    return bought.order_id


def placed_and_lost(paper: Paper, bought: Purchase) -> str:
    paper.books.checkouts[bought.id] = replace(paper.books.checkouts[bought.id], pay_later=True)
    del paper.books.orders[bought.order_id]
    return bought.id


def untold(paper: Paper, bought: Purchase) -> str:
    paper.books.unpublished["order/e1"] = Unpublished(id="e1", type="order.paid", subject=bought.order_id, at=0.0)
    return "order/e1"


def action_changed(paper: Paper, _: Purchase) -> str:
    paper.books.actions["order"] = [Entry(id="a1", number=1, actor="ann", hash="0" * 64)]
    return "order/1"


OF_PAID: dict[Harm, str] = {
    **OF_GUESTS,
    **OF_RETURNS,
    lost_piece: "stock-balance",
    use_lost: "coupon-balance",
    coupon_not_used: "coupon-purchase",
    reserved_by_nobody: "stock-balance",
    logged_only: "stock-log",
    uncounted: "stock-balance",
    oversold: "stock-negative",
    taken_less: "order-stock",
    taken_for_nobody: "stock-order",
    hold_outlives: "reservation-expired",
    paid_more: "order-money",
    order_lost: "payment-order",
    order_names_another: "payment-order",
    booked_twice: "ledger",
    captured_twice: "ledger",
    attempt_open: "payment-open",
    waits_for_nobody: "payment-waiting",
    charged_twice: "bank-charges",
    charged_by_nobody: "bank-charges",
    never_charged: "bank-charges",
    charged_another_sum: "bank-charges",
    reserved_for_ever: "bank-authorizations",
    ordered_twice: "order-unique",
    refused_and_paid: "checkout-order",
    done_and_pending: "checkout-order",
    bought_and_put_back: "cart-once",
    bought_and_still_there: "cart-once",
    sealed_for_ever: "cart-sealed",
    running_for_ever: "checkout-final",
    paying_for_ever: "order-paying",
    unpaid_for_ever: "order-unpaid",
    placed_and_lost: "checkout-order",
    untold: "event-unpublished",
    action_changed: "action-chain",
}
"""What breaks a paid purchase, and the invariant that it violates."""
OF_CANCELLED: dict[Harm, str] = {
    coupon_of_cancelled: "coupon-purchase",
    held_after_cancelling: "stock-order",
    money_kept: "order-money",
    refund_untold: "order-refunds",
    refund_open: "payment-open",
    owing: "order-owes",
    paid_back_twice: "bank-refunds",
}
"""What breaks one that was paid, cancelled and given back."""
