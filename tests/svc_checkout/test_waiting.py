"""A purchase that waits for its buyer, whatever payment says or does not say; its neighbours answer as they are told."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from contracts import payment
from contracts.checkout import CheckoutStatus, PaymentFailed
from contracts.payment import PaymentStatus
from mallkit.calls import NeighbourAway, NotYet
from svc_checkout.domain import checkout as rules
from svc_checkout.domain.checkout import Checkout, Overtaken
from svc_checkout.ports import Ports
from svc_checkout.use_cases import buy, saga
from svc_checkout.use_cases.refusals import kept
from tests.svc_checkout.test_saga import ANN, FORM, Neighbours, shop

URL = "https://bank.example/challenge/1"


@dataclass
class Asks(Neighbours):
    """A payment service that sends the buyer to act, and then says how that stands: `away` for nothing at all."""

    stands: PaymentStatus = PaymentStatus.REQUIRES_ACTION

    async def __call__(self, endpoint: Any, wish: Any, *, key: str = "", seconds: float = 5.0) -> Any:
        if endpoint is payment.charge:
            raise NotYet(payment.ChargePending(transaction_id="t1", status=self.stands, action_url=URL, status_url="/t1"))
        if endpoint is payment.standing:
            if self.away:
                raise NeighbourAway
            return payment.Standing(order_id=wish.order_id, outcome=self.stands, transaction_id="t1", reason="why")
        return await super().__call__(endpoint, wish, key=key, seconds=seconds)


def later(ports: Ports, seconds: float) -> Ports:
    return replace(ports, clock=lambda: time.time() + seconds)


async def begun(ports: Ports) -> Checkout:
    waiting = await buy.buy(FORM, ANN, ports)
    assert waiting.action is not None
    assert (waiting.status, waiting.action.url) == (CheckoutStatus.RUNNING, URL)
    return waiting


@pytest.mark.parametrize("away", [True, False])
async def test_it_waits_on_however_long_payment_says_nothing_or_wait(tmp_path: Path, away: bool) -> None:  # noqa: FBT001
    neighbours = Asks(away=away)
    async with shop(tmp_path, neighbours) as ports:
        waiting = await begun(ports)
        for seconds in (2.0, 20.0, 2000.0):
            await buy.recover_all(later(ports, seconds))
            found = await ports.checkouts.get(waiting.id)
            assert (found.status, found.action, found.owner) == (CheckoutStatus.RUNNING, waiting.action, waiting.owner)
            assert found.lease > time.time() + seconds
        assert (await buy.buy(FORM, ANN, ports)).action == waiting.action
    assert not {"void", "undo", "release", "take", "close"} & set(neighbours.asked)


async def test_the_job_does_not_ask_before_its_time(tmp_path: Path) -> None:
    neighbours = Asks()
    async with shop(tmp_path, neighbours) as ports:
        waiting = await begun(ports)
        neighbours.stands = PaymentStatus.CAPTURED
        await buy.recover_all(later(ports, -1))
        assert (await ports.checkouts.get(waiting.id)).action is not None
        await buy.recover_all(later(ports, 2))
        assert (await ports.checkouts.get(waiting.id)).status is CheckoutStatus.DONE


@pytest.mark.parametrize("ended", [PaymentStatus.DECLINED, PaymentStatus.VOIDED, PaymentStatus.FAILED])
async def test_money_that_was_not_taken_in_the_end_is_a_refusal_that_says_why(tmp_path: Path, ended: PaymentStatus) -> None:
    neighbours = Asks()
    async with shop(tmp_path, neighbours) as ports:
        await begun(ports)
        neighbours.stands = ended
        with pytest.raises(PaymentFailed) as refusal:
            await buy.buy(FORM, ANN, ports)
        assert refusal.value.facts == {"reason": "why"}
    assert neighbours.asked[-4:] == ["void", "undo", "release", "undo"]


async def test_of_two_who_hear_of_the_money_one_goes_on(tmp_path: Path) -> None:
    neighbours = Asks()
    async with shop(tmp_path, neighbours) as ports:
        waiting = await begun(ports)
        neighbours.stands = PaymentStatus.CAPTURED
        done = await saga.look(waiting, ports)
        assert (done.status, done.transaction_id, done.action) == (CheckoutStatus.DONE, "t1", None)
        with pytest.raises(Overtaken):
            await saga.look(waiting, ports)
    assert neighbours.asked.count("take") == 1


@pytest.mark.parametrize("died", ["resumed", "back"])
async def test_whoever_dies_after_it_heard_is_followed_by_another(tmp_path: Path, died: str) -> None:
    """The record as it is after the step; payment still knows the truth."""
    neighbours = Asks(outcome=PaymentStatus.CAPTURED if died == "resumed" else PaymentStatus.VOIDED)
    ends: dict[str, Callable[[Checkout], Checkout]] = {
        "resumed": lambda found: rules.resumed(found, "dead", time.time() - 1),
        "back": lambda found: rules.back(
            rules.resumed(found, "dead", time.time() - 1), "dead", kept(PaymentFailed(reason="x")), time.time() - 1
        ),
    }
    async with shop(tmp_path, neighbours) as ports:
        waiting = await begun(ports)
        await ports.checkouts.change(waiting.id, ends[died])
        await buy.recover_all(ports)
        found = await ports.checkouts.get(waiting.id)
        assert found.status is (CheckoutStatus.DONE if died == "resumed" else CheckoutStatus.REFUSED)
