"""What is wrong with each field of each call, written by hand: value → status and kind, where that is not the call's plain 400."""

from tests.journeys.bad_catalogue import CATALOGUE, ROW
from tests.journeys.bad_orders import ORDERS
from tests.journeys.bad_prices import PRICED, PRICES, PRICES_OPTIONAL, PRICES_TARGETS
from tests.journeys.bad_words import COUNT, IDS, MONEY, TEXT, Absent, But, Values
from tests.journeys.people import ADDRESS, card

__all__ = ["ADMINS_TARGETS", "BAD", "BODY_MAY_BE_MISSING", "OPERATORS_TARGETS", "ROW", "TARGETS", "Absent", "But"]
CARDS: Values = (
    Absent, "4242424242424242", {}, [], None,
    card() | {"credit_card_number": 5}, card() | {"credit_card_cvv": 1.5},
    card() | {"credit_card_expiration_year": "2031"},
    card() | {"pin": "1234"},
    *(But(sent, 422, "payment/card-invalid") for sent in (
        card("4242424242424241"), card("0"), card("4242 4242 4242 424x"), card("４２４２４２４２４２４２４２４２"), card("4" * 33),
        card(cvv="12"), card(cvv=""), card(cvv="12a"), card(cvv="12345"),
        *(card() | {"credit_card_cvv": cvv} for cvv in (-1, 12345)),
        *(card() | {"credit_card_expiration_month": month} for month in (-1, 0, 13, 120)),
        *(card() | {"credit_card_expiration_year": year} for year in (-1, 2025, 9999, 10**6)),
    )),
)  # fmt: skip
ADDRESSES: Values = (
    "1 Infinite Loop", {}, [], ADDRESS | {"zip_code": -1}, ADDRESS | {"zip_code": 1.5}, ADDRESS | {"city": 5},
    ADDRESS | {"street_address": "x" * 201}, ADDRESS | {"planet": "Earth"}, {"country": "US"},
    But(ADDRESS | {"country": "ZZ"}, 422, "checkout/address-invalid"),
    But(ADDRESS | {"country": ""}, 422, "checkout/address-invalid"),
    But(ADDRESS | {"street_address": "  "}, 422, "checkout/address-invalid"),
    But(ADDRESS | {"city": "Cuper\0tino"}, 422, "checkout/address-invalid"),
)  # fmt: skip
NOWHERE = (422, "checkout/address-invalid")
OWN_ADDRESSES: dict[str, Values] = {
    "street_address": (Absent, "x" * 201, *TEXT, But("  ", *NOWHERE), But("a\0b", *NOWHERE)),
    "city": (Absent, "x" * 101, *TEXT, But("", *NOWHERE), But("Cuper\ntino", *NOWHERE)),
    "state": (Absent, "x" * 101, *TEXT, But("\x1b", *NOWHERE)),
    "country": (Absent, "x" * 101, *TEXT, But("ZZ", *NOWHERE), But("", *NOWHERE)),
    "zip_code": (Absent, -1, 1.5, 10**10, "x" * 21, None, [], {}, True, But(" ", *NOWHERE)),
    "label": ("x" * 51, "a\0b", *TEXT),
    "firstname": ("", " ", "x" * 101, "a\0b", *TEXT),
    "lastname": ("", " ", "x" * 101, "a\0b", *TEXT),
    "default": (1, "true", None, [], {}),
}
NAMES: Values = (Absent, "", "x" * 201, *TEXT)
QUANTITY: Values = (Absent, 0, 1000, *COUNT)
EVENT = {"id": "e", "type": "bank.operation-answered", "created": "2026-11-21T08:00:00.000Z", "data": {}}
CHARGES: dict[str, Values] = {
    "amount": (Absent, 0, *MONEY, But(1.24, 422, "payment/amount-wrong")),
    "credit_card": CARDS,
    "order_id": (Absent, -1, *IDS, But("unknown", 404, "not-found"), But(123456, 404, "not-found")),
    "user_id": (Absent, -1, *IDS, But("somebody-else", 404, "not-found"), But(1, 404, "not-found")),
    "payment_method": ("", "x" * 33, 5, But("cash", 422, "payment/method-unknown")),
    "currency": ("usd", "US", 5, But("EUR", 422, "payment/amount-wrong"), But("XXX", 422, "payment/amount-wrong")),
}
CHECKOUTS: dict[str, Values] = {
    "firstname": (Absent, "", "x" * 101, *TEXT),
    "lastname": (Absent, "", "x" * 101, *TEXT),
    "email": (Absent, "", "ann", "ann@example", "ann@example.org\n", "a\0@example.org", 5),
    "address": (None, *ADDRESSES),
    "credit_card": CARDS,
    "user_id": (-1, *IDS, But("somebody-else", 404, "not-found"), But(1, 404, "not-found")),
    "expected_total": (*MONEY, But(0.01, 409, "checkout/price-changed")),
    **PRICED,
}
BAD: dict[tuple[str, str], dict[str, Values]] = {
    ("POST", "/api/v1/auth/register"): {
        "email": (Absent, "", "ann", "ann@example", "a b@example.org", "a\0b@example.org", "a@example.org\n", "x" * 300 + "@a.org", *TEXT),
        "password": (Absent, "", "1234567", "x" * 129, *TEXT),
        "name": NAMES,
    },
    ("POST", "/api/v1/auth/login"): {
        "email": (Absent, "", "ann", 5, But("nobody@example.org", 401, "auth/wrong-credentials")),
        "password": (Absent, "", "x" * 129, 5, But("wrong-password", 401, "auth/wrong-credentials")),
    },
    ("POST", "/api/v1/auth/refresh"): {
        "refresh_token": (
            Absent, "", "x" * 4097, *TEXT,
            But("garbage", 401, "auth/token-invalid"), But("a.b.c", 401, "auth/token-invalid"),
        ),
    },
    ("POST", "/api/v1/auth/logout"): {"refresh_token": ("", "x" * 4097, *TEXT)},
    ("PUT", "/api/v1/auth/password"): {
        "old_password": (Absent, "", "x" * 129, *TEXT, But("wrong-password", 401, "auth/wrong-credentials")),
        "new_password": (Absent, "", "1234567", "x" * 129, *TEXT),
    },
    ("PUT", "/api/v1/auth/accounts/{user_id}/role"): {"role": (Absent, "", "service", "anyone", "king", "Admin", "admin\n", *TEXT)},
    ("PATCH", "/api/v1/users/me"): {
        "name": ("", "x" * 201, *TEXT),
        "phone": ("call me", "+1", "1" * 33, "+44 20 7946 0000\n", "１２３４", *TEXT),
        "locale": ("english", "EN", "en_GB", "en-gb", "en\n", *TEXT),
    },
    ("POST", "/api/v1/users/me/addresses"): OWN_ADDRESSES,
    ("PUT", "/api/v1/users/me/addresses/{address_id}"): OWN_ADDRESSES,
    **CATALOGUE,
    ("POST", "/api/v1/cart/items"): {
        "product_id": (Absent, 5, *IDS, But("unknown", 404, "not-found")),
        "quantity": (*QUANTITY, But(999, 422, "cart/full")),
    },
    ("PUT", "/api/v1/cart/items/{product_id}"): {"quantity": QUANTITY},
    ("POST", "/api/v1/cart/items/{product_id}/save"): {},
    ("POST", "/api/v1/cart/saved/{product_id}/restore"): {},
    ("POST", "/api/v1/cart/merge"): {
        "cart_token": (Absent, "", "x" * 201, "a b", "a\0b", *TEXT, But("garbage", 404, "cart/guest-cart-unknown")),
    },
    ("POST", "/api/v1/guest-carts"): {},
    ("POST", "/api/v1/guest-cart/items"): {
        "product_id": (Absent, 5, *IDS, But("unknown", 404, "not-found")),
        "quantity": (*QUANTITY, But(999, 422, "cart/full")),
    },
    ("PUT", "/api/v1/guest-cart/items/{product_id}"): {"quantity": QUANTITY},
    ("POST", "/api/v1/checkout/quote"): {"address": ADDRESSES, **PRICED},
    ("POST", "/api/v1/checkout"): CHECKOUTS,
    ("POST", "/checkout"): CHECKOUTS,
    **PRICES,
    **ORDERS,
    ("POST", "/api/v1/orders"): {name: values for name, values in CHECKOUTS.items() if name != "credit_card"} | {
        "credit_card": tuple(value for value in CARDS if value is not Absent and not isinstance(value, But)),
    },
    ("PUT", "/api/v1/orders/{order_id}/cancel"): {"reason": ("x" * 201, *TEXT)},
    ("POST", "/api/v1/failures/{failure_id}/retry"): {},
    ("POST", "/api/v1/failures/retry"): {"service": ("", "Order", "order\n", "x" * 33, "no_such_service", *TEXT)},
    ("POST", "/payment/charge"): CHARGES,
    ("POST", "/api/v1/payments/charge"): CHARGES,
    ("POST", "/api/v1/payments/{transaction_id}/refunds"): {
        "amount": (0, *MONEY, But(6.36, 409, "payment/refund-too-large")),
        "reason": (Absent, "", "x" * 201, *TEXT),
    },
    ("POST", "/api/v1/payments/webhooks/bank"): {
        "events": (
            Absent, None, {}, 5, [5], [{}], [EVENT | {"id": 5}], [EVENT | {"type": None}], [EVENT | {"id": "x" * 65}], [EVENT] * 101,
            But([EVENT], 401, "payment/webhook-signature"),  # signed was another
            But([], 401, "payment/webhook-signature"),
        ),
    },
    ("POST", "/api/v1/payments/webhooks/stripe"): {},
}  # fmt: skip
BODY_MAY_BE_MISSING = {
    *PRICES_OPTIONAL,
    ("POST", "/api/v1/cart/items/{product_id}/save"),
    ("POST", "/api/v1/cart/saved/{product_id}/restore"),
    ("POST", "/api/v1/guest-carts"),
    ("POST", "/api/v1/auth/logout"),
    ("PATCH", "/api/v1/users/me"),
    ("PATCH", "/api/v1/products/{product_id}"),
    ("POST", "/api/v1/checkout/quote"),
    ("PUT", "/api/v1/orders/{order_id}/cancel"),
    ("POST", "/api/v1/stats/orders/rebuild"),
    ("POST", "/api/v1/failures/{failure_id}/retry"),
    ("POST", "/api/v1/failures/retry"),
}
"""Every field is optional."""
TARGETS = """
400 GET    /api/v1/products?limit=0
400 GET    /api/v1/products?limit=201
400 GET    /api/v1/products?limit=ten
400 GET    /api/v1/products?limit=1.5
400 GET    /api/v1/products?limit=5&limit=5
400 GET    /api/v1/products?limit=
400 GET    /api/v1/products?sort=best
400 GET    /api/v1/products?in_stock=perhaps
400 GET    /api/v1/products?after=garbage
400 GET    /api/v1/products?category=No%20Slug
400 GET    /api/v1/products?surprise=1
400 GET    /api/v1/products?currency=euro
422 GET    /api/v1/products?currency=XXX
400 GET    /api/v1/categories?surprise=1
400 GET    /.well-known/jwks.json?surprise=1
400 GET    /api/v1/users/me?surprise=1
400 GET    /api/v1/auth/sessions?limit=0
400 GET    /api/v1/auth/sessions?after=garbage
400 DELETE /api/v1/auth/sessions?others=perhaps
400 DELETE /api/v1/auth/sessions?surprise=1
404 DELETE /api/v1/auth/sessions/unknown
404 DELETE /api/v1/auth/sessions/{long}
403 GET    /api/v1/auth/accounts/unknown
400 GET    /api/v1/users/me/addresses?surprise=1
400 GET    /api/v1/users/me/export?surprise=1
403 GET    /api/v1/users/unknown
404 PUT    /api/v1/users/me/addresses/unknown {"street_address":"1","city":"C","state":"","country":"US","zip_code":"1"}
404 PUT    /api/v1/users/me/addresses/a%00b {"street_address":"1","city":"C","state":"","country":"US","zip_code":"1"}
404 DELETE /api/v1/users/me/addresses/unknown
400 GET    /api/v1/cart?surprise=1
400 GET    /api/v1/cart?currency=eur
422 GET    /api/v1/cart?currency=XXX
400 DELETE /api/v1/cart?surprise=1
400 GET    /api/v1/payments
400 GET    /api/v1/payments?order_id=
400 GET    /api/v1/payments?order_id=a%20b
400 GET    /api/v1/payments?order_id={order_id}&order_id={order_id}
400 GET    /api/v1/payments?order_id={order_id}&limit=0
404 GET    /api/v1/payments?order_id=nothing-at-all
400 GET    /api/v1/users/{user_id}/orders?page=0
400 GET    /api/v1/users/{user_id}/orders?page=1&page=2
400 GET    /api/v1/users/{user_id}/orders?pageSize=201
400 GET    /api/v1/users/{user_id}/orders?limit=-1
400 GET    /api/v1/users/{user_id}/orders?after=garbage
400 GET    /api/v1/users/{user_id}/orders?page=1&after=x
404 GET    /api/v1/users/unknown/orders
404 GET    /api/v1/products/unknown
404 GET    /api/v1/products/a%00b
404 GET    /api/v1/products/a%2Fb
404 GET    /api/v1/products/%2e%2e
404 GET    /api/v1/products/%ff
404 GET    /api/v1/products/{long}
404 GET    /api/v1/products/unknown/picture
404 GET    /api/v1/products/unknown/prices
404 PUT    /api/v1/cart/items/unknown {"quantity":1}
404 DELETE /api/v1/cart/items/unknown
404 POST   /api/v1/cart/items/unknown/save
404 POST   /api/v1/cart/saved/unknown/restore
404 DELETE /api/v1/cart/saved/unknown
400 GET    /api/v1/guest-cart?cart_token=x
404 GET    /api/v1/guest-cart
404 DELETE /api/v1/guest-cart
404 DELETE /api/v1/guest-cart/items/unknown
404 GET    /api/v1/checkout/unknown
400 GET    /api/v1/rates?surprise=1
404 GET    /api/v1/orders/unknown
404 GET    /api/v1/orders/a%00b
404 PUT    /api/v1/orders/unknown/cancel {}
404 GET    /api/v1/orders/unknown/timeline
404 GET    /api/v1/orders/a%00b/timeline
403 GET    /api/v1/orders
403 GET    /api/v1/stats/orders
404 GET    /api/v1/payments/unknown
404 GET    /api/v1/payments/{long}
404 GET    /
404 GET    /api/v2/products
404 GET    /api/v1/products/
404 GET    /api/v1/nothing
404 GET    /internal/revocations
"""
"""Of a customer: status, method, target, and the body where one is needed."""
OPERATORS_TARGETS = (
    """
400 GET    /api/v1/users?limit=0
400 GET    /api/v1/users?after=garbage
400 GET    /api/v1/users?role=service
400 GET    /api/v1/users?email=ann
400 GET    /api/v1/users?surprise=1
404 GET    /api/v1/users/unknown
404 GET    /api/v1/users/unknown/export
404 PATCH  /api/v1/products/unknown {"name":"X"}
404 DELETE /api/v1/products/unknown
404 GET    /api/v1/products/unknown/stock
404 POST   /api/v1/payments/unknown/refunds {"reason":"x"}
404 GET    /api/v1/products/unknown/stock/log
400 GET    /api/v1/stock/low?after=garbage
400 GET    /api/v1/stock/low?limit=0
400 GET    /api/v1/catalogue/export?after=garbage
400 GET    /api/v1/orders?status=lost
400 GET    /api/v1/orders?user_id=a%20b
400 GET    /api/v1/orders?created_from=yesterday
400 GET    /api/v1/orders?created_to=2026-11-25T08:00:00
422 GET    /api/v1/orders?created_to=2026-02-30T08:00:00Z
400 GET    /api/v1/orders?after=garbage
400 GET    /api/v1/orders?limit=201
422 GET    /api/v1/stats/orders?date=2026-02-30
422 GET    /api/v1/stats/orders?date=
400 GET    /api/v1/stats/orders?day=2026-11-25
404 PUT    /api/v1/orders/unknown/status {"status":"completed"}
404 PUT    /api/v1/orders/unknown/status {"status":"paid"}
400 GET    /api/v1/failures?service=nothing
400 GET    /api/v1/failures?status=lost
400 GET    /api/v1/failures?after=garbage
400 GET    /api/v1/failures?limit=0
404 POST   /api/v1/failures/unknown/retry
404 POST   /api/v1/failures/order.unknown/retry
404 POST   /api/v1/failures/nothing.unknown/retry
400 PUT    /api/v1/categories/No%20Slug {"title":"X"}
404 DELETE /api/v1/categories/unknown
409 DELETE /api/v1/categories/world
400 PUT    /api/v1/catalogue/imports/unknown/parts/0 {"products":[{row}]}
400 PUT    /api/v1/catalogue/imports/{import_id}/parts/-1 {"products":[{row}]}
400 PUT    /api/v1/catalogue/imports/{import_id}/parts/1000 {"products":[{row}]}
400 PUT    /api/v1/catalogue/imports/{import_id}/parts/x {"products":[{row}]}
400 POST   /api/v1/catalogue/imports/unknown {"parts":1}
"""
    + PRICES_TARGETS
)
"""As TARGETS, of an operator."""
ADMINS_TARGETS = """
400 GET    /api/v1/actions?service=nothing
400 GET    /api/v1/actions?service=bank
400 GET    /api/v1/actions?limit=0
400 GET    /api/v1/actions?after=a%20b
400 GET    /api/v1/actions?actor=
400 GET    /api/v1/actions?more=1
404 GET    /api/v1/auth/accounts/unknown
404 GET    /api/v1/auth/accounts/a%00b
404 GET    /api/v1/auth/accounts/{long}
404 PUT    /api/v1/auth/accounts/unknown/role {"role":"operator"}
"""
"""As TARGETS, of an admin."""
