"""The failure desks of all services as one: listed, narrowed, tried again, for operators only, whoever is away."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from mallkit.desk import FAILURES
from mallkit.desk_endpoints import FailureStatus
from mallkit.desk_rules import WORK_SECONDS, Failure
from mallkit.sqlite import open_store
from mallkit.times import NEVER
from tests.gateway.neighbourhood import Echo, gate, listening
from tests.mallhouse import Answer, House, house

PENDING, PROCESSING, SUCCESS, FAILED = FailureStatus
NOW = time.time()
"""Young for the services' own jobs, which forget old successes by today's clock."""
LIST, ALL = "/api/v1/failures", "/api/v1/failures/retry"
RUNNING = ("auth", "order", "payment", "gateway")
AWAY = {"user", "product", "cart", "checkout"}


def one(service: str, number: int, status: FailureStatus = FAILED, created: float = NOW) -> Failure:
    """A message that cannot be read: trying it again changes nothing."""
    return Failure(
        id=f"{service}.{number:030x}",
        consumer="",
        event_id="",
        event_type="",
        source="",
        subject="",
        message=b"\xffno event",
        error="event/undecodable",
        error_message="JSON is malformed",
        trace_id="",
        created=created,
        updated=created,
        due=NEVER,
        status=status,
    )


async def at_the_desk(mall: House, *failures: Failure) -> None:
    """As if the service had filed them."""
    for failure in failures:
        async with open_store(mall.folder / f"{failure.id.partition('.')[0]}.db", (FAILURES,)) as store:
            await store[FAILURES].add(failure)


@pytest.fixture
async def mall(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, *RUNNING, MALL_GATEWAY_RETRY_SECONDS="0.02") as opened:
        yield opened


async def ask(mall: House, method: str, path: str, body: Any = None, who: str = "operator") -> Answer:
    return await mall.call("gateway", method, path, body, token=await mall.token(who))


async def listed(mall: House, query: str = "") -> list[str]:
    """The ids of all pages, four at a time."""
    found: list[str] = []
    after = ""
    while True:
        told = await ask(mall, "GET", f"{LIST}?limit=4{query}{after}")
        assert told.status == 200, told.body
        found += [item["failure_id"] for item in told.json["items"]]
        if told.json["next"] is None:
            return found
        assert len(told.json["items"]) == 4
        after = f"&after={told.json['next']}"


@pytest.mark.requirement(69)
async def test_all_desks_are_one_list_newest_first(mall: House) -> None:
    made = [one(("order", "payment")[number % 3 == 0], number, created=NOW + number // 2) for number in range(14)]
    await at_the_desk(mall, *made)
    assert await listed(mall) == [each.id for each in sorted(made, key=lambda each: each.place, reverse=True)]
    assert await listed(mall, "&service=payment") == [each.id for each in reversed(made) if each.id.startswith("payment")]
    told = await ask(mall, "GET", LIST)
    assert set(told.json["away"]) == AWAY
    assert (await ask(mall, "GET", f"{LIST}?service=payment")).json["away"] == []


@pytest.mark.requirement(60, 69)
async def test_a_failure_is_told_with_all_that_it_has(mall: House) -> None:
    await at_the_desk(mall, one("order", 7, created=1_790_000_000.0))  # given up: no job forgets it
    (told,) = (await ask(mall, "GET", f"{LIST}?service=order")).json["items"]
    assert told == {
        "failure_id": f"order.{7:030x}", "service": "order", "consumer": "", "event_id": "", "event_type": "", "source": "",
        "subject": "", "message_data": "\N{REPLACEMENT CHARACTER}no event", "error": "event/undecodable",
        "error_message": "JSON is malformed", "retry_count": 0, "status": "failed", "trace_id": "",
        "created_at": "2026-09-21T14:13:20.000Z", "updated_at": "2026-09-21T14:13:20.000Z", "next_attempt_at": None,
        "place": f"1790000000.000000.order.{7:030x}",
    }  # fmt: skip
    direct = (await mall.call("order", "GET", LIST, token=await mall.token("operator"))).json
    assert direct == {"items": [told], "next": None, "away": []}


@pytest.mark.requirement(61, 69)
async def test_the_list_is_narrowed_by_status(mall: House) -> None:
    await at_the_desk(mall, *(one("order", number, status, NOW + number) for number, status in enumerate((*FailureStatus, *FailureStatus))))
    for number, status in enumerate(FailureStatus):
        if status not in {PENDING, PROCESSING}:  # the job goes on with these
            assert await listed(mall, f"&status={status}") == [f"order.{each:030x}" for each in (number + 4, number)]


async def test_a_list_that_there_cannot_be(mall: House) -> None:
    wrong = (
        "status=lost",
        "status=",
        "limit=0",
        "limit=201",
        "after=garbage",
        "more=1",
        "limit=1&limit=2",
        "service=Order",
        "service=a%0D",
    )
    for query in ("service=nothing", "service=bank", *wrong):
        told = await ask(mall, "GET", f"{LIST}?{query}")
        assert (told.status, told.kind) == (400, "bad-request"), query
        if query not in wrong:
            assert told.json["detail"] == "service: use one of auth, user, product, cart, checkout, order, payment"


@pytest.mark.requirement(70)
async def test_a_retry_reaches_the_service_whose_failure_it_is(mall: House) -> None:
    await at_the_desk(mall, one("order", 1), one("payment", 1), one("order", 2, SUCCESS))
    told = await ask(mall, "POST", f"{LIST}/payment.{1:030x}/retry")
    assert (told.status, told.json["service"], told.json["status"], told.json["retry_count"]) == (200, "payment", "failed", 1)
    assert [item["retry_count"] for item in (await ask(mall, "GET", f"{LIST}?service=order")).json["items"]] == [0, 0]
    done = await ask(mall, "POST", f"{LIST}/order.{2:030x}/retry", {})
    assert (done.status, done.kind, done.json["failure_id"]) == (409, "failure/finished", f"order.{2:030x}")


async def test_a_failure_that_is_in_work_is_refused_for_now(mall: House) -> None:
    now = time.time()
    await at_the_desk(mall, replace(one("order", 3, PROCESSING, now), due=now + WORK_SECONDS))
    told = await ask(mall, "POST", f"{LIST}/order.{3:030x}/retry")
    assert (told.status, told.kind, told.headers["Retry-After"]) == (409, "failure/in-work", "5")


UNKNOWN = [
    (f"order.{9:030x}", 404, "failure/unknown"),
    ("order.x", 404, "failure/unknown"),
    ("bank.x", 404, "failure/unknown"),
    ("nothing", 404, "failure/unknown"),
    ("%6frder.x", 404, "failure/unknown"),
    ("a%00b", 404, "failure/unknown"),
    ("order." + "x" * 65, 400, "bad-request"),
    ("cart.x", 503, "unavailable"),
]


async def test_a_retry_of_what_there_is_not(mall: House) -> None:
    for failure_id, status, kind in UNKNOWN:
        told = await ask(mall, "POST", f"{LIST}/{failure_id}/retry")
        assert (told.status, told.kind) == (status, kind), failure_id


@pytest.mark.requirement(44)
async def test_all_are_tried_again_of_one_service_or_of_every_one(mall: House) -> None:
    await at_the_desk(mall, one("order", 1), one("order", 2, SUCCESS), one("payment", 1), one("payment", 2))
    assert (await ask(mall, "POST", ALL, {"service": "order"})).json == {"failures": 1, "away": []}
    everywhere = (await ask(mall, "POST", ALL)).json
    assert 2 <= everywhere["failures"] <= 3  # order's may be in work
    assert set(everywhere["away"]) == AWAY

    async def tried() -> bool:
        items = (await ask(mall, "GET", f"{LIST}?status=failed")).json["items"]
        return {item["failure_id"] for item in items if item["retry_count"]} == {f"order.{1:030x}", *(f"payment.{n:030x}" for n in (1, 2))}

    async with asyncio.timeout(15):
        while not await tried():
            await asyncio.sleep(0.02)


async def test_a_retry_of_all_that_makes_no_sense(mall: House) -> None:
    bodies: tuple[Any, ...] = ({"service": "nothing"}, {"service": 5}, {"more": 1}, [], "order")
    for body in bodies:
        told = await ask(mall, "POST", ALL, body)
        assert (told.status, told.kind) == (400, "bad-request"), body
    text = await mall.call("gateway", "POST", ALL, data=b"{}", headers={"Content-Type": "text/plain"}, token=await mall.token("operator"))
    assert (text.status, text.kind) == (415, "unsupported-media-type")


@pytest.mark.requirement(5, 154)
async def test_the_desks_are_for_operators(mall: House) -> None:
    for method, path in (("GET", LIST), ("POST", ALL), ("POST", f"{LIST}/order.x/retry"), ("POST", f"{LIST}/nothing/retry")):
        for place in ("gateway", "order"):
            nobody = await mall.call(place, method, path)
            assert (nobody.status, nobody.kind) == (401, "auth/token-invalid"), (method, path, place)
            customer = await mall.call(place, method, path, token=await mall.token())
            assert (customer.status, customer.kind) == (403, "forbidden"), (method, path, place)


async def test_the_desk_stands_in_the_documents(mall: House) -> None:
    for place in ("gateway", "order"):
        paths = (await mall.call(place, "GET", "/openapi.json")).json["paths"]
        assert {LIST, ALL, f"{LIST}/{{failure_id}}/retry"} <= paths.keys(), place
    for slug in ("unknown", "finished", "in-work"):
        told = await mall.call("gateway", "GET", f"/problems/failure/{slug}")
        assert (told.status, told.json["type"]) == (200, f"/problems/failure/{slug}")
        assert told.json["remedy"]


async def test_services_that_tell_nonsense_or_nothing_are_away() -> None:
    echo, go_on = Echo(), asyncio.Event()

    async def hanging(_: web.Request) -> web.StreamResponse:
        await go_on.wait()
        return web.Response()

    async def well(_: web.Request) -> web.StreamResponse:
        return web.json_response({"items": [], "next": None, "away": []})

    good = Echo(answering=well)
    echo.answering = hanging
    async with listening(echo.app()) as slow, listening(good.app()) as fine:
        neighbours = {"order": slow, "cart": fine, "payment": "http://127.0.0.1:1"}
        async with gate(neighbours, answer_seconds=0.3, retry_seconds=0.02) as mall:
            told = await mall.ask("GET", LIST, headers=mall.issuer.bearer("operator"))
            assert told.status == 200
            assert told.body == b'{"items":[],"next":null,"away":["auth","user","product","checkout","order","payment"]}'
            refused = await mall.ask("GET", f"{LIST}?service=payment", headers=mall.issuer.bearer("operator"))
            assert (refused.status, refused.kind) == (503, "unavailable")
            go_on.set()


async def test_a_service_is_asked_in_the_operators_name() -> None:
    echo = Echo(answering=_no_failures)
    async with listening(echo.app()) as fine, gate({"order": fine}) as opened:
        bearer = opened.issuer.bearer("operator")
        await opened.ask("GET", f"{LIST}?service=order&status=failed", headers=bearer)
        assert (echo.last.target, echo.last.headers["Authorization"]) == (
            f"{LIST}?service=order&status=failed&limit=50",
            bearer["Authorization"],
        )


async def _no_failures(_: web.Request) -> web.StreamResponse:
    return web.json_response({"items": [], "next": None})
