"""What is wrong with each field of what staff does with orders: value → status and kind, as in bad_values."""

from tests.journeys.bad_words import TEXT, Absent, But, Values

PIECE = {"product_id": "p", "quantity": 1}
ORDERS: dict[tuple[str, str], dict[str, Values]] = {
    ("PUT", "/api/v1/orders/{order_id}/status"): {
        "status": (Absent, "", "lost", "SHIPPED", *TEXT, But("paid", 409, "order/wrong-status"), But("failed", 409, "order/wrong-status")),
        "reason": ("x" * 201, "\0", *TEXT),
    },
    ("POST", "/api/v1/orders/{order_id}/shipments"): {
        "carrier": (Absent, "x" * 65, "a\0", "<b>", *TEXT),
        "tracking_number": (Absent, "", " ", "x" * 65, "a\n", *TEXT),
        "lines": (
            [], {}, [5], [{}], [PIECE | {"quantity": 0}], [PIECE | {"quantity": 1.5}], [PIECE | {"product_id": "a b"}], [PIECE] * 101,
            [PIECE, PIECE], But([PIECE | {"quantity": 2}], 409, "order/more-than-ordered"),
            But([{"product_id": "unknown", "quantity": 1}], 409, "order/more-than-ordered"),
        ),
    },
    ("POST", "/api/v1/orders/{order_id}/returns"): {
        "lines": (
            Absent, None, [], {}, [5], [{}], [PIECE | {"quantity": -1}], [PIECE | {"restock": "yes"}], [PIECE | {"price": 1}],
            But([{"product_id": "unknown", "quantity": 1}], 409, "order/more-than-shipped"),
        ),
        "reason": (Absent, "", "x" * 201, "\0", *TEXT),
    },
    ("POST", "/api/v1/stats/orders/rebuild"): {},
}  # fmt: skip
