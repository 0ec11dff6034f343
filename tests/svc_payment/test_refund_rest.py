"""What a cancelled order owes is not settled while its money is still on its way in."""

from pathlib import Path

from contracts.payment import PaymentStatus, RefundRest, RefundStatus
from mallkit.calls import Calls
from mallkit.http1 import Client
from mallkit.lasting import Lasting
from mallkit.money import Money
from mallkit.sqlite import open_store
from mallkit.store import Store
from svc_payment.domain import account as rules
from svc_payment.domain.account import Attempt
from svc_payment.domain.card import Card
from svc_payment.ports import Answer, Hearing, Ports
from svc_payment.repository import ACCOUNTS, POINTERS, Accounts
from svc_payment.use_cases.refund import refund_rest

NOW = 1_000.0
ATTEMPT = Attempt("a1", "t1", "ann", PaymentStatus.ASKED, 1999, "USD", "credit_card", "visa 4242", NOW, NOW, NOW)
OWED = RefundRest(order_id="o1", key="cancel-o1", reason="changed my mind")


class GivesBack:
    """A processor that approves refunds and remembers what it gave back."""

    def __init__(self) -> None:
        self.given: list[int] = []

    async def authorize(self, key: str, amount: Money, card: Card, order_id: str) -> Answer:
        raise AssertionError(key, amount, card, order_id)

    async def capture(self, key: str) -> Answer:
        raise AssertionError(key)

    async def void(self, key: str) -> Answer:
        raise AssertionError(key)

    async def refund(self, key: str, refund_key: str, minor: int) -> Answer:
        assert (key, refund_key) == (ATTEMPT.id, "cancel-o1-rest")
        self.given.append(minor)
        return Answer(approved=True)


def ports(store: Store, bank: GivesBack) -> Ports:
    async def no_token() -> str:
        raise AssertionError

    orders = Calls(Client(), {"order": ["http://127.0.0.1:1"]}, no_token).to("order")
    hearing = Hearing("the-banks-own-secret", 300.0, lambda _: None, lambda _: None)
    return Ports(Accounts(store), orders, {"credit_card": bank}, Lasting(), lambda: NOW, lambda: (2026, 11), 1.0, 30.0, "USD", hearing)


async def test_an_order_cancelled_between_capture_and_booking_gets_its_money_back(tmp_path: Path) -> None:
    bank = GivesBack()
    async with open_store(tmp_path / "payment.db", (ACCOUNTS, POINTERS)) as store:
        payment = ports(store, bank)
        await payment.accounts.ask("o1", ATTEMPT)
        await payment.accounts.change("o1", lambda account: rules.capturing(account, "a1", NOW, NOW))
        early = await refund_rest(OWED, payment)
        assert (early.done, early.refunded_minor, bank.given) == (False, 0, [])
        await payment.accounts.change("o1", lambda account: rules.captured(account, "a1", NOW))
        settled = await refund_rest(OWED, payment)
        assert (settled.done, settled.refunded_minor, bank.given) == (True, 1999, [1999])
        again = await refund_rest(OWED, payment)
        assert (again.done, again.refunded_minor, bank.given) == (True, 1999, [1999])
        assert (await payment.accounts.get("o1")).refunded(RefundStatus.REFUNDED) == 1999


async def test_an_order_that_took_no_money_owes_none(tmp_path: Path) -> None:
    bank = GivesBack()
    async with open_store(tmp_path / "payment.db", (ACCOUNTS, POINTERS)) as store:
        settled = await refund_rest(OWED, ports(store, bank))
        assert (settled.done, settled.refunded_minor, bank.given) == (True, 0, [])
