"""The parts of the mall, as data: what `mall up` starts, and in which order it stops them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One process, `python -m <module>`, whose settings are `<module>.settings.Settings` under the name `name`.

    Parts of a lower `tier` are told to stop first: a part drains while those that it asks are still there. Of a `single` one there
    is never a second copy.
    `secrets` are the settings fields, besides the common ones, that dev and test make for themselves.
    """

    name: str
    module: str
    tier: int
    secrets: tuple[str, ...] = ()
    single: bool = False


PARTS = (
    Part("gateway", "gateway", 0),
    Part("auth", "svc_auth", 3, ("refresh_key",)),
    Part("user", "svc_user", 3),
    Part("cart", "svc_cart", 2, ("guest_key",)),
    Part("product", "svc_product", 3),
    Part("order", "svc_order", 2),
    Part("payment", "svc_payment", 2, ("bank_key", "webhook_secret")),
    Part("checkout", "svc_checkout", 1),
    Part("bank", "sandbox_bank", 3, ("api_key", "webhook_secret"), single=True),
    Part("audit", "mall.auditing", 1, ("bank_key",), single=True),
)

MOST_COPIES = 4
COPY_APART = 100
"""The second copy of a part listens on its port and so many more."""

SAME = {
    "MALL_PAYMENT_BANK_KEY": "MALL_BANK_API_KEY",
    "MALL_AUDIT_BANK_KEY": "MALL_BANK_API_KEY",
    "MALL_PAYMENT_WEBHOOK_SECRET": "MALL_BANK_WEBHOOK_SECRET",
}
"""Secrets that two parts share: the first is made equal to the second."""

PATHS = {
    "MALL_BANK_WEBHOOK_URL": ("payment", "/api/v1/payments/webhooks/bank"),
    "MALL_BANK_PUBLIC_URL": ("bank", ""),
    "MALL_BANK_STRIPE_WEBHOOK_URL": ("payment", "/api/v1/payments/webhooks/stripe"),
    "MALL_PAYMENT_STRIPE_URL": ("bank", "/stripe"),
}
"""Settings that say where something of another part is, beside MALL_<NAME>_URL: variable → that part, and the path there."""

IMPORTED = {
    "aiohttp": "aiohttp",
    "argon2-cffi": "argon2",
    "httptools": "httptools",
    "msgspec": "msgspec",
    "nh3": "nh3",
    "opentelemetry-api": "opentelemetry",
    "opentelemetry-exporter-otlp-proto-http": "opentelemetry.exporter",
    "opentelemetry-sdk": "opentelemetry.sdk",
    "prometheus-client": "prometheus_client",
    "pyjwt": "jwt",
    "redis": "redis",
    "structlog": "structlog",
    "uvloop": "uvloop",
}
"""Package → the module by which one sees that it is installed. Those that are not for every machine are looked for where they are used."""
