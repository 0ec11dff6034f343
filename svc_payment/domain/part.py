"""Refunds of a part of the payment, for pieces that came back. Pure."""

from dataclasses import replace

from contracts.payment import NothingPaid, RefundStatus
from svc_payment.domain.account import Account, Refund


def begin_part(account: Account, wished: Refund) -> Account:
    """Reserves what is wished for, or what is left of it; the same id again changes nothing. Nor does it while money is on its way
    and too little is left: that may come back. Raises NothingPaid.
    """
    took = account.captured
    if account.refund(wished.id) is not None or (account.moving and account.refundable < wished.minor):
        return account
    if took is None:
        raise NothingPaid(order_id=account.id)
    minor = min(wished.minor, account.refundable)
    asked = replace(wished, transaction_id=took.transaction_id, minor=minor, returned=True)
    return replace(account, refunds=(*account.refunds, asked)) if minor > 0 else account


def part_is_back(account: Account, refund_id: str) -> bool:
    """Whether the buyer has the part, or there was nothing left to be given back.

    One that the bank refused for good is made up for by what operators refund by hand from then on.
    """
    part = account.refund(refund_id)
    if part is None:
        return not account.moving
    if part.status is not RefundStatus.REFUSED:
        return part.status is RefundStatus.REFUNDED
    refused = [each for each in account.refunds if each.returned and each.status is RefundStatus.REFUSED]
    since = min(each.created for each in refused)
    by_hand = [each for each in account.refunds if not each.returned and each.status is RefundStatus.REFUNDED and each.created >= since]
    return sum(each.minor for each in by_hand) >= sum(each.minor for each in refused)
