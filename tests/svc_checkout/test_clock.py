"""Checkouts that were left behind are ended soon: many at once, past neighbours that refuse, and by clocks that jump and come back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts import cart, payment, product
from contracts.checkout import CheckoutStatus
from contracts.payment import PaymentStatus
from mallkit.calls import TurnedAway
from mallkit.errors import Internal, Missing, ShopError, TooManyRequests, Unauthenticated, Unavailable
from mallkit.settings import Common
from mallkit.times import APART, NEVER
from svc_checkout.domain.address import Destination
from svc_checkout.domain.checkout import Buyer, Checkout, Refusal
from svc_checkout.ports import Ports
from svc_checkout.settings import Settings as CheckoutSettings
from svc_checkout.use_cases import buy
from svc_order.domain.owed import LONGEST_WAIT
from svc_order.settings import Settings as OrderSettings
from svc_payment.settings import Settings as PaymentSettings
from tests.svc_checkout.test_saga import ANN, FORM, Neighbours, shop

HOUR, MINUTE, LEASE = 3600.0, 60.0, 40.0
NOW = 1_800_000_000.0


@dataclass
class Clock:
    """A wall clock that somebody sets."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Moody(Neighbours):
    """Neighbours that refuse some calls first, and let a charge wait."""

    troubles: dict[Any, list[ShopError]] = field(default_factory=dict)
    charging: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event | None = None

    async def __call__(self, endpoint: Any, wish: Any, *, key: str = "", seconds: float = 5.0) -> Any:
        if self.troubles.get(endpoint):
            raise self.troubles[endpoint].pop(0)
        if endpoint is payment.charge and self.may_answer is not None:
            self.charging.set()
            await self.may_answer.wait()
        return await super().__call__(endpoint, wish, key=key, seconds=seconds)


@asynccontextmanager
async def at(folder: Path, neighbours: Neighbours, clock: Clock) -> AsyncIterator[Ports]:
    async with shop(folder, neighbours) as ports:
        yield replace(ports, clock=clock, times=replace(ports.times, lease=LEASE))


def left_behind(number: int, lease: float, status: CheckoutStatus = CheckoutStatus.RUNNING) -> Checkout:
    """By a process that died after it had begun."""
    refusal = None if status is CheckoutStatus.RUNNING else Refusal("unavailable", "away")
    to = Destination("s", "c", "", "US", "1")
    return Checkout(f"c{number}", "ann", f"o{number}", Buyer("A", "B", "a@b.org"), to, "dead", lease, NOW, status, refusal=refusal)


async def statuses(ports: Ports, *numbers: int) -> list[str]:
    return [(await ports.checkouts.get(f"c{number}")).status.value for number in numbers]


async def test_a_lease_that_no_clock_of_ours_can_have_set_is_over(tmp_path: Path) -> None:
    clock = Clock()
    async with at(tmp_path, Neighbours(), clock) as ports:
        leases = (NOW - 1, NOW + LEASE + HOUR, NOW + LEASE + APART + 1, NOW + LEASE + APART, NOW + 1)
        for number, lease in enumerate(leases):
            await ports.checkouts.start(left_behind(number, lease))
        await ports.checkouts.start(left_behind(9, NEVER, CheckoutStatus.REFUSED))
        await buy.recover_all(ports)
        assert await statuses(ports, *range(5)) == ["refused", "refused", "refused", "running", "running"]
        assert (await ports.checkouts.get("c9")).owner == "dead"
        clock.now += LEASE + APART
        await buy.recover_all(ports)
        assert await statuses(ports, 3, 4) == ["refused", "refused"]


async def test_all_that_were_left_behind_are_ended_in_one_round(tmp_path: Path) -> None:
    async with at(tmp_path, Neighbours(), Clock()) as ports:
        for number in range(buy.BATCH * 2 + 5):
            await ports.checkouts.start(left_behind(number, NOW - 1, [CheckoutStatus.RUNNING, CheckoutStatus.UNDOING][number % 2]))
        await buy.recover_all(ports)
        assert set(await statuses(ports, *range(buy.BATCH * 2 + 5))) == {"refused"}


async def test_a_copy_that_was_started_again_ends_what_it_had_in_its_hands_at_once(tmp_path: Path) -> None:
    owners = ["here:1/before/w1", "here:1/now/w1", "here:2/before/w1", "there:1/before/w1", "dead", "here:1"]
    async with at(tmp_path, Neighbours(), Clock()) as ports:
        assert ports.process == "here:1/now"
        for number, owner in enumerate(owners):
            await ports.checkouts.start(replace(left_behind(number, NOW + LEASE), owner=owner))
        await ports.checkouts.start(replace(left_behind(9, NEVER, CheckoutStatus.REFUSED), owner=owners[0]))
        await buy.resume(ports)
        assert await statuses(ports, *range(len(owners))) == ["refused", *["running"] * 5]
        assert (await ports.checkouts.get("c9")).owner == owners[0]


@pytest.mark.requirement(69, 70)
@pytest.mark.parametrize("money", [PaymentStatus.CAPTURED, PaymentStatus.VOIDED])
@pytest.mark.parametrize("dies", [False, True])
async def test_a_clock_that_jumps_ahead_and_back_leaves_nothing_unfinished(tmp_path: Path, money: PaymentStatus, dies: bool) -> None:  # noqa: FBT001
    clock, neighbours = Clock(), Moody([None], money, may_answer=asyncio.Event())
    async with at(tmp_path, neighbours, clock) as ports:
        clock.now += HOUR
        buying = asyncio.create_task(buy.buy(FORM, ANN, ports))
        await neighbours.charging.wait()
        clock.now -= HOUR
        if dies:
            buying.cancel()
            await ports.lasting.rest(0)
        await buy.recover_all(ports)
        found = await ports.checkouts.get(ANN.command)
        assert found.status is (CheckoutStatus.DONE if money is PaymentStatus.CAPTURED else CheckoutStatus.REFUSED)
        if dies:
            return
        assert neighbours.may_answer is not None
        neighbours.may_answer.set()  # late: whoever was overtaken tells what has become of it
        if money is PaymentStatus.CAPTURED:
            assert await buying == found
        else:
            with pytest.raises(Unavailable):
                await buying


async def test_nobody_waits_an_hour_for_an_answer_because_the_clock_went_back(tmp_path: Path) -> None:
    clock, neighbours = Clock(), Moody([None], may_answer=asyncio.Event())
    async with at(tmp_path, neighbours, clock) as ports:
        first = asyncio.create_task(buy.buy(FORM, ANN, ports))
        await neighbours.charging.wait()
        again = asyncio.create_task(buy.buy(FORM, ANN, ports))
        await asyncio.sleep(0)
        clock.now -= HOUR
        async with asyncio.timeout(ports.times.answer + 3):
            assert [(await first).status, (await again).status] == [CheckoutStatus.RUNNING] * 2


TROUBLES: list[ShopError] = [Unavailable(), TurnedAway(), Unauthenticated(), TooManyRequests(), Internal(), Missing()]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: type(trouble).__name__)
async def test_no_answer_of_a_neighbour_stops_a_purchase_half_way(tmp_path: Path, trouble: ShopError) -> None:
    ahead: list[Any] = [product.take_hold, cart.close]
    forward = Moody([None], troubles={step: [trouble, trouble] for step in ahead})
    async with at(tmp_path / "forward", forward, Clock()) as ports:
        assert (await buy.buy(FORM, ANN, ports)).status is CheckoutStatus.DONE
    behind: list[Any] = [payment.void, product.release_hold, cart.unseal]
    back = Moody([payment.Declined(reason="declined")], troubles={step: [trouble] for step in behind})
    async with at(tmp_path / "back", back, Clock()) as ports:
        with pytest.raises(ShopError):
            await buy.buy(FORM, ANN, ports)
        async with asyncio.timeout(5):
            while (await ports.checkouts.get(ANN.command)).status is not CheckoutStatus.REFUSED:
                await asyncio.sleep(0.02)


STRANGERS: list[ShopError] = [Unauthenticated(), TooManyRequests(), Internal()]


@pytest.mark.parametrize("answer", STRANGERS, ids=lambda answer: type(answer).__name__)
async def test_after_an_answer_that_says_nothing_of_the_money_the_truth_is_waited_for(tmp_path: Path, answer: ShopError) -> None:
    slow = Moody([answer], PaymentStatus.CAPTURED, troubles={payment.void: [Unavailable()] * 4})
    async with at(tmp_path, slow, Clock()) as ports:
        assert (await buy.buy(FORM, ANN, ports)).status is CheckoutStatus.DONE


def test_no_wait_ends_later_than_a_minute_after_the_last_fault() -> None:
    """Every wait was set before the fault that it is about; only the jobs' rounds and the work itself come on top."""
    work = 10.0
    assert default(CheckoutSettings, "lease_seconds") + APART + 1.1 * default(CheckoutSettings, "recover_seconds") + work < MINUTE
    assert default(PaymentSettings, "attempt_seconds") + APART + 1.1 * default(PaymentSettings, "settle_seconds") + work < MINUTE
    assert LONGEST_WAIT + APART + 1.1 * default(OrderSettings, "settle_seconds") + work < MINUTE


def default(settings: type[Common], name: str) -> float:
    return float({field.name: field.default for field in msgspec.structs.fields(settings)}[name])
