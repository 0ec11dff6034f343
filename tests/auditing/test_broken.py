"""Every invariant broken by hand in the stores of a mall that sold something, and named by the audit with the offending id."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec import structs

from mall.auditing.asking import asking
from mall.auditing.audit import INVARIANTS, audit
from mall.auditing.command import ASKED, NAME
from mall.auditing.settings import Settings
from mallkit.audit import ROWS
from mallkit.settings import load
from tests.auditing.breaks import BREAKS, COUPON, Bought, Sold
from tests.auditing.broken import document_of
from tests.buses.brokers import PASSWORD, redis_broker
from tests.svc_checkout.buying import Buyer, Buying, buying, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
DECLINED = "4000000000000002"
FAST = {"MALL_ORDER_SETTLE_SECONDS": "0.1", "MALL_PAYMENT_SETTLE_SECONDS": "0.1", "MALL_AUDIT_GRACE_SECONDS": "0.4"}


async def bought(mall: Buying, folder: Path, buyer: Buyer, product: str) -> Bought:
    guest = await mall.come_as_guest(buyer, product, 2)
    told = (await mall.check_out(buyer, coupon=COUPON)).json
    account = document_of(folder, "payment", "accounts", told["order_id"])
    ids = told["checkout_id"], told["order_id"], told["transaction_id"]
    return Bought(*ids, account["attempts"][0]["id"], f"cancel-{told['order_id']}-rest", buyer.user_id, product, guest)


async def shipped_and_returned(mall: Buying, which: Bought) -> Bought:
    """One of its two pieces came back; its refund is the return's."""
    parcel = {"carrier": "DHL", "tracking_number": "1"}
    back = {"lines": [{"product_id": which.product, "quantity": 1}], "reason": "damaged"}
    path = f"/api/v1/orders/{which.order}"
    for where, body in (("shipments", parcel), ("returns", back)):
        told = await mall.call("order", "POST", f"{path}/{where}", body, token=mall.operator, key=where)
        assert told.status == 201, told.body
    return dataclasses.replace(which, refund=f"return-{told.json['return_id']}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sold(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sold]:
    folder = tmp_path_factory.mktemp("mall")
    async with redis_broker(tmp_path_factory.mktemp("broker")) as broker:
        on_bus = {"MALL_REDIS_URL": broker.environ["BUS_URL"], "MALL_REDIS_PASSWORD": PASSWORD}
        async with buying(folder, *ASKED, "bank", **FAST, **on_bus) as mall:
            buyer, product = await mall.buyer(), await mall.product()
            coupon = {"code": COUPON, "kind": "percent", "basis_points": 1000, "limit": 100, "limit_per_user": 50}
            assert (await mall.call("checkout", "POST", "/api/v1/coupons", coupon, token=mall.operator)).status == 201
            paid, cancelled = await bought(mall, folder, buyer, product), await bought(mall, folder, buyer, product)
            await mall.call("order", "PUT", f"/api/v1/orders/{cancelled.order}/cancel", {}, by=buyer)
            returned = await shipped_and_returned(mall, await bought(mall, folder, buyer, product))
            await mall.add(buyer, product)
            assert (await mall.check_out(buyer, DECLINED, coupon=COUPON)).status == 402
            settings = load(Settings, NAME, mall.mall.environ)
            async with asking(settings, ASKED) as asked:
                running = Sold(mall, folder, broker, asked, settings, paid, cancelled, returned)

                async def is_at_rest() -> bool:
                    return not await running.suspects()

                await until(is_at_rest)
                yield running


@pytest.mark.requirement(166)
@pytest.mark.parametrize("what", BREAKS)
async def test_what_is_broken_by_hand_is_named(sold: Sold, what: str) -> None:
    invariant, prepare = BREAKS[what]
    context, offending = prepare(sold)
    with context:
        assert (invariant, offending) in await sold.suspects()
    assert await sold.suspects() == set()


@pytest.mark.requirement(166)
async def test_what_stays_as_it_is_counts_after_its_grace(sold: Sold) -> None:
    _, prepare = BREAKS["a refused checkout has a paid order"]
    context, offending = prepare(sold)
    with context:
        report = await audit(sold.asking, sold.settings, lambda _: None)
    assert not report.clean
    violated = {verdict.name: [violation.id for violation in verdict.violations] for verdict in report.invariants if verdict.violations}
    assert violated["checkout-order"] == [offending]
    returned = document_of(sold.folder, "order", "orders", sold.returned.order)["returns"][0]["minor"]
    figures = report.figures
    assert (figures.captured, figures.refunded, figures.revenue) == ({"USD": 7347}, {"USD": 2449 + returned}, {"USD": 4898})


@pytest.mark.requirement(165)
async def test_an_event_that_does_not_reach_the_bus_is_named(sold: Sold) -> None:
    sold.broker.kill()
    buyer = await sold.mall.buyer()
    await bought(sold.mall, sold.folder, buyer, sold.paid.product)
    stuck = {name for invariant, name in await sold.suspects() if invariant == "event-unpublished"}
    assert {name.partition("/")[0] for name in stuck} >= {"order", "payment"}
    await sold.broker.start()

    async def is_at_rest() -> bool:
        return not await sold.suspects()

    await until(is_at_rest)


async def test_no_row_tells_anything_of_a_person(sold: Sold) -> None:
    shown = {"service": NAME, "secret": sold.settings.client_secret}
    token = (await sold.mall.call("auth", "POST", "/internal/service-token", shown)).json["access_token"]
    for service in ASKED:
        async with sold.mall.mall.session.get(sold.mall.mall.url(service, ROWS.path), headers={"Authorization": f"Bearer {token}"}) as told:
            body = await told.read()
        assert (told.status, [word for word in (b"@", b"Ann", b"Infinite Loop", b"A Thing", b"visa") if word in body]) == (200, [])


async def test_every_invariant_is_broken_once() -> None:
    assert {invariant for invariant, _ in BREAKS.values()} | {"event-unpublished"} == {invariant.name for invariant in INVARIANTS}


async def test_two_readings_at_once_both_come_to_their_end_however_little_they_wait(sold: Sold) -> None:
    hasty = structs.replace(sold.settings, wait_seconds=0.0)
    async with asking(hasty, ASKED) as mine, asking(hasty, ASKED) as yours:
        first, second = await asyncio.gather(mine.read(), yours.read())
    assert first.rows == second.rows
