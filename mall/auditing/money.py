"""The invariants of money: what was taken belongs to an order that says so, what is owed comes back, and every book agrees."""

from collections import Counter

from contracts import audit
from contracts.order import Status
from contracts.payment import PaymentStatus, RefundStatus
from mall.auditing.books import Books
from mall.auditing.invariants import MONEY_TAKEN, Invariant, Patience, Tell

OPEN = frozenset({PaymentStatus.ASKED, PaymentStatus.REQUIRES_ACTION, PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURING})
BANK, SALES, RETURNS = "bank", "sales", "returns"
"""The ledger's accounts, as svc_payment names them."""
RETURNED = "return-"
"""How svc_order names the refund of a return."""
EMPTY = audit.Account(id="", revision=0)


def captured(account: audit.Account) -> list[audit.Attempt]:
    """The attempts that took money: never more than one."""
    return [each for each in account.attempts if each.status is PaymentStatus.CAPTURED]


def refunded(account: audit.Account, *statuses: RefundStatus) -> int:
    """Minor units of the refunds in these statuses."""
    return sum(each.minor for each in account.refunds if each.status in statuses)


def currency_of(account: audit.Account) -> str:
    """An account has one, that of what was captured."""
    return next((attempt.currency for attempt in captured(account)), "")


def order_money(books: Books, tell: Tell) -> int:
    """For each order: paid = captured - refunded; a cancelled one has its money back, or still owes it."""
    for order in books.orders.values():
        account = books.accounts.get(order.id)
        took = captured(account or EMPTY)
        in_, back = sum(each.minor for each in took), refunded(account or EMPTY, RefundStatus.REFUNDED)
        was_paid = order.status in MONEY_TAKEN or (order.status is Status.CANCELLED and bool(order.transaction_id))
        due = order.total_minor if was_paid else 0
        kept = order.status in MONEY_TAKEN or order.owes
        fits = in_ == due and back <= in_ and (kept or back == in_)
        if not fits or any(each.currency != order.currency or each.transaction_id != order.transaction_id for each in took):
            tell(order.id, f"{order.status.value}, {due} {order.currency} due; {in_} captured, {back} refunded", order, account)
    return len(books.orders)


def payment_order(books: Books, tell: Tell) -> int:
    """No money is captured without an order that says so."""
    checked = 0
    for account in books.accounts.values():
        for attempt in captured(account):
            checked += 1
            order = books.orders.get(account.id)
            if order is None:
                tell(attempt.transaction_id, f"{attempt.minor} captured for order {account.id}, which is not there", account)
            elif order.transaction_id != attempt.transaction_id or order.status not in MONEY_TAKEN | {Status.CANCELLED}:
                named = order.transaction_id or "no payment"
                tell(attempt.transaction_id, f"captured, but order {order.id} is {order.status.value} and names {named}", account, order)
    return checked


def order_refunds(books: Books, tell: Tell) -> int:
    """Every refund is told to its order, by events, exactly once."""
    if "payment" not in books.on_bus:
        return 0  # without a bus nobody is told
    checked = 0
    for order in books.orders.values():
        account = books.accounts.get(order.id)
        paid_back = {each.id: each.minor for each in (account or EMPTY).refunds if each.status is RefundStatus.REFUNDED}
        checked += len(paid_back)
        if order.refunds != paid_back:
            tell(order.id, f"paid back {sum(paid_back.values())} in {len(paid_back)}, told {sum(order.refunds.values())}", order, account)
    return checked


def order_returns(books: Books, tell: Tell) -> int:
    """Every return has its refund: what the receipt gave, or all that was left; and no refund is a return's that there is not."""
    for account in books.accounts.values():
        order = books.orders.get(account.id)
        for refund in account.refunds:
            if refund.id.startswith(RETURNED) and (order is None or refund.id not in order.returns):
                tell(refund.id, f"{refund.minor} are paid back for a return that order {account.id} does not know", account, order)
    for order in books.orders.values():
        _returns(order, books.accounts.get(order.id) or EMPTY, tell)
    return sum(len(order.returns) for order in books.orders.values())


def _returns(order: audit.Order, account: audit.Account, tell: Tell) -> None:
    known = {each.id: each.minor for each in account.refunds}
    left = sum(each.minor for each in captured(account)) - refunded(account, RefundStatus.REFUNDED, RefundStatus.REFUNDING)
    for refund_id, minor in order.returns.items():
        back = known.get(refund_id, 0)
        if back > minor or (back < minor and left > 0):
            tell(refund_id, f"{minor} are owed for a return of order {order.id}, {back} are refunded, {left} are left", order, account)


def ledger(books: Books, tell: Tell) -> int:
    """Each booking has two sides, and the sums are the captures and the refunds."""
    for account in books.accounts.values():
        sums: Counter[tuple[str, str]] = Counter()
        for booking in account.ledger:
            sums[booking.debit, booking.credit] += booking.minor
        took, back = captured(account), refunded(account, RefundStatus.REFUNDED)
        due = {(BANK, SALES): sum(each.minor for each in took), (RETURNS, BANK): back}
        if +Counter(due) != sums or len(took) > 1 or any(booking.minor <= 0 for booking in account.ledger):
            booked = ", ".join(f"{debit} from {credit} {minor}" for (debit, credit), minor in sorted(sums.items())) or "nothing"
            told = " and ".join(str(each.minor) for each in took) or "0"
            tell(account.id, f"captured {told}, refunded {back}; booked {booked}", account)
        elif refunded(account, RefundStatus.REFUNDED, RefundStatus.REFUNDING) > due[BANK, SALES]:
            tell(account.id, "more is on its way back than was captured", account)
    return len(books.accounts)


def payment_open(books: Books, tell: Tell) -> int:
    """Every attempt and every refund reaches its end, and the order is told; one that waits for its buyer does when its time is over."""
    checked = 0
    for account in books.accounts.values():
        waiting = books.waiting(account.id)
        for attempt in account.attempts:
            checked += 1
            if waiting is not None and attempt.id == waiting.id:
                continue
            if attempt.status in OPEN or not attempt.over:
                waits = "" if attempt.status in OPEN else ", and the order is not told"
                tell(attempt.transaction_id, f"the payment of order {account.id} is {attempt.status.value}{waits}")
        for refund in account.refunds:
            checked += 1
            if refund.status is RefundStatus.REFUNDING:
                tell(refund.id, f"{refund.minor} of order {account.id} are on their way back")
    return checked


def payment_waiting(books: Books, tell: Tell) -> int:
    """While an attempt waits for its buyer, its order is paying and belongs to it."""
    checked = 0
    for account in books.accounts.values():
        waiting, order = books.waiting(account.id), books.orders.get(account.id)
        if waiting is None:
            continue
        checked += 1
        if order is None or (order.status, order.attempt) != (Status.PAYING, waiting.id):
            how = "not there" if order is None else f"{order.status.value}, by attempt {order.attempt or 'none'}"
            tell(waiting.transaction_id, f"waits for its buyer, but order {account.id} is {how}", account, order)
    return checked


def order_owes(books: Books, tell: Tell) -> int:
    """No order owes for long: a cancelled one its money and stock, a return too, one that was paid later the taking of its stock."""
    for order in books.orders.values():
        if order.owes:
            what = "are not back" if order.status is Status.CANCELLED else "are not settled"
            tell(order.id, f"{order.status.value}, and {order.total_minor} {order.currency} or its stock {what}")
    return sum(order.status is Status.CANCELLED for order in books.orders.values())


INVARIANTS = (
    Invariant("order-money", Patience.GRACE, order_money),
    Invariant("order-refunds", Patience.GRACE, order_refunds),
    Invariant("order-returns", Patience.GRACE, order_returns),
    Invariant("payment-order", Patience.GRACE, payment_order),
    Invariant("ledger", Patience.NONE, ledger),
    Invariant("payment-open", Patience.GRACE, payment_open),
    Invariant("payment-waiting", Patience.GRACE, payment_waiting),
    Invariant("order-owes", Patience.GRACE, order_owes),
)
