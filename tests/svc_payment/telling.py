"""Webhooks as the bank sends them, and what tests look at afterwards."""

import json
import time
from typing import Any

from contracts.bank import SIGNATURE, signature
from contracts.payment import STRIPE_SIGNATURE
from mallkit import deadline
from mallkit.sqlite import open_store
from svc_payment.domain import account as rules
from svc_payment.domain.account import Account
from svc_payment.repository import ACCOUNTS, POINTERS, Accounts
from tests.mallhouse import Answer
from tests.svc_checkout.buying import Buyer, Buying, new_id
from tests.svc_payment.test_settle import left, write

PARTS = ("auth", "product", "order", "payment", "bank")
HOOK, STRIPE_HOOK = "/api/v1/payments/webhooks/bank", "/api/v1/payments/webhooks/stripe"
BY_WEBHOOKS_ALONE = {"MALL_PAYMENT_SETTLE_SECONDS": "3600", "MALL_BANK_WEBHOOK_SECONDS": "0.1"}
"""The payment service's job does nothing."""
BY_THE_TEST_ALONE = {"MALL_PAYMENT_SETTLE_SECONDS": "3600", "MALL_BANK_WEBHOOK_SECONDS": "3600"}
"""Nor does the bank tell anything."""
IGNORED, REFUSED = "mall_webhook_events_ignored_total", "mall_webhooks_refused_total"


async def tell(mall: Buying, *events: Any, **other: Any) -> Answer:
    """A webhook; `data` (bytes), `header`, `secret`, `age` (seconds since it was signed) instead of what belongs there."""
    body = other.get("data", json.dumps({"events": events}).encode())
    at = int(time.time()) - other.get("age", 0)
    signed = signature(other.get("secret", mall.mall.environ["MALL_BANK_WEBHOOK_SECRET"]), at, body)
    headers = {SIGNATURE: other.get("header", f"t={at},v1={signed}"), "Content-Type": "application/json", deadline.HEADER: "1500"}
    return await mall.call("payment", "POST", HOOK, data=body, headers=headers)


async def tell_as_stripe(mall: Buying, event: Any, **other: Any) -> Answer:
    """As `tell`, one event in Stripe's words."""
    body = other.get("data", json.dumps(event).encode())
    at = int(time.time()) - other.get("age", 0)
    signed = signature(other.get("secret", secret_of(mall, "stripe")), at, body)
    headers = {STRIPE_SIGNATURE: other.get("header", f"t={at},v1={signed}"), "Content-Type": "application/json; charset=utf-8"}
    return await mall.call("payment", "POST", STRIPE_HOOK, data=body, headers=headers | {deadline.HEADER: "1500"})


def secret_of(mall: Buying, provider: str) -> str:
    """What a provider signs its webhooks with."""
    return mall.mall.environ[f"MALL_PAYMENT_{'' if provider == 'bank' else 'STRIPE_'}WEBHOOK_SECRET"]


def event(attempt: str, order_id: str, kind: str = "capture", **data: Any) -> dict[str, Any]:
    """One that says that the operation was approved."""
    told = {
        "authorization": attempt, "key": f"{attempt}-{kind}", "kind": kind, "status": "approved", "reason": "", "amount": 1000,
        "currency": "USD", "reference": order_id,
    }  # fmt: skip
    return {"id": new_id("e"), "type": "bank.operation-answered", "created": "2026-11-21T08:00:00.000Z", "data": told | data}


async def statement(mall: Buying, order_id: str) -> list[tuple[str, str]]:
    """What the bank has done for an order: kind and status, oldest first."""
    headers = {"X-Api-Key": mall.mall.environ["MALL_BANK_API_KEY"]}
    page = (await mall.call("bank", "GET", "/v1/operations?limit=1000", headers=headers)).json
    return [(each["kind"], each["status"]) for each in page["items"] if each["reference"] == order_id]


async def counted(mall: Buying, name: str, reason: str) -> float:
    """A counter of the payment service."""
    text = (await mall.call("payment", "GET", "/metrics")).body.decode()
    start = f'{name}{{reason="{reason}"}} '
    return next((float(line.removeprefix(start)) for line in text.splitlines() if line.startswith(start)), 0.0)


async def counted_at_bank(mall: Buying) -> float:
    """Webhooks that were taken."""
    text = (await mall.call("bank", "GET", "/metrics")).body.decode()
    start = 'mall_bank_webhooks_total{outcome="taken"} '
    return next((float(line.removeprefix(start)) for line in text.splitlines() if line.startswith(start)), 0.0)


async def asked(mall: Buying, part: str) -> float:
    """How many requests a part has answered, but for those that tests look with."""
    text = (await mall.call(part, "GET", "/metrics")).body.decode()
    lines = [line for line in text.splitlines() if line.startswith("http_server_request_duration_seconds_count{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines if "/metrics" not in line)


async def capturing(mall: Buying) -> tuple[Buyer, str, str]:
    """Buyer, order and attempt: the bank has authorized, the process that was to capture has died, the job will look in an hour."""
    buyer, order_id, attempt = await left(mall)
    later = time.time() + 3600
    await write(mall, buyer, order_id, attempt, lambda account: rules.capturing(account, attempt, 0, later))
    return buyer, order_id, attempt


async def account_of(mall: Buying, order_id: str) -> Account:
    """As it is stored."""
    async with open_store(mall.mall.folder / "payment.db", (ACCOUNTS, POINTERS)) as store:
        return await Accounts(store).get(order_id)
