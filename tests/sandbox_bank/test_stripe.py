"""The bank in Stripe's words: its doors, its keys, its errors; what payments make of it is tested with the provider's contract."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mallkit.settings import SettingsError, load
from sandbox_bank.settings import Settings
from tests.mallhouse import Answer, House, house

KEY = "sk_for_tests_only_000"
INTENT = {"amount": "1999", "currency": "usd", "capture_method": "manual", "metadata[order]": "o1"}
CARD = {"type": "card", "card[number]": "4242424242424242", "card[cvc]": "123", "card[exp_month]": "12", "card[exp_year]": "2031"}


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, "bank", MALL_BANK_STRIPE_KEY=KEY) as running:
        yield running


async def ask(bank: House, path: str, form: dict[str, str] | None = None, key: str = "k1", **headers: str) -> Answer:
    """A POST with a form, or a GET without one."""
    sent = {"Authorization": f"Bearer {KEY}"} | ({"Idempotency-Key": key} if form is not None and key else {}) | headers
    method, url = "GET" if form is None else "POST", bank.url("bank", f"/stripe/v1/{path}")
    async with bank.session.request(method, url, data=form, headers=sent) as told:
        return Answer(told.status, told.headers, await told.read(), await told.json(content_type=None))


def fault(told: Answer) -> tuple[int, Any, Any]:
    return told.status, told.json["error"]["type"], told.json["error"].get("code")


async def test_nobody_comes_in_without_the_key(bank: House) -> None:
    for shown in ("", "Bearer", f"Bearer {KEY}x", f"Basic {KEY}", "Bearer schlüssel"):
        assert (await ask(bank, "payment_intents", INTENT, Authorization=shown)).status == 401
        assert (await ask(bank, "payment_intents/pi_1", Authorization=shown)).status == 401


async def test_without_a_key_there_are_no_such_doors(tmp_path: Path) -> None:
    async with house(tmp_path, "bank") as bank:
        assert (await ask(bank, "payment_intents", INTENT)).status == 404


def test_in_production_nobody_pretends_to_be_stripe() -> None:
    given = {f"MALL_BANK_{name}": "a-secret-of-sixteen" for name in ("CLIENT_SECRET", "API_KEY", "WEBHOOK_SECRET", "STRIPE_KEY")}
    with pytest.raises(SettingsError, match="stripe_key: the bank does not pretend to be Stripe in online"):
        load(Settings, "bank", given | {"MALL_ENV": "online", "MALL_FINGERPRINT_KEY": "a-secret-of-sixteen"})


async def test_the_first_answer_under_a_key_stands(bank: House) -> None:
    first = await ask(bank, "payment_intents", INTENT)
    again = await ask(bank, "payment_intents", INTENT)
    assert (first.status, again.json, again.headers["Idempotent-Replayed"]) == (200, first.json, "true")
    other = await ask(bank, "payment_intents", INTENT | {"amount": "2000"})
    assert fault(other) == (400, "idempotency_error", None)
    assert first.json["id"] != (await ask(bank, "payment_intents", INTENT, "k2")).json["id"]


async def test_an_answer_stands_though_the_intent_has_gone_on(bank: House) -> None:
    first = (await ask(bank, "payment_intents", INTENT)).json
    method = (await ask(bank, "payment_methods", CARD, "m1")).json["id"]
    confirmed = await ask(bank, f"payment_intents/{first['id']}/confirm", {"payment_method": method}, "c1")
    assert (confirmed.json["status"], confirmed.json["amount_capturable"]) == ("requires_capture", 1999)
    assert (await ask(bank, "payment_intents", INTENT)).json["status"] == "requires_payment_method"
    assert (await ask(bank, f"payment_intents/{first['id']}")).json["status"] == "requires_capture"


async def test_an_intent_goes_no_step_that_it_cannot(bank: House) -> None:
    intent = (await ask(bank, "payment_intents", INTENT)).json["id"]
    unexpected = (400, "invalid_request_error", "payment_intent_unexpected_state")
    assert fault(await ask(bank, f"payment_intents/{intent}/capture", {"x": "1"}, "c1")) == unexpected
    assert (await ask(bank, f"payment_intents/{intent}/cancel", {"x": "1"}, "v1")).json["status"] == "canceled"
    assert fault(await ask(bank, f"payment_intents/{intent}/cancel", {"x": "1"}, "v2")) == unexpected
    assert fault(await ask(bank, f"payment_intents/{intent}/confirm", {"payment_method": "pm_card_visa"}, "f1")) == unexpected


@pytest.mark.parametrize(
    ("path", "form", "key", "told"),
    [
        ("payment_intents", {"amount": "5"}, "k", (400, "invalid_request_error", None)),
        ("payment_intents", INTENT | {"amount": "5.5"}, "k", (400, "invalid_request_error", None)),
        ("payment_intents", INTENT | {"amount": "0"}, "k", (400, "invalid_request_error", None)),
        ("payment_intents", INTENT, "", (400, "invalid_request_error", None)),
        ("payment_methods", CARD | {"card[number]": "42"}, "k", (402, "card_error", "incorrect_number")),
        ("payment_methods", CARD | {"type": "cash"}, "k", (400, "invalid_request_error", None)),
        ("payment_intents/pi_none/capture", {"x": "1"}, "k", (404, "invalid_request_error", "resource_missing")),
        ("refunds", {"payment_intent": "pi_none", "amount": "5"}, "k", (404, "invalid_request_error", "resource_missing")),
    ],
)
async def test_what_is_wrong_is_told_in_stripes_shape(bank: House, path: str, form: dict[str, str], key: str, told: Any) -> None:
    assert fault(await ask(bank, path, form, key)) == told


async def test_of_a_card_nothing_is_kept_that_it_could_be_used_with(bank: House) -> None:
    told = await ask(bank, "payment_methods", CARD, "m1")
    assert told.json["card"] == {"brand": "visa", "last4": "4242"}
    kept = b"".join(path.read_bytes() for path in bank.folder.rglob("*") if path.is_file())
    assert b"4242424242424242" not in kept
