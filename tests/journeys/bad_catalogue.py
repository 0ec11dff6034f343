"""As `bad_values`: the calls of the catalogue and its stock."""

from tests.journeys.bad_words import COUNT, MONEY, TEXT, TITLES, Absent, But, Values

PRODUCT: dict[str, Values] = {
    "name": TITLES,
    "price": MONEY,
    "category": ("", "Not A Slug", "a--b", "a\n", "ü", "x" * 65, *TEXT),
    "description": ("x" * 20_001, "a\0b", 5),
    "options": (5, [], {"": "x"}, {"Size": 5}, {"Size": ""}, {str(n): "x" for n in range(11)}),
    "tags": ("clay", [5], [""], ["x"] * 51, {}),
    "sku": ("x" * 65, 5),
    "name_zh": ("x" * 301, "\0", 5),
    "tax_class": ("", "Standard", "a b", "a\n", "x" * 33, *TEXT),
    "low_stock_at": (-1, 1.5, 10**10, "5"),
    "weight_grams": (-1, 1.5, 10**9, "5", None),
}
ROW = {"import_key": "k", "name": "Thing", "price": 1, "stock": 1, "category": "test"}
CATALOGUE: dict[tuple[str, str], dict[str, Values]] = {
    ("POST", "/api/v1/products"): PRODUCT | {
        "name": (Absent, *TITLES),
        "price": (Absent, *MONEY),
        "category": (Absent, *PRODUCT["category"]),
        "stock": (Absent, 10**10, *COUNT),
        "currency": ("usd", "US", "USD\n", 5, But("EUR", 422, "product/wrong-currency"), But("XXX", 422, "product/wrong-currency")),
    },
    ("PATCH", "/api/v1/products/{product_id}"): PRODUCT,
    ("PUT", "/api/v1/products/{product_id}/stock"): {
        "on_hand": (Absent, 10**10, *COUNT),
        "reason": ("x" * 201, "\0", 5),
    },
    ("POST", "/api/v1/products/{product_id}/stock/adjustments"): {
        "delta": (Absent, 0, 1.5, "1", None, 10**10, -(10**10), But(-(10**9), 409, "product/below-zero")),
        "reason": (Absent, "", "stolen", 5, None),
        "note": ("x" * 201, "\0", 5),
    },
    ("PUT", "/api/v1/products/{product_id}/picture"): {
        "svg": (Absent, "", 5, "x" * 20_001, But("<svg/>", 422, "product/unsafe-picture")),
        "image": (5, "not base64", "AAAA"),
    },
    ("PUT", "/api/v1/categories/{category}"): {
        "title": (Absent, *TITLES),
        "title_zh": ("x" * 301, "\0", 5),
        "parent": ("", "Not A Slug", "x" * 65, *TEXT, But("there-is-none", 422, "product/parent-unknown")),
    },
    ("PUT", "/api/v1/catalogue/imports/{import_id}/parts/{part}"): {
        "products": (
            Absent, None, {}, [], [5], [{}], [ROW] * 501, [ROW, ROW], [ROW | {"price": -1}], [ROW | {"stock": -1}], [ROW | {"more": 1}],
            [ROW | {"picture_url": "javascript:alert(1)"}], [ROW | {"import_key": ""}],
            But([ROW | {"currency": "EUR"}], 422, "product/wrong-currency"),
            But([ROW | {"picture_svg": "<svg><script/></svg>"}], 422, "product/unsafe-picture"),
        ),
    },
    ("POST", "/api/v1/catalogue/imports/{import_id}"): {
        "parts": (Absent, 0, 1001, *COUNT, But(2, 409, "product/import-incomplete")),
        "categories": (
            5, {}, [5], [{}], [{"category": "No Slug", "title": "x"}], [{"category": "a"}],
            But([{"category": "a", "title": "A", "parent": "there-is-none"}], 422, "product/parent-unknown"),
            But([{"category": "a", "title": "A", "parent": "a"}], 409, "product/category-loop"),
        ),
    },
}  # fmt: skip
