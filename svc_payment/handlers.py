"""The endpoints of the payment service."""

from msgspec import UNSET

from contracts import payment as contract
from contracts.bank_webhook import BankNews
from mallkit.endpoint import Caller, Done
from mallkit.web import serves
from svc_payment import views
from svc_payment.ports import Ports
from svc_payment.use_cases import charge as charging
from svc_payment.use_cases import hear, read, settle
from svc_payment.use_cases import refund as refunding


@serves(contract.charge)
async def charge(wish: contract.Charge, caller: Caller, ports: Ports) -> contract.Charged | contract.ChargePending:
    """Pays an order."""
    return views.charged(await charging.charge(wish, caller, ports))


@serves(contract.payment)
async def payment(wish: contract.PaymentOf, caller: Caller, ports: Ports) -> contract.PaymentView:
    """One payment."""
    return views.payment(*await read.one(wish.transaction_id, caller, ports))


@serves(contract.payments_of)
async def payments_of(wish: contract.PaymentsOf, caller: Caller, ports: Ports) -> contract.PaymentPage:
    """The payments of an order."""
    return views.page(*await read.of_order(wish, caller, ports))


@serves(contract.refund)
async def refund(wish: contract.Refund, caller: Caller, ports: Ports) -> contract.RefundView:
    """Gives money back."""
    return views.refund(*await refunding.refund(wish, caller, ports))


@serves(contract.standing)
async def standing(wish: contract.AccountOf, _: Caller, ports: Ports) -> contract.Standing:
    """For the saga that waits with its buyer."""
    return views.standing(wish.order_id, await read.standing(wish.order_id, ports))


@serves(contract.void)
async def void(wish: contract.AccountOf, _: Caller, ports: Ports) -> contract.Undone:
    """The saga's undo."""
    return await settle.void(wish.order_id, ports)


@serves(contract.refund_rest)
async def refund_rest(wish: contract.RefundRest, _: Caller, ports: Ports) -> contract.Settled:
    """What a cancelled order owes its buyer."""
    return await refunding.refund_rest(wish, ports)


@serves(contract.refund_part)
async def refund_part(wish: contract.RefundPart, _: Caller, ports: Ports) -> contract.Settled:
    """What a return is worth."""
    return await refunding.refund_part(wish, ports)


@serves(contract.stripe_webhook)
async def stripe_webhook(wish: contract.StripeNews, _: Caller, ports: Ports) -> Done:
    """What Stripe tells by itself."""
    await hear.hear("stripe", "" if wish.signature is UNSET else wish.signature, wish.content, ports)
    return Done()


@serves(contract.bank_webhook)
async def bank_webhook(wish: BankNews, _: Caller, ports: Ports) -> Done:
    """What the bank tells by itself."""
    await hear.hear("bank", "" if wish.signature is UNSET else wish.signature, wish.content, ports)
    return Done()
