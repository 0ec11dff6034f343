"""Hundreds of charges at a bank that loses a third of its answers, by clients who repeat themselves: nobody is charged twice."""

from pathlib import Path

import pytest

from bench.storm import Where, charge_storm
from tests.mallhouse import house
from tests.svc_payment.telling import PARTS

REQUESTS, SEED = 400, 20_261_121
DRILL_KEY = "the-key-of-the-drills"
QUICK = {
    "MALL_PAYMENT_SETTLE_SECONDS": "0.2",
    "MALL_PAYMENT_ATTEMPT_SECONDS": "3",
    "MALL_BANK_WEBHOOK_SECONDS": "0.2",
    "MALL_AUTH_TRIES_PER_ADDRESS": "1000",
}


@pytest.mark.requirement(96, 112, 114, 115)
async def test_no_order_is_charged_twice_and_orders_and_bank_agree(tmp_path: Path) -> None:
    async with house(tmp_path, *PARTS, MALL_DRILL_KEY=DRILL_KEY, **QUICK) as mall:
        urls = {name: mall.url(name) for name in PARTS}
        where = Where(urls, mall.environ["MALL_CHECKOUT_CLIENT_SECRET"], mall.environ["MALL_BANK_API_KEY"], DRILL_KEY)
        storm = await charge_storm(where, REQUESTS, SEED)
    assert storm.requests >= REQUESTS
    assert storm.doubled == []
    assert storm.disagreeing == []
    assert sum(sum(taken) for taken in storm.captures.values()) == sum(storm.paid.values()) > 0
    assert {"200", "402", "409"} <= storm.answers.keys()
    assert not [answer for answer in storm.answers if answer.startswith("5") and answer not in {"503", "504"}], storm.answers
