"""A drill can fail: it sees what was broken by hand, and it refuses where it must not, or cannot, run."""

import re
import sqlite3

import pytest

from mall.drills.command import FAILED, run
from mall.drills.play import Drill
from mall.drills.stage import Stage, Wish
from tests.drills.running import drilled


async def lose_an_order(stage: Stage) -> None:
    """As a store that had lost what it had acknowledged."""
    await stage.sold(3)
    bought = stage.crowd.ledger.bought[0].bought or {}
    with sqlite3.connect(stage.mall.folder / "order.db", timeout=10) as store:
        store.execute("DELETE FROM orders WHERE id = ?", (bought["order_id"],))
    store.close()


async def write_down_a_card(stage: Stage) -> None:
    """As a log line that nobody thought about."""
    card = stage.crowd.wallet.good[0]
    line = f'{{"event": "payment.asked", "cvv": "{card.cvv}", "card": "{card.number}"}}\n'
    with (stage.mall.folder / "logs" / "payment.log").open("a") as log:
        log.write(line)


def test_a_lost_order_and_a_written_card_are_seen(capsys: pytest.CaptureFixture[str]) -> None:
    async def both(stage: Stage) -> None:
        await lose_an_order(stage)
        await write_down_a_card(stage)

    assert run(Drill("broken", "a store forgets an order, a log remembers a card", both, rests_within=3), Wish(seed=7)) == FAILED
    told = capsys.readouterr().out
    assert told.endswith("FAIL\n")
    for wrong in ("is gone", "logs/payment.log: …4242 the number", "logs/payment.log: a CVV"):
        assert re.search(f"WRONG: .*{re.escape(wrong)}", told), told


def test_there_are_no_drills_online() -> None:
    told = drilled("kill-payment", MALL_ENV="online")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == "mall drill: drills run in dev and test only, MALL_ENV is online\n"


def test_what_a_drill_needs_and_this_machine_has_not_is_named() -> None:
    told = drilled("full-disk", PATH="/nowhere")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == "drill full-disk: NOT RUN: it mounts a small disk: run it as root\n"


def test_an_unknown_drill_is_refused_by_name() -> None:
    told = drilled("kill-everything")
    assert told.returncode == 2
    assert "there is no drill kill-everything" in told.stderr
