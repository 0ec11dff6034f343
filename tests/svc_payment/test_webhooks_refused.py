"""Webhooks that are not their provider's, not of now, or not understood."""

import json
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from contracts.bank import SIGNATURE, signature
from contracts.payment import STRIPE_SIGNATURE
from svc_payment.domain.account import BANK, RETURNS, SALES
from tests.svc_checkout.buying import Buying, buying
from tests.svc_payment import telling
from tests.svc_payment.providing import STRIPE
from tests.svc_payment.telling import IGNORED, REFUSED, capturing, counted, event, secret_of, tell, tell_as_stripe
from tests.svc_payment.test_http import ledger_of
from tests.svc_payment.test_settle import status_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOTHING = {BANK: 0, SALES: 0, RETURNS: 0}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    settings = {**telling.BY_THE_TEST_ALONE, **STRIPE, "MALL_PAYMENT_KEPT": "stripe", "MALL_BANK_STRIPE_WEBHOOK_URL": ""}
    async with buying(tmp_path_factory.mktemp("mall"), *telling.PARTS, **settings) as running:
        yield running


@pytest.mark.parametrize("provider", ["bank", "stripe"])
@pytest.mark.parametrize(
    ("given", "status", "reason"),
    [
        ({"secret": "another-secret-of-16"}, 401, "webhook-signature"),
        ({"header": ""}, 401, "webhook-signature"),
        ({"header": "v1=00"}, 401, "webhook-signature"),
        ({"header": "t=1"}, 401, "webhook-signature"),
        ({"header": "t=１,v1=00"}, 401, "webhook-signature"),
        ({"header": "t=-5,v1=00"}, 401, "webhook-signature"),
        ({"header": "t=1,t=2,v1=00"}, 401, "webhook-signature"),
        ({"header": "t=" + "9" * 400 + ",v1=00"}, 401, "webhook-signature"),
        ({"header": "schlüssel"}, 401, "webhook-signature"),
        ({"age": 310}, 400, "webhook-too-old"),
        ({"age": -310}, 400, "webhook-too-old"),
        ({"age": -(10**330)}, 400, "webhook-too-old"),
    ],
)
async def test_a_webhook_that_is_not_the_providers_or_not_of_now(
    mall: Buying, provider: str, given: dict[str, object], status: int, reason: str
) -> None:
    _, order_id, attempt = await capturing(mall)
    before = await counted(mall, REFUSED, reason)
    told = await (tell if provider == "bank" else tell_as_stripe)(mall, event(attempt, order_id), **given)
    assert (told.status, told.kind) == (status, f"payment/{reason}")
    assert await counted(mall, REFUSED, reason) == before + 1
    assert await ledger_of(mall, order_id) == NOTHING


@pytest.mark.parametrize(("path", "theirs"), [("bank", "stripe"), ("stripe", "bank")])
async def test_one_providers_signature_opens_no_other_door(mall: Buying, path: str, theirs: str) -> None:
    body, at = b'{"events": []}', int(time.time())
    signed = f"t={at},v1={signature(secret_of(mall, theirs), at, body)}"
    headers = {SIGNATURE: signed, STRIPE_SIGNATURE: signed, "Content-Type": "application/json"}
    told = await mall.call("payment", "POST", f"/api/v1/payments/webhooks/{path}", data=body, headers=headers)
    assert (told.status, told.kind) == (401, "payment/webhook-signature")


async def test_an_event_of_one_provider_says_nothing_about_anothers_attempt(mall: Buying) -> None:
    _, order_id, attempt = await capturing(mall)
    before = await counted(mall, IGNORED, "authorization")
    about = {"object": {"id": "pi_1", "metadata": {"order": order_id, "attempt": attempt}}}
    assert (await tell_as_stripe(mall, {"type": "payment_intent.succeeded", "data": about})).status == 204
    assert await counted(mall, IGNORED, "authorization") == before + 1
    assert await status_of(mall, order_id) == ["capturing"]


async def test_a_signature_is_over_the_very_bytes_and_the_time(mall: Buying) -> None:
    body = json.dumps({"events": []}).encode()
    at = int(time.time())
    signed = signature(mall.mall.environ["MALL_BANK_WEBHOOK_SECRET"], at, body)
    for header, content, status in (
        (f"t={at},v1={signed}", body, 204),
        (f" t={at} , v1={'0' * 64}, v1={signed}", body, 204),
        (f"t={at},v1={signed}", body.replace(b" ", b"  "), 401),
        (f"t={at},v1={signed.upper()}", body, 401),
        (f"t={at + 1},v1={signed}", body, 401),
    ):
        assert (await tell(mall, data=content, header=header)).status == status, header


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"events": 5}', b'{"events": [{}]}', b'{"events": [], "more": 1}', b"\xff"])
async def test_a_webhook_that_is_no_such_json(mall: Buying, content: bytes) -> None:
    told = await tell(mall, data=content)
    assert (told.status, told.kind) == (400, "bad-request")


async def test_what_we_do_not_know_is_taken_and_counted(mall: Buying) -> None:
    _, order_id, _ = await capturing(mall)
    before = await counted(mall, IGNORED, "type"), await counted(mall, IGNORED, "authorization")
    strange = event("a", "o") | {"type": "bank.closed", "more": 1}
    torn = event("a", "o", status="perhaps")
    empty = event("a", "o") | {"data": None}
    unknown = event("nobodys", order_id), event("nobodys", "no-such-order"), event("nobodys", "")
    assert (await tell(mall, strange, torn, empty, *unknown)).status == 204
    assert await counted(mall, IGNORED, "type") == before[0] + 3
    assert await counted(mall, IGNORED, "authorization") == before[1] + 3
    assert await ledger_of(mall, "no-such-order") == NOTHING
    assert await status_of(mall, order_id) == ["capturing"]
