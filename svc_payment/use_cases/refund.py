"""Giving money back: the amount is reserved before the bank is asked, and is free again only when the bank refuses for good."""

from contextlib import suppress
from uuid import NAMESPACE_URL, uuid5

from msgspec import UNSET

from contracts import payment as contract
from contracts.payment import RefundStatus
from mallkit.endpoint import Caller
from mallkit.errors import Missing, Unavailable
from mallkit.money import Money
from mallkit.steps import Call, Write
from svc_payment.domain import account as rules
from svc_payment.domain import part
from svc_payment.domain.account import Account, Refund
from svc_payment.ports import Ports
from svc_payment.use_cases.attempt import intent_of, note

RETRY_SECONDS = 5.0
"""After so long without an answer the job asks the bank again, with the same key."""
REFUND_AT_BANK = Call("payment.refund-at-bank")
BEGUN, ENDED = Write("payment.refund-begun"), Write("payment.refund-ended")


async def refund(wish: contract.Refund, caller: Caller, ports: Ports) -> tuple[Account, Refund]:
    """An operator's refund, once for its Idempotency-Key. Raises Missing, NothingPaid, RefundTooLarge, RefundRefused."""
    account = await ports.accounts.of_transaction(wish.transaction_id)
    took = account.captured
    if took is None or took.transaction_id != wish.transaction_id:
        raise contract.NothingPaid(order_id=account.id)
    wanted = None if wish.amount is UNSET else Money.read(wish.amount, took.currency, least=1).minor
    # Of this payment: a key that is used again when its first answer is long forgotten must not meet another payment's refund at the bank.
    refund_id = str(uuid5(NAMESPACE_URL, f"{caller.command}/{wish.transaction_id}"))
    return await give_back(account.id, refund_id, wanted, wish.reason, ports)


async def refund_rest(wish: contract.RefundRest, ports: Ports) -> contract.Settled:
    """All that is left of an order's payment, once for a key; without any money taken there is nothing to do.

    Not done while a capture is not booked yet: the order is told of the money first, and may be cancelled in between. Nor where the
    bank refuses for good: an operator's refund of the rest ends it.
    """
    account = await ports.accounts.get(wish.order_id)
    refund_id = f"{wish.key}-rest"
    if account.refund(refund_id) is None and account.refundable == 0:
        return _settled(account)
    try:
        account, _ = await give_back(wish.order_id, refund_id, None, wish.reason, ports)
    except (contract.RefundTooLarge, contract.RefundRefused):  # another refund took the rest meanwhile, or it takes an operator
        account = await ports.accounts.get(wish.order_id)
    return _settled(account)


async def refund_part(wish: contract.RefundPart, ports: Ports) -> contract.Settled:
    """So much of an order's payment for pieces that came back, or what an operator has left of it, once for a key. Raises NothingPaid."""
    now = ports.clock()
    wished = Refund(wish.key, "", wish.minor, wish.reason, RefundStatus.REFUNDING, now, now + RETRY_SECONDS)
    account = await note(BEGUN, wish.order_id, lambda found: part.begin_part(found, wished), ports)
    reserved = account.refund(wish.key)
    if reserved is not None and reserved.status is RefundStatus.REFUNDING:
        with suppress(Unavailable):  # the job goes on with it
            account = await ask_bank(account, reserved, ports)
    back = account.refunded(RefundStatus.REFUNDED)
    return contract.Settled(order_id=wish.order_id, refunded_minor=back, done=part.part_is_back(account, wish.key))


async def give_back(order_id: str, refund_id: str, wanted: int | None, reason: str, ports: Ports) -> tuple[Account, Refund]:
    """Reserves, asks the bank, books. Without the bank's word the refund stays *refunding* and the job goes on with it."""
    now = ports.clock()
    wished = Refund(refund_id, "", 0, reason, RefundStatus.REFUNDING, now, now + RETRY_SECONDS)
    account = await note(BEGUN, order_id, lambda found: rules.begin_refund(found, wished, wanted, now), ports)
    reserved = _of(account, refund_id)
    if reserved.status is RefundStatus.REFUNDING:
        try:
            account = await ask_bank(account, reserved, ports)
        except Unavailable:
            return account, reserved
    done = _of(account, refund_id)
    if done.status is RefundStatus.REFUSED:
        raise contract.RefundRefused
    return account, done


async def ask_bank(account: Account, refund: Refund, ports: Ports) -> Account:
    """The bank's word on a reserved refund, booked. Raises Unavailable where it gives none."""
    took = account.captured
    if took is None:
        raise contract.NothingPaid(order_id=account.id)
    giving = ports.provider_of(took).refund(intent_of(account.id, took), refund.id, refund.minor)
    answer = await REFUND_AT_BANK.taking(giving, of=refund.id)
    status = RefundStatus.REFUNDED if answer.approved else RefundStatus.REFUSED
    now = ports.clock()
    return await note(ENDED, account.id, lambda found: rules.end_refund(found, refund.id, status, now), ports)


def _of(account: Account, refund_id: str) -> Refund:
    found = account.refund(refund_id)
    if found is None:
        raise Missing("there is no such refund")
    return found


def _settled(account: Account) -> contract.Settled:
    back = account.refunded(RefundStatus.REFUNDED)
    return contract.Settled(order_id=account.id, refunded_minor=back, done=not account.moving and account.refundable == 0)
