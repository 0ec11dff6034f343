"""As `bad_values`: the calls about prices."""

from tests.journeys.bad_catalogue import PRODUCT
from tests.journeys.bad_words import COUNT, MONEY, NUMBERS, TEXT, Absent, But, Values

CODES: Values = ("", "ab", "a b", "x" * 33, "-ab", "a_b", "abc\n", "ÄBC", *TEXT)
MOMENTS: Values = ("tomorrow", "2026-11-21", "2026-11-21T08:00:00", 5, [], True)
POINTS: Values = (0, 10_001, 1.5, "100", None, True, *NUMBERS)
USES: Values = (0, 10**7, 1.5, "1", True, *NUMBERS)
PRICED: dict[str, Values] = {
    "coupon": ("", "ab", "a b", "x" * 33, "abc\n", "ÄBC", *TEXT, But("NEVER-GIVEN", 422, "coupon/unknown")),
    "currency": ("usd", "US", 5, None, But("XXX", 422, "pricing/currency-unknown"), But("SEK", 422, "pricing/currency-unknown")),
}
"""What every purchase, and every quote, may say about its price."""
STEP = {"up_to_grams": 2000, "price": 4.9}
PARCEL = {"product_id": "unknown", "quantity": 1}
PRICES: dict[tuple[str, str], dict[str, Values]] = {
    ("POST", "/api/v1/coupons"): {
        "code": (Absent, *CODES),
        "kind": (Absent, "gift", *TEXT, But("percent", 422, "coupon/contradicts-itself")),
        "basis_points": (*POINTS, But(1000, 422, "coupon/contradicts-itself")),
        "amount": (0, -0.01, 1.999, 10**15, "1.00", None, True, [], *NUMBERS),
        "minimum": (-0.01, 1.999, "1.00", None, True, [], *NUMBERS),
        "currency": ("usd", 5, None, But("XXX", 422, "pricing/currency-unknown")),
        "valid_from": (*MOMENTS, None),
        "valid_until": (*MOMENTS, None, But("1970-01-01T00:00:00Z", 422, "pricing/window-wrong")),
        "limit": (*USES, None),
        "limit_per_user": (*USES, None),
    },
    ("PATCH", "/api/v1/coupons/{code}"): {
        "valid_from": (*MOMENTS, None, But("9999-12-31T23:59:59-12:00", 422, "pricing/window-wrong")),
        "valid_until": (*MOMENTS, But("0001-01-01T00:00:00+14:00", 422, "pricing/window-wrong")),
        "limit": USES,
        "ended": ("true", 1, None),
    },
    ("POST", "/api/v1/promotions"): {
        "name": (Absent, "", "x" * 101, "a\0b", *TEXT),
        "category": (Absent, *PRODUCT["category"]),
        "basis_points": (Absent, *POINTS),
        "valid_from": (*MOMENTS, None),
        "valid_until": (*MOMENTS, None, But("1970-01-01T00:00:00Z", 422, "pricing/window-wrong")),
    },
    ("PATCH", "/api/v1/promotions/{promotion_id}"): {
        "name": ("", "x" * 101, "a\0b", *TEXT),
        "category": PRODUCT["category"],
        "basis_points": POINTS,
        "valid_until": (*MOMENTS, But("1970-01-01T00:00:00Z", 422, "pricing/window-wrong")),
    },
    ("PUT", "/api/v1/shipping/{country}"): {
        "steps": (
            Absent, None, [], [5], [{}], [{"up_to_grams": 0, "price": 1}], [{"up_to_grams": 1, "price": -1}], [{"up_to_grams": 1}],
            [{"up_to_grams": 1, "price": 1.999}], [{"up_to_grams": 1, "price": "1"}], [STEP] * 51, [STEP | {"more": 1}],
            But([STEP, STEP], 422, "pricing/tariff-wrong"),
        ),
        "free_from": MONEY,
    },
    ("POST", "/api/v1/shipping/quote"): {
        "country": (Absent, "usa", "us", "others", "US\n", 5, None, But("ZZ", 422, "checkout/address-invalid")),
        "lines": (5, {}, [5], [{}], [PARCEL | {"quantity": 0}], [PARCEL] * 101, But([PARCEL], 422, "pricing/product-unknown")),
        "weight_grams": (10**10, *COUNT),
        "currency": PRICED["currency"],
    },
    ("PUT", "/api/v1/taxes/{country}"): {
        "rates": (Absent, None, {}, [], 5, {"standard": -1}, {"standard": 1.5}, {"standard": "1"}, {"A B": 1}, {"": 1},
                  {"standard": 10**6}, {f"c{n}": 1 for n in range(21)}),
        "inclusive": ("true", 1, None),
        "shipping": ("", "A B", 5, None, But("books", 422, "checkout/tax-class-unknown")),
    },
    ("PUT", "/api/v1/rates/{currency}"): {
        "per_unit": (Absent, 0, -1, 10**7, "1.00", None, True, [], *NUMBERS),
        "as_of": ("yesterday", "2026-11-21", "2026-11-21T08:00:00", 5, None, But("2999-01-01T00:00:00Z", 422, "pricing/rate-date-wrong")),
    },
}  # fmt: skip
PRICES_OPTIONAL = {("PATCH", "/api/v1/coupons/{code}"), ("PATCH", "/api/v1/promotions/{promotion_id}")}
"""Every field is optional."""
PRICES_TARGETS = """404 GET    /api/v1/coupons/unknown
404 GET    /api/v1/coupons/a%20b
404 PATCH  /api/v1/coupons/unknown {"ended":true}
400 GET    /api/v1/coupons?limit=0
400 GET    /api/v1/coupons?after=garbage
400 GET    /api/v1/promotions?surprise=1
404 PATCH  /api/v1/promotions/unknown {"name":"X"}
404 DELETE /api/v1/promotions/unknown
404 GET    /api/v1/shipping/AX
404 GET    /api/v1/shipping/nowhere
400 PUT    /api/v1/shipping/nowhere {"steps":[{"up_to_grams":1,"price":1}]}
422 PUT    /api/v1/shipping/ZZ {"steps":[{"up_to_grams":1,"price":1}]}
404 GET    /api/v1/taxes/AX
422 PUT    /api/v1/taxes/ZZ {"rates":{"standard":1}}
400 PUT    /api/v1/rates/eur {"per_unit":1}
422 PUT    /api/v1/rates/USD {"per_unit":1}
422 PUT    /api/v1/rates/XXX {"per_unit":1}
"""
"""Of an operator: status, method, target, and the body where one is needed."""
