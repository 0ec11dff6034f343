"""What a cancelled order owes is not settled while its money is still on its way in."""

from collections.abc import Callable
from pathlib import Path

from contracts.payment import PaymentStatus, RefundRest, RefundStatus
from mallkit.calls import Calls, Neighbour
from mallkit.http1 import Client
from mallkit.lasting import Lasting
from mallkit.sqlite import open_store
from mallkit.store import Store
from svc_payment.domain import account as rules
from svc_payment.domain.attempt import Attempt
from svc_payment.domain.card import Card, Token
from svc_payment.ports import Answer, Hearing, Intent, Ports, Provider
from svc_payment.providers.bank import read_webhook
from svc_payment.repository import ACCOUNTS, POINTERS, Accounts
from svc_payment.use_cases.refund import refund_rest

NOW = 1_000.0
BANK_SECRET = "the-banks-own-secret"
ATTEMPT = Attempt("a1", "t1", "ann", PaymentStatus.ASKED, 1999, "USD", "credit_card", "visa 4242", NOW, NOW, NOW)
OWED = RefundRest(order_id="o1", key="cancel-o1", reason="changed my mind")


class GivesBack:
    """A processor that approves refunds and remembers what it gave back."""

    def __init__(self) -> None:
        self.given: list[int] = []

    takes_tokens = False

    async def authorize(self, intent: Intent, means: Card | Token) -> Answer:
        raise AssertionError(intent, means)

    async def look(self, intent: Intent) -> Answer:
        raise AssertionError(intent)

    async def capture(self, intent: Intent) -> Answer:
        raise AssertionError(intent)

    async def void(self, intent: Intent) -> Answer:
        raise AssertionError(intent)

    async def refund(self, intent: Intent, refund_key: str, minor: int) -> Answer:
        assert (intent.key, refund_key) == (ATTEMPT.id, "cancel-o1-rest")
        self.given.append(minor)
        return Answer(approved=True)


def ports(store: Store, bank: GivesBack) -> Ports:
    async def no_token() -> str:
        raise AssertionError

    orders = Calls(Client(), {"order": ["http://127.0.0.1:1"]}, no_token).to("order")
    return ports_of(store, bank, orders, Lasting(), lambda: NOW)


def ports_of(store: Store, bank: Provider, orders: Neighbour, lasting: Lasting, clock: Callable[[], float]) -> Ports:
    """A payment service whose one provider is this bank."""
    return Ports(
        accounts=Accounts(store),
        orders=orders,
        methods={"credit_card": "bank"},
        providers={"bank": bank},
        hearing={"bank": Hearing(BANK_SECRET, 300.0, read_webhook, lambda _: None, lambda _: None)},
        lasting=lasting,
        clock=clock,
        today=lambda: (2026, 11),
        answer_seconds=5.0,
        attempt_seconds=30.0,
        action_seconds=600.0,
        currency="USD",
    )


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
