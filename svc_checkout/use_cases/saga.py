"""The purchase, forward and back. Every step is keyed by the checkout's id, and recorded before it is taken.

A refusal before the money is taken turns round: void, cancel, release, unseal. Once the payment is *capturing* there is only
forward. Whoever finds out that another process has taken the checkout over stops at once.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog

from contracts import cart, checkout, order, payment, product
from contracts.checkout import CheckoutStatus
from contracts.checkout_types import Address, CreditCard
from contracts.payment import PaymentStatus
from mallkit.calls import NeighbourAway, NotYet
from mallkit.errors import Missing, Refused, ShopError, Unavailable
from mallkit.money import Money
from mallkit.steps import Call, Write
from svc_checkout import views
from svc_checkout.domain import checkout as rules
from svc_checkout.domain.checkout import Checkout, Overtaken
from svc_checkout.domain.receipt import payable
from svc_checkout.ports import Ports
from svc_checkout.use_cases.pricing import Asked, reckon
from svc_checkout.use_cases.refusals import kept, told

log = structlog.get_logger()

STEP_SECONDS = 6.0
PAY_SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
NOT_CHARGED = (
    NeighbourAway, payment.Declined, payment.CardInvalid, payment.MethodUnknown, payment.NoTransactionId,
    order.AmountWrong, order.WrongStatus, Missing,
)  # fmt: skip
"""After any other answer the money may have been taken all the same: by this charge, or by one that the buyer made beside it."""

SEAL, UNSEAL = Call("checkout.seal", undone_by="checkout.unseal"), Call("checkout.unseal")
HOLD, RELEASE = Call("checkout.hold", undone_by="checkout.release"), Call("checkout.release")
PLACE, UNDO_ORDER = Call("checkout.place", undone_by="checkout.undo-order"), Call("checkout.undo-order")
COUPON, COUPON_BACK = Call("checkout.coupon", undone_by="checkout.coupon-back"), Call("checkout.coupon-back")
COUPON_TAKE = Call("checkout.coupon-take")
PAY, VOID = Call("checkout.pay", undone_by="checkout.void"), Call("checkout.void")
LOOK = Call("checkout.look")
TAKE, CLOSE = Call("checkout.take", undone_by="order.give-back"), Call("checkout.close")
PRICED, DONE = Write("checkout.priced"), Write("checkout.done")
BACK, FORWARD, REFUSED = Write("checkout.back"), Write("checkout.forward"), Write("checkout.refused")
WAITING, WAITS_ON, RESUMED = Write("checkout.waiting"), Write("checkout.waits-on"), Write("checkout.resumed")
TAKEN_OVER, RENEWED = Write("checkout.taken-over"), Write("checkout.renewed")


@dataclass(frozen=True)
class Means:
    """What only the request has: the card, in memory (none where it is paid later), and the total that the buyer agreed to."""

    card: CreditCard | None
    expected: Money | None


async def carry_out(begun: Checkout, means: Means, ports: Ports) -> Checkout:
    """Buys, or undoes everything and raises what the buyer is told; or lets it wait for the buyer to act.

    Undoing goes on in the background when it takes long; with an unknown payment it is waited for. Either way it may turn forward.
    """
    paying = False
    try:
        priced = await _prepare(begun, means, ports)
        placed = await _place(priced, ports)
        paying = means.card is not None
        transaction_id = await _pay(priced, means.card, ports) if means.card is not None else ""
    except Overtaken:
        raise
    except NotYet as pending:
        return await _wait(begun, pending, ports)
    except ShopError as error:
        refusal = told(error)
        undoing = await _note(BACK, begun, lambda now: rules.back(now, begun.owner, kept(refusal), _lease(ports)), ports)
        if paying and not isinstance(error, NOT_CHARGED):
            return await undo(undoing, ports)
        with suppress(TimeoutError):
            ended = await ports.lasting.within(ports.times.undo, undo(undoing, ports), "checkout.undo")
            if ended.status is CheckoutStatus.DONE:
                return ended
        raise refusal from None
    return await finish(priced, transaction_id, ports, placed.pay_by)


async def _prepare(begun: Checkout, means: Means, ports: Ports) -> Checkout:
    sealing = ports.carts(cart.seal, cart.SealOf(user_id=begun.user_id, checkout_id=begun.id), seconds=STEP_SECONDS)
    sealed = await SEAL.taking(sealing, of=begun.id)
    lines = [product.HoldLine(product_id=line.product_id, quantity=line.quantity) for line in sealed.lines]
    hold = product.Hold(hold_id=begun.id, lines=lines, order_id=begun.order_id)
    faces = await HOLD.taking(ports.products(product.hold, hold, seconds=STEP_SECONDS), of=begun.id)
    asked = Asked(begun.destination.country, begun.currency, begun.coupon)
    bought = await reckon(asked, sealed.lines, faces.items, ports)
    receipt = payable(bought.receipt)
    if means.expected is not None and means.expected != Money(receipt.total, receipt.currency):
        raise checkout.PriceChanged(receipt=views.receipt(receipt))
    rule = partial(rules.priced, owner=begun.owner, items=bought.items, receipt=receipt, lease=_lease(ports))
    if bought.coupon is None:
        return await _note(PRICED, begun, rule, ports)
    noted = rules.Noted(rule)
    await COUPON.taking(ports.coupons.hold(bought.coupon, begun, ports.checkouts.changing(begun.id, noted)), of=begun.id)
    return noted.after or begun


async def _place(priced: Checkout, ports: Ports) -> order.State:
    return await PLACE.taking(ports.orders(order.place, _order(priced), seconds=STEP_SECONDS), of=priced.id)


async def _pay(priced: Checkout, card: CreditCard, ports: Ports) -> str:
    total = Money(0, ports.currency) if priced.receipt is None else Money(priced.receipt.total, priced.receipt.currency)
    wish = payment.Charge(amount=total.amount, currency=total.currency, credit_card=card, order_id=priced.order_id, user_id=priced.user_id)
    charged = await PAY.taking(ports.payments(payment.charge, wish, key=priced.id, seconds=PAY_SECONDS), of=priced.id)
    return charged.transaction_id


async def _wait(begun: Checkout, pending: NotYet, ports: Ports) -> Checkout:
    if not isinstance(pending.accepted, payment.ChargePending):
        raise TypeError(pending.accepted)
    url, now = pending.accepted.action_url, ports.clock()
    return await _note(WAITING, begun, lambda found: rules.waiting(found, begun.owner, url, now), ports)


UNDECIDED = frozenset({PaymentStatus.ASKED, PaymentStatus.REQUIRES_ACTION, PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURING})


async def look(waiting: Checkout, ports: Ports) -> Checkout:
    """Asks payment whether the buyer has acted: goes forward with the money, back without it, or waits on. Raises Overtaken.

    Nobody but the buyer and the time that payment gives ends the waiting: while payment is away, it lasts.
    """
    asking = ports.payments(payment.standing, payment.AccountOf(order_id=waiting.order_id), seconds=STEP_SECONDS)
    try:
        stands = await LOOK.taking(asking, of=waiting.id)
    except Unavailable:
        stands = None
    now = ports.clock()
    if stands is None or stands.outcome in UNDECIDED:
        return await _note(WAITS_ON, waiting, lambda found: rules.waits_on(found, now), ports)
    owner = f"{ports.process}/{ports.new_id()}"
    mine = await _note(RESUMED, waiting, lambda found: rules.resumed(found, owner, _lease(ports)), ports)
    if stands.outcome is PaymentStatus.CAPTURED:
        return await finish(mine, stands.transaction_id, ports)
    refusal = kept(checkout.PaymentFailed(f"the payment was not approved: {stands.reason}", reason=stands.reason))
    undoing = await _note(BACK, mine, lambda found: rules.back(found, owner, refusal, _lease(ports)), ports)
    return await undo(undoing, ports)


async def finish(paid: Checkout, transaction_id: str, ports: Ports, pay_by: str = "") -> Checkout:
    """The money is taken: takes the stock, closes the cart, and repeats both until they are done.

    Of one that is paid later the order takes the stock; until when it may be paid is asked where it is not known: the order is placed
    then at the latest.
    """
    pause = FIRST_PAUSE
    while True:
        try:
            if paid.pay_later and not pay_by:
                pay_by = (await _place(paid, ports)).pay_by
            closing = ports.carts(cart.close, cart.SealOf(user_id=paid.user_id, checkout_id=paid.id))
            await asyncio.gather(_take(paid, ports), CLOSE.taking(closing, of=paid.id))
            return await _end(paid, partial(rules.done, owner=paid.owner, transaction_id=transaction_id, pay_by=pay_by), ports)
        except Overtaken:
            raise
        except ShopError as trouble:
            pause = await _rest(paid, pause, trouble, ports)


async def _take(paid: Checkout, ports: Ports) -> None:
    if paid.pay_later:
        return
    # A hold that is gone belongs to an order cancelled meanwhile: its stock was given back, and this step has ended.
    with suppress(product.HoldGone):
        await TAKE.taking(ports.products(product.take_hold, product.HoldOf(hold_id=paid.id)), of=paid.id)


async def _end(paid: Checkout, rule: Callable[[Checkout], Checkout], ports: Ports) -> Checkout:
    """Done, and in the same write the coupon is used; of one that is paid later the order's event tells when.

    A use that was released meanwhile stays so: its order was cancelled.
    """
    if paid.coupon and not paid.pay_later:
        noted = rules.Noted(rule)
        if await COUPON_TAKE.taking(ports.coupons.take(paid.id, ports.checkouts.changing(paid.id, noted)), of=paid.id):
            return noted.after or paid
    return await _note(DONE, paid, rule, ports)


async def undo(undoing: Checkout, ports: Ports) -> Checkout:
    """Undoes until everything is undone; turns forward if the payment turns out to be beyond undoing."""
    pause = FIRST_PAUSE
    while True:
        try:
            transaction_id = await _undo_payment(undoing, ports)
            if transaction_id:
                break
            if undoing.coupon:
                await COUPON_BACK.taking(ports.coupons.release(undoing.id), of=undoing.id)
            await RELEASE.taking(ports.products(product.release_hold, product.HoldOf(hold_id=undoing.id)), of=undoing.id)
            unsealing = ports.carts(cart.unseal, cart.SealOf(user_id=undoing.user_id, checkout_id=undoing.id))
            await UNSEAL.taking(unsealing, of=undoing.id)
            return await _note(REFUSED, undoing, lambda now: rules.refused(now, undoing.owner), ports)
        except Overtaken:
            raise
        except ShopError as trouble:
            pause = await _rest(undoing, pause, trouble, ports)
    running = await _note(FORWARD, undoing, lambda now: rules.forward(now, undoing.owner, _lease(ports)), ports)
    return await finish(running, transaction_id, ports)


class _StillCapturing(Refused):
    """The bank has not said yet whether the money is taken."""

    slug = "checkout/still-capturing"
    title = "The payment is being captured"


WAITED_FOR = (Unavailable, order.BeingPaid, _StillCapturing)


async def _undo_payment(undoing: Checkout, ports: Ports) -> str:
    """The transaction id if the money was taken after all, else nothing is left of payment and order."""
    if undoing.receipt is None:
        return ""  # neither was begun
    undone = await VOID.taking(ports.payments(payment.void, payment.AccountOf(order_id=undoing.order_id)), of=undoing.id)
    if undone.outcome is PaymentStatus.CAPTURED:
        return undone.transaction_id
    if undone.outcome is PaymentStatus.CAPTURING:
        raise _StillCapturing
    await UNDO_ORDER.taking(ports.orders(order.undo, order.OrderOf(order_id=undoing.order_id)), of=undoing.id)
    return ""


async def _rest(held: Checkout, pause: float, trouble: ShopError, ports: Ports) -> float:
    """A growing pause between two tries, with the lease renewed for the next one. Raises Overtaken.

    Neither way has another end: a neighbour that refuses is asked again like one that is away.
    """
    if not isinstance(trouble, WAITED_FOR):
        log.warning("checkout.step.refused", checkout_id=held.id, reason=trouble.slug)
    await asyncio.sleep(pause)
    await _note(RENEWED, held, lambda now: rules.renewed(now, held.owner, _lease(ports)), ports)
    return min(pause * 2, LONGEST_PAUSE)


async def _note(step: Write, held: Checkout, rule: Callable[[Checkout], Checkout], ports: Ports) -> Checkout:
    with step.writing():
        return await ports.checkouts.change(held.id, rule)


async def recover(left: Checkout, ports: Ports) -> Checkout:
    """Takes over what a dead process left and ends it. It has no card: what was not paid is undone.

    What is paid later goes on once it has a price: its order may have been placed, and its buyer may have seen it, and be paying.
    """
    owner, now = f"{ports.process}/{ports.new_id()}", ports.clock()
    mine = await _note(TAKEN_OVER, left, lambda found: rules.taken_over(found, owner, now, ports.times.lease), ports)
    if mine.status is CheckoutStatus.RUNNING and mine.pay_later and mine.receipt is not None:
        return await finish(mine, "", ports)
    if mine.status is CheckoutStatus.RUNNING:
        refusal = kept(Unavailable("the checkout was interrupted; nothing was bought"))
        mine = await _note(BACK, left, lambda found: rules.back(found, owner, refusal, _lease(ports)), ports)
    return await undo(mine, ports)


def _lease(ports: Ports) -> float:
    return ports.clock() + ports.times.lease


def _order(priced: Checkout) -> order.Place:
    to, buyer, receipt = priced.destination, priced.buyer, priced.receipt
    return order.Place(
        order_id=priced.order_id,
        user_id=priced.user_id,
        hold_id=priced.id,
        pay_later=priced.pay_later,
        lines=[
            order.PlaceLine(product_id=item.product_id, name=item.name, quantity=item.quantity, unit_minor=item.unit_minor)
            for item in priced.items
        ],
        receipt=views.receipt(receipt).lines if receipt else [],
        total_minor=receipt.total if receipt else 0,
        currency=receipt.currency if receipt else "",
        buyer=order.Buyer(
            firstname=buyer.firstname,
            lastname=buyer.lastname,
            email=buyer.email,
            address=Address(street_address=to.street_address, city=to.city, state=to.state, country=to.country, zip_code=to.zip_code),
        ),
    )
