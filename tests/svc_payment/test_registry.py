"""Which provider takes which payment method: chosen by settings, wrong ones named at the start, and an attempt stays with its own."""

import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from mallkit.settings import SettingsError, load
from svc_payment.app import build_app
from svc_payment.settings import Settings
from tests.journeys.people import card
from tests.svc_checkout.buying import Buying, buying, new_id
from tests.svc_payment.providing import STRIPE
from tests.svc_payment.telling import PARTS
from tests.svc_payment.test_stripe import charge, someone

NEEDED = {
    "MALL_ENV": "dev",
    "MALL_PAYMENT_CLIENT_SECRET": "a-secret-of-sixteen",
    "MALL_FINGERPRINT_KEY": "a-secret-of-sixteen",
    "MALL_PAYMENT_BANK_KEY": "a-secret-of-sixteen",
    "MALL_PAYMENT_WEBHOOK_SECRET": "a-secret-of-sixteen",
}
OURS = {name: value for name, value in STRIPE.items() if name.startswith("MALL_PAYMENT_")}


def problems(**settings: str) -> list[str]:
    """What the start says."""
    with pytest.raises(SettingsError) as refusal:
        build_app(load(Settings, "payment", NEEDED | settings))
    return refusal.value.problems


@pytest.mark.requirement(183)
def test_a_provider_that_there_is_not_stops_the_start_by_name() -> None:
    told = "MALL_PAYMENT_PROVIDERS: there is no provider 'paypol' (there are bank, stripe)"
    assert problems(MALL_PAYMENT_PROVIDERS="credit_card=bank,wallet=paypol") == [told]
    assert problems(MALL_PAYMENT_KEPT="paypol") == [told]


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_stripe_needs_and_has_not_stops_the_start_by_name(name: str) -> None:
    given = {other: value for other, value in OURS.items() if other != name} | {"MALL_PAYMENT_PROVIDERS": "credit_card=stripe"}
    assert problems(**given) == [f"{name} is not set: the provider stripe needs it"]


def test_what_the_bank_needs_is_needed_only_where_it_is_a_provider() -> None:
    bare = {name: value for name, value in NEEDED.items() if name not in {"MALL_PAYMENT_BANK_KEY", "MALL_PAYMENT_WEBHOOK_SECRET"}}
    with pytest.raises(SettingsError) as refusal:
        build_app(load(Settings, "payment", bare))
    assert refusal.value.problems == [
        "MALL_PAYMENT_BANK_KEY is not set: the provider bank needs it",
        "MALL_PAYMENT_WEBHOOK_SECRET is not set: the provider bank needs it",
    ]
    build_app(load(Settings, "payment", bare | OURS | {"MALL_PAYMENT_PROVIDERS": "credit_card=stripe"}))


def test_cards_go_nowhere_but_to_https_in_production() -> None:
    online = {"MALL_ENV": "online", **OURS, "MALL_PAYMENT_PROVIDERS": "credit_card=stripe"}
    told = problems(**online, MALL_PAYMENT_STRIPE_URL="http://api.stripe.com")
    assert told == ["MALL_PAYMENT_STRIPE_URL: cards go to https only in online"]
    build_app(load(Settings, "payment", NEEDED | online))


@pytest.mark.parametrize(("providers", "imported"), [("credit_card=bank", False), ("credit_card=stripe", True)])
def test_stripes_code_is_loaded_only_where_it_is_chosen(providers: str, imported: bool) -> None:  # noqa: FBT001
    code = (
        "import os, sys\nfrom mallkit.settings import load\nfrom svc_payment.app import build_app\n"
        "from svc_payment.settings import Settings\nbuild_app(load(Settings, 'payment', os.environ))\n"
        "print(any('stripe' in name for name in sys.modules))"
    )
    environ = NEEDED | OURS | {"MALL_PAYMENT_PROVIDERS": providers}
    ended = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == str(imported)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    """Two methods, two providers."""
    settings = {**STRIPE, "MALL_PAYMENT_PROVIDERS": "credit_card=bank,by_stripe=stripe"}
    async with buying(tmp_path_factory.mktemp("mall"), *PARTS, **settings) as running:
        yield running


async def refund(mall: Buying, transaction_id: str, key: str) -> Any:
    path = f"/api/v1/payments/{transaction_id}/refunds"
    return await mall.call("payment", "POST", path, {"amount": 1, "reason": "x"}, token=mall.operator, key=key)


@pytest.mark.requirement(95, 106)
@pytest.mark.asyncio(loop_scope="module")
async def test_each_method_goes_to_its_provider(mall: Buying) -> None:
    for method in ("credit_card", "by_stripe"):
        buyer, order_id = await someone(mall)
        assert (await charge(mall, buyer, order_id, credit_card=card(), payment_method=method)).status == 200
        assert [each["payment_method"] for each in await mall.payments(order_id)] == [method]
    buyer, order_id = await someone(mall)
    told = await charge(mall, buyer, order_id, credit_card=card(), payment_method="cash")
    assert (told.status, told.kind, told.json["methods"]) == (422, "payment/method-unknown", ["by_stripe", "credit_card"])
    told = await charge(mall, buyer, order_id, payment_token="pm_card_visa")
    assert (told.status, told.kind, told.json["field"]) == (422, "payment/card-invalid", "payment_token")


@pytest.mark.asyncio(loop_scope="module")
async def test_what_was_paid_stays_with_its_provider_when_the_method_moves(mall: Buying) -> None:
    buyer, order_id = await someone(mall)
    paid = (await charge(mall, buyer, order_id)).json["transaction_id"]
    environ = mall.mall.environ | {"MALL_PAYMENT_PROVIDERS": "credit_card=stripe"}
    moved = Buying(moved_house(mall, environ), mall.operator, mall.service)
    for kept, status in (("bank", "refunded"), ("", "refunding")):
        moved.mall.environ["MALL_PAYMENT_KEPT"] = kept
        running = await moved.mall.open("payment", port=moved.mall.ports["payment"])
        try:
            await moved.mall.until_ready("payment")
            told = await refund(moved, paid, new_id("r"))
            assert (told.status, told.json["status"]) == (201, status), told.body
        finally:
            await running.cleanup()


def moved_house(mall: Buying, environ: dict[str, str]) -> Any:
    """The same mall with another payment service, on a port of its own."""
    return replace(mall.mall, environ=dict(environ), ports=mall.mall.ports | {"payment": mall.mall.ports["audit"]})
