"""One request buys the cart: the same key gets the same answer, whatever died in between."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

from msgspec import UNSET

from contracts import cart, checkout, product
from contracts.checkout import CheckoutStatus
from contracts.checkout_types import CreditCard
from contracts.payment import CardInvalid
from mallkit.background import side_by_side
from mallkit.endpoint import Caller
from mallkit.errors import Missing
from mallkit.money import Money
from mallkit.steps import Write
from svc_checkout.domain import card
from svc_checkout.domain.checkout import Checkout, Overtaken, buyer_of, left_by_the_same
from svc_checkout.domain.coupon import code_of
from svc_checkout.domain.currency import known
from svc_checkout.domain.receipt import Receipt
from svc_checkout.ports import Ports
from svc_checkout.use_cases import destination, saga
from svc_checkout.use_cases.pricing import Asked, reckon, still_left
from svc_checkout.use_cases.refusals import AGAIN, revived

POLL_SECONDS = 0.05
AFRESH = 50
"""How often one key may try afresh after refusals of the moment."""
BATCH = 20
RESUMED = 500
"""Checkouts that a copy looks through when it starts; more than that wait for the end of their leases."""
BEGUN = Write("checkout.begun")


async def quote(wish: checkout.Quote, caller: Caller, ports: Ports) -> Receipt:
    """What the open cart would cost now. Raises CartEmpty, NotOnSale, AddressInvalid, and whatever else leaves no price."""
    country = await destination.country_of_quote(wish.address, caller, ports)
    lines = (await ports.carts(cart.open_lines, cart.CartOf(user_id=caller.subject))).lines
    if not lines:
        raise cart.CartEmpty
    faces = await ports.products(product.look_up, product.LookUp(product_ids=[line.product_id for line in lines]))
    priced = await reckon(_asked(wish, country), lines, faces.items, ports)
    if priced.coupon is not None:
        await still_left(priced.coupon, caller.subject, ports)
    return priced.receipt


def _asked(wish: checkout.Quote | checkout.Purchase, country: str) -> Asked:
    currency = "" if wish.currency is UNSET else wish.currency
    return Asked(country, currency, "" if wish.coupon is UNSET else code_of(wish.coupon))


async def buy(wish: checkout.Checkout, caller: Caller, ports: Ports) -> Checkout:
    """The checkout, done; or still unfinished when its outcome is not known in time. Raises what the buyer is told."""
    _only_for_oneself(wish, caller)
    await _look_at(wish.credit_card, caller, ports)
    return await _go_through(wish, wish.credit_card, caller, ports)


async def place(wish: checkout.PlaceOrder, caller: Caller, ports: Ports) -> Checkout:
    """As `buy`, without paying."""
    _only_for_oneself(wish, caller)
    return await _go_through(wish, None, caller, ports)


def _only_for_oneself(wish: checkout.Purchase, caller: Caller) -> None:
    """Raises Missing."""
    if wish.user_id is not UNSET and str(wish.user_id) != caller.subject:
        raise Missing("there is no such user")


async def _go_through(wish: checkout.Purchase, plastic: CreditCard | None, caller: Caller, ports: Ports) -> Checkout:
    currency = ports.currency if wish.currency is UNSET else known(wish.currency)
    expected = None if wish.expected_total is UNSET else Money.read(wish.expected_total, currency, least=0)
    begun, mine = await _begin(wish, caller, ports)
    if not mine:
        return await _outcome(begun, ports)
    work = saga.carry_out(begun, saga.Means(plastic, expected), ports)
    try:
        ended = await ports.lasting.within(ports.times.answer, work, "checkout.run")
    except (TimeoutError, Overtaken):
        return await _outcome(begun, ports, wait=False)
    return _told(ended)


async def _look_at(sent: CreditCard, caller: Caller, ports: Ports) -> None:
    """Raises CardInvalid before anything is begun."""
    now = datetime.fromtimestamp(ports.clock(), UTC)
    try:
        card.check(sent, (now.year, now.month))
    except CardInvalid:
        with suppress(Missing):
            await ports.checkouts.get(caller.command)
            return  # this key began while the card was good: it gets its one answer
        raise


async def _begin(wish: checkout.Purchase, caller: Caller, ports: Ports) -> tuple[Checkout, bool]:
    """The checkout of this command, and whether it began just now.

    After a refusal of the moment (a part was away, another checkout was running) the same key begins a fresh one.
    """
    buyer = buyer_of(wish.firstname, wish.lastname, wish.email)
    to = await destination.of_purchase(wish.address, caller, ports)
    asked = _asked(wish, to.country)
    for afresh in range(AFRESH):
        now, owner = ports.clock(), f"{ports.process}/{ports.new_id()}"
        checkout_id = f"{caller.command}.{afresh}" if afresh else caller.command
        wished = Checkout(
            id=checkout_id,
            user_id=caller.subject,
            order_id=ports.new_id(),
            buyer=buyer,
            destination=to,
            owner=owner,
            lease=now + ports.times.lease,
            created=now,
            coupon=asked.coupon,
            currency=asked.currency,
            pay_later=isinstance(wish, checkout.PlaceOrder),
        )
        with BEGUN.writing():
            found = await ports.checkouts.start(wished)
        if found.status is not CheckoutStatus.REFUSED or found.refusal is None or found.refusal.slug not in AGAIN:
            break
    return found, found.owner == owner


async def _outcome(begun: Checkout, ports: Ports, *, wait: bool = True) -> Checkout:
    """What became of a checkout that somebody else works on, or that waits for its buyer; unfinished if that takes too long."""
    found = await ports.checkouts.get(begun.id)
    if found.action is not None:
        found = await _looked(found, ports)
    with suppress(TimeoutError):
        async with asyncio.timeout(ports.times.answer if wait else 0):
            while not found.final and found.action is None:
                await asyncio.sleep(POLL_SECONDS)
                found = await ports.checkouts.get(begun.id)
    return _told(found)


async def _looked(waiting: Checkout, ports: Ports) -> Checkout:
    """A checkout that waits for its buyer, after payment was asked whether that is over."""
    with suppress(Overtaken, TimeoutError):  # somebody else goes on with it, or it takes long
        return await ports.lasting.within(ports.times.answer, saga.look(waiting, ports), "checkout.look")
    return await ports.checkouts.get(waiting.id)


def _told(found: Checkout) -> Checkout:
    if found.status is CheckoutStatus.REFUSED and found.refusal is not None:
        raise revived(found.refusal)
    return found


async def read(checkout_id: str, caller: Caller, ports: Ports) -> Checkout:
    """One's own checkout. Raises Missing."""
    found = await ports.checkouts.get(checkout_id)
    if found.user_id != caller.subject and not caller.is_operator:
        raise Missing("there is no such checkout")
    return found


async def resume(ports: Ports) -> None:
    """What this copy had in its hands when it died is ended at once: nobody need wait for the end of those leases."""
    left = [each for each in await ports.checkouts.unfinished(RESUMED) if left_by_the_same(each.owner, ports.process)]
    await side_by_side(_recover(each, ports) for each in left)


async def recover_all(ports: Ports) -> None:
    """The job's round: ends what dead processes left, side by side: one checkout's trouble does not keep the others waiting."""
    more = True
    while more:  # whoever was looked at is under a lease afterwards
        left = await ports.checkouts.left_behind(ports.clock(), ports.times.lease, BATCH)
        await side_by_side(_recover(each, ports) for each in left)
        more = len(left) >= BATCH


async def _recover(left: Checkout, ports: Ports) -> None:
    if left.action is not None:
        await _looked(left, ports)
        return
    # Another copy has it, or it goes on in the background under its lease.
    with suppress(Overtaken, TimeoutError):
        await ports.lasting.within(ports.times.answer, saga.recover(left, ports), "checkout.recover")
