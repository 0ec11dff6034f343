"""GET /internal/audit/rows of a service: who may read it, what stands in it, and that it is whole or told to be a part."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from mall.auditing.asking import LARGEST_LINE, NotAsked, Reading
from mall.auditing.books import Books
from mall.auditing.shelves import Archive
from mallkit.audit import ROWS
from mallkit.problem import MEDIA
from tests.mallhouse import Answer, House, house

pytestmark = pytest.mark.asyncio(loop_scope="module")
PRODUCTS = 1500


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A catalogue that takes a moment to tell."""
    async with house(tmp_path_factory.mktemp("mall"), "auth", "product") as running:
        operator = await running.token("operator")
        for part in range(0, PRODUCTS, 300):
            rows = [{"import_key": f"k{n}", "name": f"Tea {n}", "price": 1, "stock": 7, "category": "tea"} for n in range(part, part + 300)]
            path = f"/api/v1/catalogue/imports/{part:064x}"
            await running.call("product", "PUT", f"{path}/parts/0", {"products": rows}, token=operator)
            assert (await running.call("product", "POST", path, {"parts": 1}, token=operator)).status == 200
        yield running


async def token_of(mall: House, service: str) -> str:
    shown = {"service": service, "secret": mall.environ[f"MALL_{service.upper()}_CLIENT_SECRET"]}
    return str((await mall.call("auth", "POST", "/internal/service-token", shown)).json["access_token"])


async def rows(mall: House, token: str = "") -> Answer:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with mall.session.get(mall.url("product", ROWS.path), headers=headers) as response:
        body = await response.read()
        return Answer(
            response.status, response.headers, body, await response.json(content_type=None) if response.content_type == MEDIA else None
        )


@pytest.mark.requirement(166)
async def test_the_rows_are_whole_and_hold_no_texts(mall: House) -> None:
    answer = await rows(mall, await token_of(mall, "audit"))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/x-ndjson")
    reading = Reading("product")
    reading.take(answer.body)
    books = reading.whole()
    assert len(books.counters) == PRODUCTS
    assert {counter.available for counter in books.counters.values()} == {7}
    assert b"Tea" not in answer.body
    assert (books.on_bus, books.unpublished) == (set(), {}), "without a bus events wait as they should"


async def test_only_the_audit_and_operators_read_rows(mall: House) -> None:
    statuses = {
        "nobody": (await rows(mall)).status,
        "forged": (await rows(mall, "a.b.c")).status,
        "customer": (await rows(mall, await mall.token("ann"))).status,
        "another service": (await rows(mall, await token_of(mall, "checkout"))).status,
        "operator": (await rows(mall, await mall.token("operator"))).status,
    }
    assert statuses == {"nobody": 401, "forged": 401, "customer": 403, "another service": 403, "operator": 200}


async def test_one_reads_at_a_time(mall: House) -> None:
    token = await token_of(mall, "audit")
    answers = await asyncio.gather(*(rows(mall, token) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 429, 429, 429]
    refused = next(answer for answer in answers if answer.status == 429)
    assert (refused.kind, refused.headers["Retry-After"]) == ("too-many-requests", "1")
    assert (await rows(mall, token)).status == 200


async def test_a_reader_that_goes_away_makes_room_for_the_next(mall: House) -> None:
    token = await token_of(mall, "audit")
    async with (
        aiohttp.ClientSession() as gone,
        gone.get(mall.url("product", ROWS.path), headers={"Authorization": f"Bearer {token}"}) as some,
    ):
        assert some.status == 200
    async with asyncio.timeout(10):
        while (await rows(mall, token)).status != 200:
            await asyncio.sleep(0.02)


async def test_an_answer_in_any_pieces_is_the_same_and_a_part_is_not_the_whole(mall: House) -> None:
    body = (await rows(mall, await token_of(mall, "audit"))).body
    for size in (1000, 1001, 65536):
        reading = Reading("product")
        for at in range(0, len(body), size):
            reading.take(body[at : at + size])
        assert len(reading.whole().counters) == PRODUCTS
    for cut in (body[: len(body) // 2], body[: body.rindex(b"\n", 0, -1) + 1], b"\n".join(body.splitlines()[5:]) + b"\n"):
        part = Reading("product")
        part.take(cut)
        with pytest.raises(NotAsked, match="product told only a part"):
            part.whole()


async def test_what_is_no_row_ends_the_reading() -> None:
    for line in (b"nonsense\n", b'{"row":"unheard-of"}\n', b'{"row":"order","id":1,"revision":1}\n'):
        reading = Reading("order")
        with pytest.raises(msgspec.MsgspecError):
            reading.take(line)
        assert reading.trouble.startswith("order tells a row that is none: ")


async def test_a_disk_that_is_full_is_told() -> None:
    archive = Archive()
    reading = Reading("order", Books.shelved(archive, 10))
    archive.ask("PRAGMA max_page_count = 8")
    with pytest.raises(sqlite3.OperationalError):
        reading.take(b"".join(b'{"row":"cart","id":"%d","revision":1}\n' % number for number in range(2000)))
    assert reading.trouble == "no room for the rows of order: database or disk is full"


async def test_a_row_without_an_end_is_not_waited_for() -> None:
    reading = Reading("order")
    reading.take(b"x" * LARGEST_LINE)
    with pytest.raises(ValueError, match="order tells a row without an end"):
        reading.take(b"x")
