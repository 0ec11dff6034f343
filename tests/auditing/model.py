"""A mall on paper: purchases that go forward and back step by step, and the rows that correct services would tell of them."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from contracts import audit
from contracts.checkout import CheckoutStatus
from contracts.order import Status
from contracts.payment import PaymentStatus, RefundStatus
from mall.auditing.books import Authorized, Books, Statement
from mallkit.allotment_words import movement_id

PRICE = 500
USD = "USD"
COUPON = "TEN"
Change = Callable[["Purchase"], None]


class Paper:
    """The books, written like correct services would."""

    def __init__(self, stock: dict[str, int]) -> None:
        self.books = Books(statement={}, on_bus={"order", "payment"}, moments={"product": 1000.0, "payment": 1000.0})
        self.books.coupons[COUPON] = audit.CouponCounter(id=COUPON, revision=1, available=100, reserved=0)
        self.use("first", quantity=100, state="received")
        for thing, pieces in stock.items():
            self.books.counters[thing] = audit.Counter(id=thing, revision=1, available=pieces, reserved=0)
            self.move(movement_id("first", thing), key="first", thing=thing, quantity=pieces, state="received")

    @property
    def statement(self) -> Statement:
        """The bank's."""
        assert self.books.statement is not None
        return self.books.statement

    def move(self, movement: str, **fields: Any) -> None:
        """Writes the movement of that id."""
        under = self.books.movements.of(fields.get("key") or movement.partition("/")[0])
        found = next((line for line in under if line.id == movement), None)
        changed = replace(found, revision=found.revision + 1, **fields) if found else audit.Movement(id=movement, revision=1, **fields)
        self.books.movements.put(changed)

    def count(self, thing: str, available: int, reserved: int) -> None:
        """Adds to a counter."""
        counter = self.books.counters[thing]
        changed = {"available": counter.available + available, "reserved": counter.reserved + reserved}
        self.books.counters[thing] = replace(counter, revision=counter.revision + 1, **changed)

    def use(self, key: str, available: int = 0, reserved: int = 0, **fields: Any) -> None:
        """Writes the coupon's movement under that key, and adds to its counter."""
        new = audit.CouponMovement(id=movement_id(key, COUPON), revision=0, key=key, thing=COUPON, quantity=1, state="")
        for each in self.books.uses.of(key) or [new]:
            self.books.uses.put(replace(each, revision=each.revision + 1, **fields))
        counter = self.books.coupons[COUPON]
        changed = {"available": counter.available + available, "reserved": counter.reserved + reserved}
        self.books.coupons[COUPON] = replace(counter, revision=counter.revision + 1, **changed)

    def hold_of_nobody(self, key: str, thing: str, expires_at: float) -> None:
        """One piece, for no order."""
        self.move(movement_id(key, thing), key=key, thing=thing, quantity=1, state="held", expires_at=expires_at)
        self.count(thing, -1, 1)


class Purchase:
    """One checkout; `step` takes the next step forward, `undo` takes all back, `cancel` one more on the way to the money's return."""

    def __init__(self, paper: Paper, number: int, user: str, lines: dict[str, int]) -> None:
        self.paper, self.books, self.lines = paper, paper.books, lines
        self.id, self.user, self.order_id = f"c{number}", user, f"o{number}"
        self.attempt, self.transaction, self.refund = f"a{number}", f"t{number}", f"r{number}"
        self.guest = f"g{number}"
        self.total = PRICE * sum(lines.values())
        self.coupon = COUPON if number % 2 == 0 else ""
        self.taken = 0
        self.back = 0

    def step(self) -> None:
        """Forward."""
        FORWARD[self.taken](self)
        self.taken += 1

    def cancel(self) -> None:
        """After the last step."""
        CANCELLING[self.back](self)
        self.back += 1

    def undo(self) -> None:
        """Whatever was begun, before the point of no return; with nothing left open."""
        if self.taken >= ASKED:
            self._attempt(status=PaymentStatus.VOIDED, over=True)
            self.paper.statement.setdefault(self.attempt, Authorized(reference=self.order_id)).voided = True
        if self.order_id in self.books.orders:
            self.order(status=Status.CANCELLED, attempt="")
        for thing, pieces in self.lines.items():
            if self.taken >= HELD:
                self.paper.move(movement_id(self.id, thing), state="released")
                self.paper.count(thing, pieces, -pieces)
        if self.coupon:
            self.paper.use(self.id, *((1, -1) if self.taken >= HELD else (0, 0)), state="released")
        if self.taken < HELD:
            self.paper.move(movement_id(self.id), key=self.id, thing="", quantity=0, state="released")
        cart = self._cart()
        self._write_cart(sealed="" if cart.sealed == self.id else cart.sealed, undone=(*cart.undone, self.id))
        self._checkout(status=CheckoutStatus.REFUSED)

    def wait(self, until: float) -> None:
        """For the buyer to act, after the attempt has begun at the order."""
        self._attempt(status=PaymentStatus.REQUIRES_ACTION, until=until)

    def order(self, **fields: Any) -> None:
        """Writes the order."""
        found = self.books.orders[self.order_id]
        self.books.orders[self.order_id] = replace(found, revision=found.revision + 1, **fields)

    def account(self, **fields: Any) -> None:
        """Writes the account."""
        found = self.books.accounts[self.order_id]
        self.books.accounts[self.order_id] = replace(found, revision=found.revision + 1, **fields)

    def begin(self) -> None:
        who: dict[str, Any] = {"user_id": self.user, "order_id": self.order_id, "coupon": self.coupon}
        self.books.checkouts[self.id] = audit.Checkout(id=self.id, revision=1, status=CheckoutStatus.RUNNING, **who)
        # The buyer came as a guest.
        self.books.guests[self.guest] = audit.Guest(id=self.guest, revision=1, into=self.user, settled=True)
        self._write_cart(merged=(*self._cart().merged, self.guest))

    def seal(self) -> None:
        self._write_cart(sealed=self.id)

    def hold(self) -> None:
        for thing, pieces in self.lines.items():
            wish = {"key": self.id, "thing": thing, "quantity": pieces, "state": "held", "bound": self.order_id}
            self.paper.move(movement_id(self.id, thing), **wish)
            self.paper.count(thing, -pieces, pieces)
        if self.coupon:
            self.paper.use(self.id, -1, 1, state="held", bound=self.order_id)

    def place(self) -> None:
        placed: dict[str, Any] = {
            "status": Status.PENDING,
            "total_minor": self.total,
            "currency": USD,
            "hold_id": self.id,
            "lines": self.lines,
        }
        self.books.orders[self.order_id] = audit.Order(id=self.order_id, revision=1, **placed)

    def ask(self) -> None:
        facts: dict[str, Any] = {"id": self.attempt, "transaction_id": self.transaction, "minor": self.total, "currency": USD}
        attempt = audit.Attempt(status=PaymentStatus.ASKED, over=False, **facts)
        self.books.accounts[self.order_id] = audit.Account(id=self.order_id, revision=1, attempts=(attempt,))

    def begin_payment(self) -> None:
        self.order(status=Status.PAYING, attempt=self.attempt)

    def authorize(self) -> None:
        self.paper.statement[self.attempt] = Authorized(self.order_id, USD, self.total)

    def point_of_no_return(self) -> None:
        self._attempt(status=PaymentStatus.CAPTURING)

    def capture(self) -> None:
        self.paper.statement[self.attempt].captures.append(self.total)

    def mark_paid(self) -> None:
        self.order(status=Status.PAID, transaction_id=self.transaction)

    def book(self) -> None:
        self._attempt(status=PaymentStatus.CAPTURED, over=True)
        self.account(ledger=(audit.Booking(id=self.transaction, debit="bank", credit="sales", minor=self.total),))

    def take(self) -> None:
        for thing, pieces in self.lines.items():
            self.paper.move(movement_id(self.id, thing), state="taken")
            self.paper.count(thing, 0, -pieces)
        if self.coupon:
            self.paper.use(self.id, 0, -1, state="taken")

    def close(self) -> None:
        self._write_cart(sealed="", closed=(*self._cart().closed, self.id))

    def end(self) -> None:
        self._checkout(status=CheckoutStatus.DONE, transaction_id=self.transaction)

    def owe(self) -> None:
        self.order(status=Status.CANCELLED, owes=True)

    def reserve_refund(self) -> None:
        self.account(refunds=(self._refund(RefundStatus.REFUNDING),))

    def bank_refunds(self) -> None:
        self.paper.statement[self.attempt].refunds.append(self.total)

    def book_refund(self) -> None:
        booked = audit.Booking(id=self.refund, debit="returns", credit="bank", minor=self.total)
        ledger = (*self.books.accounts[self.order_id].ledger, booked)
        self.account(refunds=(self._refund(RefundStatus.REFUNDED),), ledger=ledger)

    def hear_of_refund(self) -> None:
        self.order(refunds={self.refund: self.total})

    def give_back(self) -> None:
        for thing, pieces in self.lines.items():
            self.paper.move(movement_id(self.id, thing), state="returned", returned=pieces)
            self.paper.count(thing, pieces, 0)
        if self.coupon:
            self.paper.use(self.id, 1, 0, state="returned", returned=1)

    def settle(self) -> None:
        self.order(owes=False)

    def _refund(self, status: RefundStatus) -> audit.Refund:
        return audit.Refund(id=self.refund, transaction_id=self.transaction, status=status, minor=self.total)

    def _attempt(self, **fields: Any) -> None:
        self.account(attempts=tuple(replace(each, **fields) for each in self.books.accounts[self.order_id].attempts))

    def _checkout(self, **fields: Any) -> None:
        found = self.books.checkouts[self.id]
        self.books.checkouts[self.id] = replace(found, revision=found.revision + 1, **fields)

    def _cart(self) -> audit.Cart:
        return self.books.carts.get(self.user) or audit.Cart(id=self.user, revision=0)

    def _write_cart(self, **fields: Any) -> None:
        self.books.carts[self.user] = replace(self._cart(), revision=self._cart().revision + 1, **fields)


FORWARD: tuple[Change, ...] = (
    Purchase.begin, Purchase.seal, Purchase.hold, Purchase.place, Purchase.ask, Purchase.begin_payment, Purchase.authorize,
    Purchase.point_of_no_return, Purchase.capture, Purchase.mark_paid, Purchase.book, Purchase.take, Purchase.close, Purchase.end,
)  # fmt: skip
CANCELLING: tuple[Change, ...] = (
    Purchase.owe, Purchase.reserve_refund, Purchase.bank_refunds, Purchase.book_refund, Purchase.hear_of_refund, Purchase.give_back,
    Purchase.settle,
)  # fmt: skip
HELD, ASKED, BEGUN, NO_RETURN = 3, 5, 6, 8
"""Steps taken, once the stock is held, the attempt is written, the order belongs to it, and there is no way back."""
