"""No card, CVV, password or token is anywhere afterwards: stores with their write-ahead logs, log files, metrics, spans."""

import base64
import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from mall.parts import PARTS
from mall.running import Mall
from tests.journeys.collector import Collector
from tests.journeys.people import BY_STRIPE, order_form
from tests.journeys.world import Heard, World

GOOD = "4539620659922097"
BAD_DIGIT = "4539620659922098"
AMEX = "371620438759124"
EXPIRED = "5204740009900014"
MISPLACED = "6011793668143203"
TRICKS = ("4000000000000002", "4000000000009995", "4000000000000127", "4000000000000259")
"""Declined, insufficient funds, wrong CVV, and captured with the answer lost."""
CHALLENGED = "4000002760003184"
AMEX_CVV, CVV = "7391", "086"
PASSWORD, NEW_PASSWORD = "swordfish-canary-77120934", "never-used-canary-55120937"
PLANTED = "4539620659922105"
NUMBERS = (GOOD, BAD_DIGIT, AMEX, EXPIRED, MISPLACED, CHALLENGED, *TRICKS)


@dataclass
class Secrets:
    """What nobody may find. A CVV is short: it counts where it stands alone, in quotes or between signs."""

    words: list[str] = field(default_factory=lambda: [*NUMBERS, PASSWORD, NEW_PASSWORD])

    def needles(self) -> Iterator[tuple[str, bytes]]:
        """Each with its spellings: grouped digits, base64, and the digests that anybody could make."""
        for word in self.words:
            raw = word.encode()
            yield word, raw
            yield f"{word} reversed", raw[::-1]
            yield f"{word} in base64", base64.b64encode(raw).rstrip(b"=")[:-1]
            yield f"{word} in hex", raw.hex().encode()
            if word.isdigit():
                yield f"{word} in groups", b" ".join(raw[at : at + 4] for at in range(0, len(raw), 4))
                yield f"{word} with dashes", b"-".join(raw[at : at + 4] for at in range(0, len(raw), 4))
                yield f"{word} as an integer", int(word).to_bytes(8, "big")
            for digest in (hashlib.md5(raw), hashlib.sha1(raw), hashlib.sha256(raw)):  # noqa: S324 - looked for, not used
                yield f"{digest.name} of {word}", digest.digest()
                yield f"{digest.name} of {word} in hex", digest.hexdigest().encode()

    def found_in(self, content: bytes) -> list[str]:
        """What of all this is there."""
        found = [name for name, needle in self.needles() if needle in content]
        return found + [f"CVV {cvv}" for cvv in (AMEX_CVV,) if re.search(rb"(?<![\w.:-])%b(?![\w.])" % cvv.encode(), content)]


@dataclass
class Bought:
    """What was done, and with which secrets."""

    secrets: Secrets
    answers: list[Heard]


def card(number: str, cvv: Any = CVV, year: int = 2031) -> dict[str, Any]:
    return {
        "credit_card_number": number,
        "credit_card_cvv": cvv,
        "credit_card_expiration_year": year,
        "credit_card_expiration_month": 12,
    }


@pytest.fixture(scope="module")
def world(watched: tuple[Mall, Collector]) -> World:
    return World.of(watched[0])


@pytest.fixture(scope="module")
def bought(world: World) -> Bought:
    """Everything that a card, a password or a token can meet: success, refusal, loss, misplacement, broken requests."""
    account = {"email": f"{world.unique()}@example.org", "password": PASSWORD}
    world.ask("POST", "/api/v1/auth/register", {**account, "name": "Canary"})
    wrong = world.send("gateway", "POST", "/api/v1/auth/login", account | {"password": NEW_PASSWORD})
    told = world.ask("POST", "/api/v1/auth/login", account)
    again = world.ask("POST", "/api/v1/auth/refresh", {"refresh_token": told["refresh_token"]})
    token = again["access_token"]
    answers = [wrong, *(_checkout(world, token, payment) for payment in CARDS)]
    form = order_form(credit_card=card(GOOD))
    answers += [
        _send(world, token, form | {"card_number": MISPLACED}),
        _send(world, token, form | {"expected_total": MISPLACED}),
        _send(world, token, form | {"credit_card": MISPLACED}),
        world.send("gateway", "POST", "/api/v1/checkout", data=b'{"credit_card_number": "%b' % MISPLACED.encode(), token=token),
        world.send("checkout", "POST", "/api/v1/checkout", data=b'["%b", "%b"]' % (MISPLACED.encode(), AMEX_CVV.encode()), token=token),
        _charge(world, token, told["user_id"]),
        *(_by_stripe(world, token, told["user_id"], number) for number in (GOOD, TRICKS[0], CHALLENGED)),
    ]
    order_id = next(heard.json["order_id"] for heard in answers if heard.status == 200)
    answers.append(world.send("gateway", "PUT", f"/api/v1/orders/{order_id}/cancel", {}, token=token))
    answers.append(world.send("gateway", "POST", "/api/v1/auth/logout", {"refresh_token": again["refresh_token"]}, token=token))
    tokens = [value for each in (told, again) for value in (each["access_token"], each["refresh_token"])]
    secrets = Secrets()
    secrets.words += [*tokens, *(each["access_token"].rpartition(".")[2] for each in (told, again)), world.operator, world.service_token]
    return Bought(secrets, answers)


CARDS = (
    card(GOOD), card(AMEX, AMEX_CVV), card(AMEX, int(AMEX_CVV)), card(BAD_DIGIT), card(EXPIRED, year=2024), card(GOOD, "12"),
    card(GOOD, AMEX_CVV), card(AMEX, CVV), *(card(number) for number in TRICKS),
)  # fmt: skip


def _checkout(world: World, token: str, payment: dict[str, Any]) -> Heard:
    world.fill_cart(token)
    return _send(world, token, order_form(credit_card=payment))


def _send(world: World, token: str, form: dict[str, Any]) -> Heard:
    return world.send("gateway", "POST", "/api/v1/checkout", form, token=token, headers={"Idempotency-Key": world.unique()})


def _charge(world: World, token: str, user_id: str) -> Heard:
    body = {"amount": 1.25, "credit_card": card(AMEX, AMEX_CVV), "order_id": "no-such-order", "user_id": user_id}
    return world.send("gateway", "POST", "/payment/charge", body, token=token, headers={"Idempotency-Key": world.unique()})


def _by_stripe(world: World, token: str, user_id: str, number: str) -> Heard:
    """An order that is paid later, by the provider that is asked in Stripe's words."""
    world.fill_cart(token)
    form = {name: value for name, value in order_form().items() if name != "credit_card"}
    placed = world.ask("POST", "/api/v1/orders", form, token)
    body = {"amount": placed["receipt"]["total"], "credit_card": card(number), "order_id": placed["order_id"], "user_id": user_id}
    return world.send("gateway", "POST", "/payment/charge", body | {"payment_method": BY_STRIPE}, token=token)


def test_the_canaries_met_what_they_should(bought: Bought) -> None:
    statuses = [200 if heard.status == 202 else heard.status for heard in bought.answers]  # a lost answer may take its time
    assert statuses[:15] == [401, 200, 200, 200, 422, 422, 422, 422, 422, 402, 402, 402, 200, 400, 400]
    assert statuses[15:] == [400, 400, 400, 404, 200, 402, 200, 200, 204]


def test_no_answer_repeats_them(bought: Bought) -> None:
    for heard in bought.answers:
        assert bought.secrets.found_in(heard.body) == []
        assert bought.secrets.found_in(str(heard.headers).encode()) == []


@pytest.mark.requirement(9)
def test_no_file_holds_them(bought: Bought, watched: tuple[Mall, Collector]) -> None:
    files = [path for path in watched[0].folder.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {f"{part.name}.log" for part in PARTS} <= names
    assert {"auth.db", "payment.db", "payment.db-wal", "bank.db", "order.db-wal", "checkout.db-wal"} <= names
    assert {path.name: found for path in files if (found := bought.secrets.found_in(path.read_bytes()))} == {}


def test_no_metric_and_no_span_tells_them(bought: Bought, world: World, watched: tuple[Mall, Collector]) -> None:
    metrics = {part.name: world.send(part.name, "GET", "/metrics") for part in PARTS}
    assert {heard.status for heard in metrics.values()} == {200}
    assert {name: found for name, heard in metrics.items() if (found := bought.secrets.found_in(heard.body))} == {}
    collector, seen = watched[1], len(watched[1].spans())
    ends = time.monotonic() + 5
    while len(collector.spans()) == seen and time.monotonic() < ends:
        time.sleep(0.05)  # processes send their spans once a second
    assert {seen.service for seen in collector.spans()} >= {"gateway", "checkout", "payment", "bank"}
    assert bought.secrets.found_in(b"".join(collector.bodies)) == []


def test_the_search_would_find_them(world: World, watched: tuple[Mall, Collector]) -> None:
    folder, looked_for = watched[0].folder, Secrets([PLANTED])
    assert [found for path in folder.rglob("*") if path.is_file() and (found := looked_for.found_in(path.read_bytes()))] == []
    world.ask("POST", "/api/v1/products", {"name": f"x{PLANTED}9", "price": 1, "stock": 1, "category": "c"}, world.operator)
    assert looked_for.found_in(b"".join(path.read_bytes() for path in folder.glob("product.db*"))) == [PLANTED]
    for text in (
        f"a {PLANTED[:4]} {PLANTED[4:8]} {PLANTED[8:12]} {PLANTED[12:]}",
        base64.b64encode(PLANTED.encode()).decode(),
        hashlib.sha256(PLANTED.encode()).hexdigest(),
        f'{{"cvv": "{AMEX_CVV}"}}',
        f"cvv={AMEX_CVV}",
    ):
        path = folder / "logs" / "planted.log"
        path.write_text(text)
        try:
            assert len(looked_for.found_in(path.read_bytes())) == 1, text
        finally:
            path.unlink()
