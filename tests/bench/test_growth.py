"""The mall that the growth benchmark fills is one that services could have made: its books agree, and every question has an answer."""

import asyncio
from pathlib import Path

import aiohttp

from bench.growth.asking import Asker
from bench.growth.draw import Draw
from bench.growth.fill import STORES, fill_store
from bench.growth.questions import QUESTIONS
from mall.auditing import command
from mall.running import running_mall

SIZE = 1_000


def test_a_filled_mall_has_clean_books_and_answers_every_question(tmp_path: Path) -> None:
    draw = Draw.of(SIZE)
    for name, (kinds, made) in STORES.items():
        fill_store(tmp_path / f"{name}.db", kinds, made(draw))
    with running_mall(folder=tmp_path, MALL_AUTH_TRIES_PER_ADDRESS="1000") as mall:
        assert command.main(["--grace", "30"], mall.environ) == 0

        async def ask() -> None:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
                asker = Asker(mall, draw, session)
                await asker.sign_in()
                for question in QUESTIONS:
                    assert (await asker.ask(question, 1)).cpu >= 0

        asyncio.run(ask())


def test_orders_are_spread_as_they_say() -> None:
    draw = Draw.of(SIZE)
    by_user = dict(draw.orders_by_user())
    assert len(draw.buyers) == SIZE
    assert len(by_user[0]) == SIZE // 50
    assert max(len(orders) for user, orders in by_user.items() if user) <= 50
    assert sum(draw.sold) == len(draw.things)
