"""What svc_checkout promises: one request buys the cart, or changes nothing; the receipt adds up."""

from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.auth import Email
from contracts.cart import CartBusy, CartEmpty
from contracts.checkout_types import Address, AddressInvalid, BadCheckout, CreditCard, Receipt
from contracts.coupon import (
    WHY_NOT,
    CouponBelowUsed,
    CouponCode,
    CouponContradicts,
    CouponEnded,
    CouponExists,
    CouponExpired,
    CouponGivesNothing,
    CouponMinimum,
    CouponNotYet,
    CouponOtherCurrency,
    CouponUnknown,
    CouponUsedByYou,
    CouponUsedUp,
    change_coupon,
    coupon,
    coupons,
    create_coupon,
)
from contracts.currency import OwnCurrency, RateDateWrong, RateTooOld, put_rate
from contracts.payment import CardInvalid
from contracts.persons import export as export  # noqa: PLC0414 - served here too
from contracts.persons import forget as forget  # noqa: PLC0414 - as export
from contracts.pricing import Currency, CurrencyUnknown, rates
from contracts.promotion import PromotionsFull, WindowWrong, begin_promotion, change_promotion, end_promotion, promotions
from contracts.shipping import ParcelTooHeavy, ProductUnknown, TariffWrong, put_tariff, quote_shipping, tariff
from contracts.tax import TaxClassUnknown, put_taxes, taxes
from mallkit.endpoint import ADMIN, CUSTOMER, END, GET, OPERATOR, POST, Accepted, Endpoint, Id, IdOrNumber, Keyed, View, Wish
from mallkit.errors import Internal, Missing, Refused
from mallkit.money import Amount

__all__ = [
    "AddressInvalid",
    "BadCheckout",
    "CouponBelowUsed",
    "CouponContradicts",
    "CouponEnded",
    "CouponExists",
    "CouponExpired",
    "CouponGivesNothing",
    "CouponMinimum",
    "CouponNotYet",
    "CouponOtherCurrency",
    "CouponUnknown",
    "CouponUsedByYou",
    "CouponUsedUp",
    "CurrencyUnknown",
    "OwnCurrency",
    "ParcelTooHeavy",
    "ProductUnknown",
    "PromotionsFull",
    "RateDateWrong",
    "RateTooOld",
    "TariffWrong",
    "TaxClassUnknown",
    "WindowWrong",
    "begin_promotion",
    "change_coupon",
    "change_promotion",
    "coupon",
    "coupons",
    "create_coupon",
    "end_promotion",
    "promotions",
    "put_rate",
    "put_tariff",
    "put_taxes",
    "quote_shipping",
    "rates",
    "tariff",
    "taxes",
]
"""Also said here: what this module holds is served and explained."""
BUYERS = (CUSTOMER, OPERATOR, ADMIN)
_PLAIN = r"[^\x00-\x1f\x7f-\x9f]*"
PersonName = Annotated[str, Meta(min_length=1, max_length=100, pattern=rf"^{_PLAIN}[^\x00-\x20\x7f-\xa0]{_PLAIN}{END}", examples=["Ann"])]
"""Without control characters, and not blank."""


class CheckoutOutOfStock(Refused):
    """`product_id` and `available` tell which; `temporary` says that only others' running purchases are in the way."""

    code = 4001002
    slug = "checkout/out-of-stock"
    title = "Not enough in stock"
    remedy = "Change the cart, or try again later when `temporary` is true."


class OrderFailed(Refused):
    """The order could not be made, or was cancelled while it was being bought."""

    code = 4001002
    slug = "checkout/order-failed"
    title = "The order could not be made"
    remedy = "Look at the cart and check out again."


class NotOnSale(Refused):
    """`product_id` is no longer sold."""

    code = 4001002
    slug = "checkout/not-on-sale"
    title = "A product in the cart is no longer on sale"
    remedy = "Take it out of the cart."


class PriceChanged(Refused):
    """The total is not `expected_total` any more; `receipt` is the new one."""

    slug = "checkout/price-changed"
    title = "The price has changed"
    remedy = "Show the new receipt and send the request again with its total."


class PaymentFailed(Refused):
    """The bank refused; `reason` is its word. Nothing was bought, the cart is open again."""

    code = 4001003
    slug = "checkout/payment-failed"
    title = "The payment failed"
    status = 402
    remedy = "Use another card, or ask its bank."


class CheckoutFault(Internal):
    """A fault of ours."""

    code = 5001001
    slug = "checkout/internal"
    title = "The checkout failed on our side"


class Quote(Wish, frozen=True):
    """What the open cart would cost: without a currency in the mall's own, without an address as delivered to the buyer's default one, and
    without that within the mall's own country.
    """

    address: Address | UnsetType = UNSET
    coupon: CouponCode | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET


class Purchase(Wish, frozen=True):
    """Who buys the cart, and where it goes: without an address to the buyer's default one. `user_id` must be the caller's.

    With `expected_total` (in the purchase's currency) nothing is bought at another price. Prices are the mall's own currency's; with
    another `currency` they are exchanged, and everything is reckoned and paid in it.
    """

    firstname: PersonName
    lastname: PersonName
    email: Email
    address: Address | UnsetType = UNSET
    user_id: IdOrNumber | UnsetType = UNSET
    expected_total: Amount | UnsetType = UNSET
    coupon: CouponCode | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET


class Checkout(Purchase, frozen=True, kw_only=True):
    """A purchase that is paid at once."""

    credit_card: CreditCard


class PlaceOrder(Purchase, frozen=True):
    """A purchase that is paid later."""


class CheckedOut(View, frozen=True):
    """Bought and paid."""

    checkout_id: str
    order_id: str
    transaction_id: str
    receipt: Receipt


class Placed(View, frozen=True):
    """Ordered, and to be paid by `/payment/charge` until `pay_by`; after that the order is cancelled."""

    checkout_id: str
    order_id: str
    receipt: Receipt
    pay_by: str


class CheckoutPending(Accepted, frozen=True):
    """The outcome is not known yet; ask `status_url`. With an `action_url` the buyer has to act there first, as 3-D Secure asks."""

    checkout_id: str
    order_id: str
    status_url: str
    action_url: str = ""


class CheckoutStatus(StrEnum):
    """running and undoing end by themselves; done and refused are final."""

    RUNNING = "running"
    UNDOING = "undoing"
    DONE = "done"
    REFUSED = "refused"


class CheckoutOf(Wish, frozen=True):
    """Names a checkout."""

    checkout_id: Id


class CheckoutView(View, frozen=True):
    """`refusal` is the `type` of the problem that the buyer was told, and `detail` its text.

    `pay_by`: of an order that is paid later; its transaction stands in the order.
    `action_url`: a running one waits for the buyer to act there.
    """

    checkout_id: str
    status: CheckoutStatus
    order_id: str
    transaction_id: str
    receipt: Receipt | None
    refusal: str
    detail: str
    created_at: str
    pay_by: str = ""
    action_url: str = ""


UNPRICED = (*WHY_NOT, ParcelTooHeavy, TaxClassUnknown, CurrencyUnknown, RateTooOld)
"""Why there may be no price."""

quote = Endpoint(
    method=POST, path="/api/v1/checkout/quote", takes=Quote, gives=Receipt, may=BUYERS,
    refuses=(CartEmpty, NotOnSale, AddressInvalid, OrderFailed, *UNPRICED), invalid=BadCheckout, idempotent=True,
    summary="What the cart would cost",
)  # fmt: skip
run = Endpoint(
    method=POST, path="/api/v1/checkout", aliases=("/checkout",), takes=Checkout, gives=CheckedOut, accepted=CheckoutPending, may=BUYERS,
    refuses=(
        Missing, CartEmpty, CartBusy, CheckoutOutOfStock, OrderFailed, NotOnSale, PriceChanged,
        PaymentFailed, AddressInvalid, CardInvalid, CheckoutFault, *UNPRICED,
    ),
    invalid=BadCheckout, keyed=Keyed.OPTIONAL, fresh=True, secret=("credit_card",), summary="Buy the cart",
)  # fmt: skip
place_order = Endpoint(
    method=POST, path="/api/v1/orders", takes=PlaceOrder, gives=Placed, accepted=CheckoutPending, may=BUYERS, status=201,
    refuses=(
        Missing, CartEmpty, CartBusy, CheckoutOutOfStock, OrderFailed, NotOnSale, PriceChanged, AddressInvalid, CheckoutFault, *UNPRICED,
    ),
    invalid=BadCheckout, keyed=Keyed.OPTIONAL, fresh=True, summary="Order the cart and pay later",
)  # fmt: skip
status = Endpoint(
    method=GET, path="/api/v1/checkout/{checkout_id}", takes=CheckoutOf, gives=CheckoutView, may=BUYERS, refuses=(Missing,),
    summary="How a checkout stands",
)  # fmt: skip
