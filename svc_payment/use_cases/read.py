"""Reading payments: one's own, or all for operators."""

from contracts import payment as contract
from mallkit.endpoint import Caller
from mallkit.errors import Missing
from svc_payment.domain.account import Account
from svc_payment.domain.attempt import TOOK_NOTHING, Attempt
from svc_payment.ports import Ports


async def one(transaction_id: str, caller: Caller, ports: Ports) -> tuple[Account, Attempt]:
    """Raises Missing, for other people's payments too."""
    account = await ports.accounts.of_transaction(transaction_id)
    for attempt in _visible(account, caller):
        if attempt.transaction_id == transaction_id:
            return account, attempt
    raise Missing("there is no such payment")


async def of_order(wish: contract.PaymentsOf, caller: Caller, ports: Ports) -> tuple[Account, list[Attempt]]:
    """The attempts at an order, newest first. Raises Missing where the caller has none."""
    account = await ports.accounts.get(wish.order_id)
    attempts = _visible(account, caller)
    if not attempts:
        raise Missing("there is no payment of such an order")
    return account, attempts[::-1]


async def standing(order_id: str, ports: Ports) -> Attempt | None:
    """The attempt that decides over an order: one that took no money does only where all did."""
    attempts = (await ports.accounts.get(order_id)).attempts
    return next((each for each in attempts if each.status not in TOOK_NOTHING), attempts[-1] if attempts else None)


def _visible(account: Account, caller: Caller) -> list[Attempt]:
    return [each for each in account.attempts if caller.is_operator or each.user_id == caller.subject]
