"""What the buyer is told when a charge ends strangely: the truth about the money, whichever way it turns out."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from contracts import cart, checkout, order, payment, product
from contracts.checkout import CheckoutFault, CheckoutStatus, PaymentFailed
from contracts.payment import PaymentStatus
from mallkit.calls import Neighbour, NeighbourAway, NoAnswer
from mallkit.endpoint import Caller, Done, Role
from mallkit.errors import BadGateway, Internal, ShopError, Unavailable
from mallkit.ids import new_id
from mallkit.lasting import lasting
from mallkit.sqlite import open_store
from svc_checkout.domain.receipt import Rates
from svc_checkout.ports import Ports, Times
from svc_checkout.repository import BOOKS, CHECKOUTS, KINDS, Books, Checkouts, Coupons
from svc_checkout.use_cases import buy
from tests.journeys.people import order_form

ANN = Caller("ann", Role.CUSTOMER, command="k-1")
FACE = product.Card(product_id="p1", name="A Thing", unit_minor=1000, currency="USD", stock=1)
FORM = msgspec.json.decode(msgspec.json.encode(order_form()), type=checkout.Checkout)


@dataclass
class Neighbours:
    """All four, in one: a charge that fails, and a payment service that then says what became of the money."""

    charged: list[ShopError | None] = field(default_factory=list)
    outcome: PaymentStatus = PaymentStatus.VOIDED
    away: bool = False
    asked: list[str] = field(default_factory=list)

    async def __call__(self, endpoint: Any, wish: Any, *, key: str = "", seconds: float = 5.0) -> Any:
        assert seconds > 0
        self.asked.append(endpoint.path.rsplit("/", 1)[-1])
        if endpoint is payment.charge:
            return self._charge(key)
        if endpoint is payment.void and self.away:
            raise NeighbourAway
        id_of = {name: getattr(wish, name, "") for name in ("checkout_id", "order_id", "hold_id")}
        state = order.State(order_id=id_of["order_id"], status=order.Status.PENDING)
        view = product.HoldView(hold_id=id_of["hold_id"], state="held")
        answers = {
            cart.seal: cart.Sealed(checkout_id=id_of["checkout_id"], lines=[cart.SealedLine(product_id="p1", quantity=1)]),
            product.hold: product.Cards(items=[FACE]),
            payment.void: payment.Undone(order_id=id_of["order_id"], outcome=self.outcome, transaction_id="t1"),
        }
        answers |= {product.take_hold: view, product.release_hold: view, order.place: state, order.undo: state}
        return (answers | {cart.unseal: Done(), cart.close: Done()})[endpoint]

    def _charge(self, key: str) -> payment.Charged:
        assert key
        error = self.charged.pop(0)
        if error is not None:
            raise error
        return payment.Charged(transaction_id="t1")


@asynccontextmanager
async def shop(folder: Path, neighbours: Neighbours) -> AsyncIterator[Ports]:
    all_of_them = cast("Neighbour", neighbours)
    async with open_store(folder / "checkout.db", KINDS) as store, lasting(0.1) as work:
        yield Ports(
            checkouts=Checkouts(store[CHECKOUTS]),
            book=Books(store[BOOKS]),
            coupons=Coupons(store, time.time, new_id),
            carts=all_of_them,
            products=all_of_them,
            orders=all_of_them,
            payments=all_of_them,
            users=all_of_them,
            lasting=work,
            clock=time.time,
            new_id=new_id,
            process="here:1/now",
            times=Times(answer=2.0, undo=0.2, lease=1e6, rate=1e6),
            rates=Rates({}, {}),
            currency="USD",
            home_country="US",
        )


STRANGE: list[ShopError] = [
    payment.OutcomeUnknown(),
    NoAnswer(),
    BadGateway(),
    Unavailable(),
    order.AlreadyPaid(),
    order.BeingPaid(),
    payment.Declined(reason="voided"),
]


@pytest.mark.parametrize("error", STRANGE, ids=lambda error: type(error).__name__)
async def test_money_that_was_taken_is_a_purchase_whatever_the_charge_said(tmp_path: Path, error: ShopError) -> None:
    neighbours = Neighbours([error], PaymentStatus.CAPTURED)
    async with shop(tmp_path, neighbours) as ports:
        ended = await buy.buy(FORM, ANN, ports)
        again = await buy.buy(FORM, ANN, ports)
    assert (ended.status, ended.transaction_id, ended.refusal) == (CheckoutStatus.DONE, "t1", None)
    assert again == ended
    assert {"take", "close"} <= set(neighbours.asked)
    assert not {"release", "unseal"} & set(neighbours.asked)


@pytest.mark.parametrize("error", STRANGE, ids=lambda error: type(error).__name__)
async def test_money_that_was_not_taken_is_a_refusal_after_everything_is_undone(tmp_path: Path, error: ShopError) -> None:
    neighbours = Neighbours([error])
    async with shop(tmp_path, neighbours) as ports:
        with pytest.raises(ShopError) as refusal:
            await buy.buy(FORM, ANN, ports)
        assert type(refusal.value) in {*checkout.run.refuses, Unavailable}
        assert (await ports.checkouts.get("k-1")).status is CheckoutStatus.REFUSED
    assert neighbours.asked[-4:] == ["void", "undo", "release", "undo"]
    assert not {"take", "close"} & set(neighbours.asked)


async def test_nobody_is_told_that_nothing_was_bought_while_that_is_not_known(tmp_path: Path) -> None:
    async with shop(tmp_path, Neighbours([NoAnswer()], away=True)) as ports:
        pending = await buy.buy(FORM, ANN, ports)
    assert pending.status is CheckoutStatus.UNDOING


async def test_a_charge_that_never_left_is_refused_at_once_and_undone_behind(tmp_path: Path) -> None:
    neighbours = Neighbours([NeighbourAway()], away=True)
    async with shop(tmp_path, neighbours) as ports:
        with pytest.raises(Unavailable):
            await buy.buy(FORM, ANN, ports)
        assert (await ports.checkouts.get("k-1")).status is CheckoutStatus.UNDOING
        neighbours.away = False
        with pytest.raises(Unavailable):  # the repeat under the same key waits for the undoing
            await buy.buy(FORM, ANN, ports)
        assert (await ports.checkouts.get("k-1")).status is CheckoutStatus.REFUSED


@pytest.mark.parametrize(("first", "told"), [(Unavailable(), Unavailable), (Internal(), CheckoutFault)])
async def test_after_a_fault_the_same_key_tries_afresh(tmp_path: Path, first: ShopError, told: type[ShopError]) -> None:
    async with shop(tmp_path, Neighbours([first, None])) as ports:
        with pytest.raises(told):
            await buy.buy(FORM, ANN, ports)
        ended = await buy.buy(FORM, ANN, ports)
        assert (ended.id, ended.status) == ("k-1.1", CheckoutStatus.DONE)
        assert await buy.buy(FORM, ANN, ports) == ended


async def test_after_a_refusal_the_same_key_is_refused_again(tmp_path: Path) -> None:
    neighbours = Neighbours([payment.Declined(reason="declined"), None])
    async with shop(tmp_path, neighbours) as ports:
        for _ in range(2):
            with pytest.raises(PaymentFailed) as refusal:
                await buy.buy(FORM, ANN, ports)
            assert refusal.value.facts == {"reason": "declined"}
    assert neighbours.asked.count("charge") == 1
