"""How often a coupon is used: counted like stock, exactly, whoever races, fails, comes back or comes late."""

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts import checkout, payment
from contracts.checkout import OrderFailed
from contracts.coupon import CouponBelowUsed, CouponExists, CouponKind, CouponUsedByYou, CouponUsedUp
from contracts.payment import PaymentStatus
from mallkit.allotment import Counter
from mallkit.endpoint import Caller, Role
from mallkit.errors import ShopError, Unavailable
from mallkit.ids import new_id
from mallkit.sqlite import open_store
from svc_checkout.domain.address import Destination
from svc_checkout.domain.checkout import Buyer, Checkout
from svc_checkout.domain.coupon import Coupon
from svc_checkout.ports import Ports
from svc_checkout.repository import KINDS, Coupons
from svc_checkout.use_cases import buy
from tests.journeys.people import order_form
from tests.svc_checkout.test_saga import Neighbours, shop

FORM = msgspec.convert(order_form(coupon="ten"), checkout.Checkout)
GOES_TO = Destination("1 Infinite Loop", "Cupertino", "CA", "US", "95014")
PLAIN = msgspec.convert(order_form(), checkout.Checkout)


def coupon(limit: int = 20, per_user: int = 0) -> Coupon:
    return Coupon("TEN", CouponKind.PERCENT, "USD", 0.0, "made", basis_points=1000, limit=limit, per_user=per_user)


def ann(number: int = 0) -> Caller:
    return Caller("ann", Role.CUSTOMER, command=f"ann-{number}")


def somebody(number: int) -> Caller:
    return Caller(f"user-{number}", Role.CUSTOMER, command=f"c-{number}")


def begun(checkout_id: str) -> Checkout:
    """By a process that is dead, with a lease that is over."""
    buyer = Buyer("Ann", "Other", "ann@example.org")
    return Checkout(checkout_id, "ann", f"o-{checkout_id}", buyer, GOES_TO, "dead:1/x/y", 0.0, 1.0, coupon="TEN")


async def counted(ports: Ports, thing: str = "TEN") -> tuple[int, int]:
    """Left and held."""
    uses = (await ports.coupons.uses([thing]))[thing]
    return uses.available, uses.reserved


async def all_at_once(*buying: Coroutine[Any, Any, Any]) -> list[type[Any]]:
    """What each came to."""
    return [type(each) for each in await asyncio.gather(*buying, return_exceptions=True)]


@pytest.mark.requirement(136)
async def test_of_a_hundred_racing_buyers_as_many_get_it_as_there_are_uses(tmp_path: Path) -> None:
    async with shop(tmp_path, Neighbours([None] * 20)) as ports:
        await ports.coupons.create(coupon(20))
        ended = await all_at_once(*(buy.buy(FORM, somebody(number), ports) for number in range(100)))
        assert (ended.count(Checkout), ended.count(CouponUsedUp)) == (20, 80)
        assert await counted(ports) == (0, 0)


@pytest.mark.requirement(136)
async def test_a_user_who_races_with_himself_gets_it_as_often_as_one_may(tmp_path: Path) -> None:
    async with shop(tmp_path, Neighbours([None] * 21)) as ports:
        await ports.coupons.create(coupon(20, per_user=1))
        ended = await all_at_once(*(buy.buy(FORM, ann(number), ports) for number in range(20)))
        assert (ended.count(Checkout), ended.count(CouponUsedByYou)) == (1, 19)
        assert await counted(ports) == (19, 0)
        assert await counted(ports, "TEN:ann") == (0, 0)
        await buy.buy(FORM, somebody(1), ports)
        assert await counted(ports) == (18, 0)


async def test_whoever_comes_when_it_is_used_up_leaves_no_counter(tmp_path: Path) -> None:
    async with shop(tmp_path, Neighbours([None])) as ports:
        await ports.coupons.create(coupon(1, per_user=1))
        await buy.buy(FORM, ann(), ports)
        with pytest.raises(CouponUsedUp):
            await buy.buy(FORM, somebody(1), ports)
        assert "TEN:user-1" not in await ports.coupons.uses(["TEN:user-1"])


@pytest.mark.requirement(136)
async def test_a_purchase_that_fails_gives_its_use_back(tmp_path: Path) -> None:
    async with shop(tmp_path, Neighbours([payment.Declined(reason="declined"), None])) as ports:
        await ports.coupons.create(coupon(1, per_user=1))
        with pytest.raises(checkout.PaymentFailed):
            await buy.buy(FORM, ann(1), ports)
        assert await counted(ports) == (1, 0)
        bought = await buy.buy(FORM, ann(2), ports)
        assert bought.coupon == "TEN"
        assert await counted(ports) == (0, 0)


async def test_money_that_was_taken_after_all_uses_the_coupon(tmp_path: Path) -> None:
    async with shop(tmp_path, Neighbours([payment.OutcomeUnknown()], PaymentStatus.CAPTURED)) as ports:
        await ports.coupons.create(coupon(1))
        await buy.buy(FORM, ann(), ports)
        assert await counted(ports) == (0, 0)


async def test_the_same_key_uses_it_once(tmp_path: Path) -> None:
    async with shop(tmp_path, Neighbours([None])) as ports:
        await ports.coupons.create(coupon(5))
        assert await buy.buy(FORM, ann(), ports) == await buy.buy(FORM, ann(), ports)
        assert await counted(ports) == (4, 0)


async def test_an_undo_that_comes_before_the_hold_is_remembered(tmp_path: Path) -> None:
    async with shop(tmp_path, Neighbours()) as ports:
        await ports.coupons.create(coupon(5))
        await ports.coupons.release("c-1")
        with pytest.raises(OrderFailed):
            await ports.coupons.hold(coupon(5), begun("c-1"))
        assert await counted(ports) == (5, 0)


@pytest.mark.requirement(136)
async def test_what_a_dead_process_held_is_given_back_by_whoever_takes_over(tmp_path: Path) -> None:
    async with shop(tmp_path, Neighbours()) as ports:
        given = await ports.coupons.create(coupon(5))
        left = await ports.checkouts.start(begun("c-1"))
        await ports.coupons.hold(given, left)
        assert await counted(ports) == (4, 1)
        await buy.recover_all(ports)
        assert (await ports.checkouts.get(left.id)).status is checkout.CheckoutStatus.REFUSED
        assert await counted(ports) == (5, 0)


@pytest.mark.requirement(136)
async def test_a_cancelled_order_gives_its_use_back_once(tmp_path: Path) -> None:
    async with shop(tmp_path, Neighbours([None])) as ports:
        await ports.coupons.create(coupon(5, per_user=1))
        bought = await buy.buy(FORM, ann(), ports)
        for _ in range(3):
            assert await ports.coupons.give_back(bought.id)
        assert await counted(ports) == (5, 0)
        assert await counted(ports, "TEN:ann") == (1, 0)
        assert await ports.coupons.take(bought.id), "late: it stays given back"
        assert await counted(ports) == (5, 0)


async def test_a_purchase_without_a_coupon_leaves_nothing_here(tmp_path: Path) -> None:
    async with shop(tmp_path, Neighbours([None])) as ports:
        bought = await buy.buy(PLAIN, ann(), ports)
        assert not await ports.coupons.give_back(bought.id)
        assert not await ports.coupons.take(bought.id)


@pytest.mark.requirement(136)
async def test_a_limit_is_never_set_below_what_is_used(tmp_path: Path) -> None:
    async with shop(tmp_path, Neighbours([None] * 3)) as ports:
        given = await ports.coupons.create(coupon(20))
        for number in range(3):
            await buy.buy(FORM, somebody(number), ports)
        await ports.coupons.hold(given, begun("held"))
        for low in (3, 1):
            with pytest.raises(CouponBelowUsed) as refusal:
                await ports.coupons.change("TEN", lambda found: found, low)
            assert refusal.value.facts == {"used": 4}
        assert (await ports.coupons.get("TEN")).limit == 20
        assert (await ports.coupons.change("TEN", lambda found: found, 4)).limit == 4
        assert await counted(ports) == (0, 1)
        with pytest.raises(CouponUsedUp) as full:
            await buy.buy(FORM, somebody(9), ports)
        assert full.value.facts == {"temporary": True}
        assert (await ports.coupons.change("TEN", lambda found: found, 30)).limit == 30
        assert await counted(ports) == (26, 1)


async def test_limits_that_race_with_buyers_count_right(tmp_path: Path) -> None:
    async with shop(tmp_path, Neighbours([None] * 30)) as ports:
        await ports.coupons.create(coupon(10))
        buying = (buy.buy(FORM, somebody(number), ports) for number in range(30))
        raising = (ports.coupons.change("TEN", lambda found: found, limit) for limit in (30, 12, 25))
        await all_at_once(*buying, *raising)
        left, held = await counted(ports)
        used = 0
        for number in range(30):
            used += (await ports.checkouts.get(f"c-{number}")).status is checkout.CheckoutStatus.DONE
        assert held == 0
        assert used == (await ports.coupons.get("TEN")).limit - left


class Overtaken(Coupons):
    """Others set the limit after the coupon was read, and before its counter is."""

    others: tuple[int, ...] = ()

    async def uses(self, things: Sequence[str]) -> Mapping[str, Counter]:
        while self.others:
            limit, *rest = self.others
            self.others = tuple(rest)
            await super().change("TEN", lambda found: found, limit)
        return await super().uses(things)


@pytest.mark.requirement(136)
async def test_a_limit_set_while_another_one_is_counts_what_was_used_right(tmp_path: Path) -> None:
    async with open_store(tmp_path / "checkout.db", KINDS) as store:
        coupons = Overtaken(store, time.time, new_id)
        given = await coupons.create(coupon(10))
        for number in range(3):
            await coupons.hold(given, begun(f"held-{number}"))
        coupons.others = (30,)
        assert (await coupons.change("TEN", lambda found: found, 25)).limit == 25
        uses = (await coupons.uses(["TEN"]))["TEN"]
        assert (uses.available, uses.reserved) == (22, 3)


async def test_another_copys_change_of_a_coupon_is_seen_after_a_second_and_ones_own_at_once(tmp_path: Path) -> None:
    now = 0.0
    async with open_store(tmp_path / "checkout.db", KINDS) as store:
        here, there = (Coupons(store, time.time, new_id, lambda: now) for _ in range(2))
        await here.create(coupon(5))
        assert not (await here.current("TEN")).ended
        assert not (await there.current("TEN")).ended
        await here.change("TEN", lambda found: replace(found, ended=True), None)
        assert (await here.current("TEN")).ended
        now = 1.1
        assert (await there.current("TEN")).ended


async def test_a_code_is_given_out_once_and_the_same_command_finds_it(tmp_path: Path) -> None:
    async with shop(tmp_path, Neighbours()) as ports:
        first = await ports.coupons.create(coupon(5))
        assert await ports.coupons.create(coupon(5)) == first
        with pytest.raises(CouponExists):
            await ports.coupons.create(Coupon("TEN", CouponKind.FREE_SHIPPING, "USD", time.time(), "another"))
        assert await counted(ports) == (5, 0)


async def test_a_store_that_is_away_for_a_moment_leaves_nothing_held(tmp_path: Path) -> None:
    refusals: list[ShopError | None] = [Unavailable(), None]
    async with shop(tmp_path, Neighbours(refusals)) as ports:
        await ports.coupons.create(coupon(5))
        with pytest.raises(Unavailable):
            await buy.buy(FORM, ann(), ports)
        ended = await buy.buy(FORM, ann(), ports)
        assert (ended.id, await counted(ports)) == ("ann-0.1", (4, 0))
