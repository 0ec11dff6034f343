"""A service that is away, slow, broken or killed: named by status, tried again only where that does no harm."""

import asyncio
import time

import pytest
from aiohttp import web

from tests.gateway.neighbourhood import HOST, Gate, Scripted, gate, listening, until

PRODUCTS = "/api/v1/products"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
NOTHING = b""
CUT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{}"
AWAY = "http://127.0.0.1:1"


async def test_a_service_that_is_away_is_503_after_a_second_of_trying() -> None:
    async with gate({"product": AWAY}) as mall:
        started = time.monotonic()
        told = await mall.ask("POST", PRODUCTS, headers=mall.issuer.bearer("operator"), json={})
        assert (told.status, told.kind, told.headers["Retry-After"]) == (503, "unavailable", "1")
        assert "product" in str(told.problem["detail"])
        assert 0.3 < time.monotonic() - started < 2
        assert "127.0.0.1" not in told.body.decode()


async def test_a_service_without_an_address_is_503_at_once() -> None:
    async with gate({"product": ""}) as mall:
        told = await mall.ask("GET", PRODUCTS)
        assert (told.status, told.kind) == (503, "unavailable")


async def test_a_restarting_service_is_hardly_seen(mall: Gate, unused_tcp_port: int) -> None:
    async with gate({"product": f"http://{HOST}:{unused_tcp_port}"}) as waiting:
        asking = asyncio.create_task(waiting.ask("POST", PRODUCTS, headers=waiting.issuer.bearer("operator"), json={}))
        await asyncio.sleep(0)
        async with listening(mall.echo.app(), unused_tcp_port):
            told = await asking
        assert told.status == 200
        assert len(mall.echo.got) == 1


async def test_what_never_left_is_tried_at_the_next_copy_at_once(mall: Gate) -> None:
    async with listening(mall.echo.app()) as well, gate({"product": f"{AWAY},{well}"}, retry_seconds=0.0) as two:
        for _ in range(4):
            assert (await two.ask("POST", PRODUCTS, headers=two.issuer.bearer("operator"), json={})).status == 200
        assert len(mall.echo.got) == 4


async def test_copies_are_taken_in_turn(mall: Gate) -> None:
    other = type(mall.echo)()
    async with listening(mall.echo.app()) as one, listening(other.app()) as two, gate({"product": f"{one},{two}"}) as both:
        for _ in range(6):
            await both.ask("GET", PRODUCTS)
        assert (len(mall.echo.got), len(other.got)) == (3, 3)


@pytest.mark.requirement(161)
async def test_a_copy_that_stands_still_is_passed_over(mall: Gate) -> None:
    other, go_on = type(mall.echo)(), asyncio.Event()

    async def answering(_: web.Request) -> web.StreamResponse:
        await go_on.wait()
        return web.Response(text="{}")

    mall.echo.answering = answering
    async with listening(mall.echo.app()) as one, listening(other.app()) as two, gate({"product": f"{one},{two}"}) as both:
        waiting = asyncio.create_task(both.ask("GET", PRODUCTS))

        async def stands_still() -> bool:
            return bool(mall.echo.got)

        await until(stands_still, "the first copy is asked")
        for _ in range(5):
            assert (await both.ask("GET", PRODUCTS)).status == 200
        assert (len(mall.echo.got), len(other.got)) == (1, 5)
        go_on.set()
        assert (await waiting).status == 200


async def test_a_copy_that_comes_back_is_not_asked_at_once(mall: Gate, unused_tcp_port: int) -> None:
    other = type(mall.echo)()
    back = f"http://{HOST}:{unused_tcp_port}"
    async with listening(mall.echo.app()) as well, gate({"product": f"{back},{well}"}) as both:
        assert (await both.ask("GET", PRODUCTS)).status == 200
        async with listening(other.app(), unused_tcp_port):
            assert (await both.ask("GET", PRODUCTS)).status == 200
        assert (len(mall.echo.got), len(other.got)) == (2, 0)


async def test_a_copy_that_breaks_off_is_not_tried_by_every_request() -> None:
    service = Scripted([NOTHING])
    well = Scripted([GOOD])
    async with service.listening() as one, well.listening() as two, gate({"product": f"{one},{two}"}) as both:
        for _ in range(3):
            assert (await both.ask("GET", PRODUCTS)).status == 200
        assert (len(service.asked), len(well.asked)) == (1, 3)


# method, path, headers, whether it may be sent again when it may have arrived
AGAIN = [
    ("GET", PRODUCTS, {}, True),
    ("PUT", "/api/v1/cart/items/p1", {}, True),
    ("DELETE", "/api/v1/cart", {}, True),
    ("POST", "/api/v1/checkout/quote", {}, True),
    ("POST", "/api/v1/checkout", {"Idempotency-Key": "k"}, True),
    ("POST", "/payment/charge", {"Idempotency-Key": "k"}, True),
    ("POST", "/api/v1/checkout", {}, False),
    ("POST", "/api/v1/cart/items", {}, False),
    ("DELETE", "/api/v1/cart/items/p1", {}, False),
    ("PUT", "/api/v1/products/p1/stock", {}, False),
    ("DELETE", "/api/v1/products/p1", {}, False),
    ("PATCH", "/api/v1/users/me", {"Idempotency-Key": "not understood there"}, False),
]


@pytest.mark.parametrize("broken", [NOTHING, CUT], ids=["no answer", "half an answer"])
@pytest.mark.parametrize(("method", "path", "headers", "again"), AGAIN)
async def test_what_may_have_arrived_is_sent_again_only_where_that_does_no_harm(
    broken: bytes, method: str, path: str, headers: dict[str, str], *, again: bool
) -> None:
    service = Scripted([broken, GOOD])
    async with service.listening() as url, gate(dict.fromkeys(("product", "cart", "checkout", "payment", "user"), url)) as mall:
        told = await mall.ask(method, path, headers=mall.issuer.bearer("admin") | headers)
        assert len(service.asked) == (2 if again else 1)
        if again:
            assert told.status == 200
        else:
            assert (told.status, told.kind) == (502, "bad-gateway")


async def test_a_pooled_connection_that_breaks_is_no_leave_to_send_twice() -> None:
    """Aiohttp's client would repeat a PUT or DELETE on its own when a kept connection was closed under it."""
    asked: list[bytes] = []

    async def first_well_then_gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        if len(asked) == 1:
            writer.write(GOOD)
            asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    server = await asyncio.start_server(first_well_then_gone, HOST, 0)
    async with server, gate({"product": f"http://{HOST}:{server.sockets[0].getsockname()[1]}"}) as mall:
        headers = mall.issuer.bearer("operator")
        assert (await mall.ask("DELETE", f"{PRODUCTS}/p1", headers=headers)).status == 200
        assert (await mall.ask("DELETE", f"{PRODUCTS}/p1", headers=headers)).status == 502
        assert len(asked) == 2


async def test_a_service_that_stays_broken_is_given_up_within_the_window() -> None:
    service = Scripted([NOTHING])
    async with service.listening() as url, gate({"product": url}, retry_seconds=0.3) as mall:
        started = time.monotonic()
        told = await mall.ask("GET", PRODUCTS)
        assert (told.status, told.kind) == (502, "bad-gateway")
        assert 2 <= len(service.asked) <= 6
        assert time.monotonic() - started < 1.5


GARBAGE = {
    "no HTTP": b"I am not HTTP\r\n\r\n",
    "no status": b"HTTP/1.1 abc OK\r\n\r\n",
    "bad header": b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n",
    "bad length": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "cut chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{}",
    "bytes in a header": b"HTTP/1.1 200 OK\r\nX-Own: \xff\xfe\r\nContent-Length: 0\r\n\r\n",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "no end": b"HTTP/1.1 200 OK\r\n\r\n{}",
    "500 without a problem": b"HTTP/1.1 500 No\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\nTraceback",
    "503 without a problem": b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
    "404 without a problem": b"HTTP/1.1 404 No\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nno",
}


@pytest.mark.parametrize("name", GARBAGE)
async def test_a_broken_answer_is_502_and_nothing_of_it_is_shown(name: str) -> None:
    service = Scripted([GARBAGE[name]])
    async with service.listening() as url, gate({"product": url}, retry_seconds=0.0) as mall:
        told = await mall.ask("POST", PRODUCTS, headers=mall.issuer.bearer("operator"))
        assert (told.status, told.kind, told.problem["service"]) == (502, "bad-gateway", "gateway")
        assert b"Traceback" not in told.body
        assert len(service.asked) == 1


async def test_a_services_own_problem_passes_as_it_is(mall: Gate) -> None:
    body = b'{"type":"/problems/checkout/fault","status":500,"code":5001001}'

    async def answering(_: web.Request) -> web.StreamResponse:
        return web.Response(status=500, body=body, headers={"Content-Type": "application/problem+json; charset=utf-8", "Retry-After": "7"})

    mall.echo.answering = answering
    told = await mall.ask("POST", "/checkout", headers=mall.issuer.bearer())
    assert (told.status, told.body, told.headers["Retry-After"]) == (500, body, "7")


async def test_a_service_that_is_too_slow_is_504_and_asked_once() -> None:
    async with gate(answer_seconds=0.2) as mall:
        ended = asyncio.Event()

        async def answering(_: web.Request) -> web.StreamResponse:
            await ended.wait()
            return web.Response(text="{}")

        mall.echo.answering = answering
        for method, path in (("GET", PRODUCTS), ("POST", "/api/v1/checkout")):
            told = await mall.ask(method, path, headers=mall.issuer.bearer())
            assert (told.status, told.kind) == (504, "timeout")
        assert len(mall.echo.got) == 2
        assert mall.echo.last.headers["Mall-Deadline-Ms"] == "200"
        ended.set()


async def test_a_client_that_goes_away_does_not_stop_its_purchase(mall: Gate) -> None:
    go_on, done = asyncio.Event(), asyncio.Event()

    async def answering(_: web.Request) -> web.StreamResponse:
        await go_on.wait()
        done.set()
        return web.Response(text="{}")

    mall.echo.answering = answering
    reader, writer = await asyncio.open_connection(HOST, mall.port)
    token = mall.issuer.token().encode()
    writer.write(b"POST /checkout HTTP/1.1\r\nHost: m\r\nAuthorization: Bearer " + token + b"\r\nContent-Length: 2\r\n\r\n{}")

    async def arrived() -> bool:
        return bool(mall.echo.got)

    await until(arrived, "the purchase has reached the service")
    writer.transport.abort()
    assert await reader.read() == b""
    go_on.set()
    async with asyncio.timeout(5):
        await done.wait()


async def test_a_slow_service_does_not_hold_up_another(mall: Gate) -> None:
    go_on = asyncio.Event()

    async def answering(request: web.Request) -> web.StreamResponse:
        if request.path == "/api/v1/cart":
            await go_on.wait()
        return web.Response(text="{}")

    mall.echo.answering = answering
    slow = [asyncio.create_task(mall.ask("GET", "/api/v1/cart", headers=mall.issuer.bearer())) for _ in range(50)]
    assert (await mall.ask("GET", PRODUCTS)).status == 200
    assert not any(task.done() for task in slow)
    go_on.set()
    assert {told.status for told in await asyncio.gather(*slow)} == {200}
