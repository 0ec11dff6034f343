"""Bad requests at the gateway: always a problem document with the declared status, never a 500, and nothing reaches a service."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from aiohttp import web

from tests.gateway.neighbourhood import HOST, Gate, gate, until

LOGIN = "/api/v1/auth/login"
MOST = 1_048_576


async def test_an_unknown_path_is_not_found(mall: Gate) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        told = await mall.ask(method, "/api/v2/products")
        assert (told.status, told.kind, told.problem["service"]) == (404, "not-found", "gateway")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/api/v1/cart", "DELETE, GET"),
        ("OPTIONS", "/api/v1/products/p1", "DELETE, GET, PATCH"),
        ("DELETE", "/api/v1/checkout/quote", "POST"),
        ("GET", "/api/v1/checkout/quote", "POST"),
        ("GET", "/checkout", "POST"),
        ("TRACE", "/api/v1/products", "GET, POST"),
        ("POST", "/health", "GET, HEAD"),
    ],
)
async def test_the_wrong_method_is_told_the_right_ones(mall: Gate, method: str, path: str, allow: str) -> None:
    told = await mall.ask(method, path, headers=mall.issuer.bearer("admin"))
    assert (told.status, told.kind, told.headers["Allow"]) == (405, "method-not-allowed", allow)
    assert mall.echo.got == []


async def test_targets_that_are_no_paths_are_not_found(mall: Gate) -> None:
    for start in (b"OPTIONS * HTTP/1.1", b"GET http://other.example/nowhere HTTP/1.1", b"CONNECT other.example:443 HTTP/1.1"):
        answer = await mall.raw(start + b"\r\nHost: m\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 404 "), answer
        assert b"application/problem+json" in answer
    assert mall.echo.got == []


async def test_a_whole_url_is_a_path_too(mall: Gate) -> None:
    answer = await mall.raw(b"GET HTTP://shop.example/api/v1/products?q=a HTTP/1.1\r\nHost: m\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert mall.echo.last.target == "/api/v1/products?q=a"


async def test_head_is_refused_without_a_body(mall: Gate) -> None:
    told = await mall.ask("HEAD", "/api/v1/products")
    assert (told.status, told.body, told.headers["Content-Type"]) == (405, b"", "application/problem+json")


# Of these the service would be asked, each as one segment, by a gateway that compared decoded paths.
HIDDEN = ["/api/v1/products/..%2f..%2finternal", "/api/v1/products/..%2F", "/api/v1/products/a%2fb", "/api/v1/products/a%5Cb"]
HIDDEN += ["/api/v1/products/..", "/api/v1/products/.", "/api/v1/products/%2e%2e", "/api/v1/products/%2E", "/api/v1/products/.%2e"]
HIDDEN += [
    "/api/v1/products/%00",
    "/api/v1/products/a%00",
    "/api/v1/products/%0d%0aX-Own:%201",
    "/api/v1/products/%ff",
    "/api/v1/products/%7f",
]
HIDDEN += ["/api/v1/products/..?q=1", "/api/v1/products/../stock", "/api/v1/products/%2e%2e/stock"]
STRANGE = ["//api/v1/products", "/api//v1/products", "/api/v1/products/", "/api/v1/products/p1/", "/api/v1/products//stock"]
STRANGE += [
    "/api/v1/../v1/products",
    "/./api/v1/products",
    "/api/v1/%70roducts",
    "/api/v1/Products",
    "/api/v1/products;a=b",
    "/api%2fv1/products",
]
STRANGE += [
    "/internal/../api/v1/products",
    "/api/v1/products/../../../internal/revocations",
    "/%69nternal/revocations",
    "//internal/revocations",
]
STRANGE += [
    "/internal/revocations",
    "/internal",
    "/internal/",
    "/api/v1/products/p1/%2e%2e/%2e%2e/internal",
    "/.",
    "/..",
    "/%2e%2e/etc/passwd",
]


@pytest.mark.parametrize("path", HIDDEN + STRANGE)
async def test_a_path_is_never_read_as_another(mall: Gate, path: str) -> None:
    told = await mall.ask("GET", path, headers=mall.issuer.bearer("admin"))
    assert (told.status, told.kind) == (404, "not-found")
    assert mall.echo.got == []


async def test_where_no_404_is_declared_a_path_that_cannot_be_is_invalid(mall: Gate) -> None:
    told = await mall.ask("PUT", "/api/v1/cart/items/a%2fb", headers=mall.issuer.bearer(), json={"quantity": 1})
    assert told.status in {400, 404}
    told = await mall.ask("PUT", "/api/v1/catalogue/imports/..%2f..%2f/parts/1", headers=mall.issuer.bearer("operator"), json={})
    assert (told.status, told.kind) == (400, "bad-request")
    assert mall.echo.got == []


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/products/a;b=c",
        "/api/v1/products/p1%20x?q=%E8%8C%B6&x=a/b/../c&&=",
        "/api/v1/products/%E8%8C%B6",
        "/api/v1/products/~a_b.c-d",
        "/api/v1/products/a..b",
    ],
)
async def test_what_is_only_unusual_is_passed_on_letter_by_letter(mall: Gate, target: str) -> None:
    assert (await mall.ask("GET", target)).status == 200
    assert mall.echo.last.target == target


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/products?q=\xff",
        "/api/v1/products/\xe8\x8c\xb6",
        "/api/v1/products#x",
        "/api/v1/products/p1#x",
        "/api/v1/products?q=a#x",
        "/\x01",
    ],
)
async def test_bytes_that_no_path_may_hold_are_refused(mall: Gate, target: str) -> None:
    answer = await mall.raw(f"GET {target} HTTP/1.1\r\nHost: m\r\n\r\n".encode("latin-1"))
    assert answer.split(b"\r\n")[0].split()[1] in {b"400", b"404"}
    assert b"application/problem+json" in answer
    assert mall.echo.got == []


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: m\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: m\r\nX-Own: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(300)) + b"\r\n",
        b"BREW / HTTP/1.1\r\nHost: m\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: m\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: m\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : m\r\n\r\n",
    ],
    ids=["long path", "long header", "many headers", "unknown method", "no HTTP", "two lengths", "length x", "space before colon"],
)
async def test_what_is_no_http_gets_a_problem_too(mall: Gate, head: bytes) -> None:
    answer = await mall.raw(head)
    assert answer.split()[1] == b"400", answer
    assert b"application/problem+json" in answer


async def test_a_body_of_two_megabytes_is_refused_cleanly(mall: Gate) -> None:
    for sent in (BytesIO(b"x" * 2_000_000), chunks(b"x" * 10_000, 200)):
        told = await mall.ask("POST", LOGIN, data=sent, headers={"Content-Type": "application/json"})
        assert (told.status, told.kind) == (413, "too-large")
    assert mall.echo.got == []


async def test_a_refused_body_does_not_break_the_connection(mall: Gate) -> None:
    big = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: m\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2_000_000
    answer = await mall.raw(big, b"GET /live HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n", until_closed=True)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"HTTP/1.1 200 OK" in answer


@pytest.mark.parametrize("size", [0, 1, MOST])
async def test_a_body_arrives_as_it_was_sent(mall: Gate, size: int) -> None:
    body = bytes(n % 251 for n in range(size))
    assert (await mall.ask("POST", LOGIN, data=body)).status == 200
    assert mall.echo.last.body == body
    assert (await mall.ask("POST", LOGIN, data=chunks(body, 1))).status == 200
    assert mall.echo.last.body == body
    assert mall.echo.last.headers["Content-Length"] == str(size)


async def test_one_byte_more_is_too_much(mall: Gate) -> None:
    assert (await mall.ask("POST", LOGIN, data=BytesIO(b"x" * (MOST + 1)))).status == 413
    assert (await mall.ask("POST", LOGIN, data=chunks(b"x" * (MOST + 1), 1))).status == 413


@pytest.mark.parametrize("coding", ["gzip", "deflate", "something"])
async def test_a_compressed_body_is_not_taken(mall: Gate, coding: str) -> None:
    told = await mall.ask("POST", LOGIN, data=b"\x1f\x8b\x08\x00", headers={"Content-Encoding": coding, "Content-Type": "application/json"})
    assert (told.status, told.kind) == (415, "unsupported-media-type")
    assert mall.echo.got == []


async def test_chunks_that_are_none_are_the_clients_fault(mall: Gate) -> None:
    head = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = await mall.raw(head, b"2\r\n{}\r\nzz\r\n")
    assert answer.split()[1] == b"400"
    assert b"application/problem+json" in answer
    assert mall.echo.got == []


async def test_chunks_that_go_wrong_while_they_are_read_are_the_clients_fault_too() -> None:
    head = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    async with gate(body_seconds=0.2) as mall:  # aiohttp tells a reader nothing of it: only time ends the wait
        reader, writer = await asyncio.open_connection(HOST, mall.port)
        writer.write(head)
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"2\r\n{}\r\nzz\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).split()[1] in {b"400", b"408"}
        writer.close()
        assert mall.echo.got == []


async def test_a_client_that_goes_away_in_the_middle_of_its_body_is_no_fault_of_ours(mall: Gate) -> None:
    _, writer = await asyncio.open_connection(HOST, mall.port)
    writer.write(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: m\r\nContent-Length: 9\r\n\r\n{")
    await writer.drain()
    writer.close()

    async def counted() -> bool:
        return b'http_response_status_code="400",http_route="/api/v1/auth/login"' in (await mall.ask("GET", "/metrics")).body

    await until(counted, "the request is counted as a client's fault")
    assert mall.echo.got == []


async def test_a_body_that_is_announced_too_large_is_not_waited_for(mall: Gate) -> None:
    answer = await mall.raw(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: m\r\nContent-Length: 99999999\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_body_that_never_ends_is_given_up() -> None:
    async with gate(body_seconds=0.1) as mall:
        answer = await mall.raw(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: m\r\nContent-Length: 9\r\n\r\n{")
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"/problems/request-timeout" in answer
        assert mall.echo.got == []


async def test_more_than_the_gateway_can_serve_at_once_is_told_to_wait() -> None:
    async with gate(max_in_flight=0) as mall:
        told = await mall.ask("GET", "/api/v1/products")
        assert (told.status, told.kind, told.headers["Retry-After"]) == (503, "unavailable", "1")


async def test_a_served_request_makes_room_for_the_next() -> None:
    async with gate(max_in_flight=1) as mall:
        for path in ("/api/v1/products", "/api/v1/cart", "/api/v1/products", "/api/v1/products"):
            assert (await mall.ask("GET", path)).status in {200, 401}
        go_on = asyncio.Event()

        async def answering(_: web.Request) -> web.StreamResponse:
            await go_on.wait()
            return web.Response(text="{}")

        mall.echo.answering = answering
        first = asyncio.create_task(mall.ask("GET", "/api/v1/products"))

        async def arrived() -> bool:
            return len(mall.echo.got) > 3

        await until(arrived, "the first request is being served")
        assert (await mall.ask("GET", "/api/v1/products")).status == 503
        assert (await mall.ask("GET", "/live")).status == 200
        go_on.set()
        assert (await first).status == 200


async def chunks(part: bytes, times: int) -> AsyncIterator[bytes]:
    for _ in range(times):
        yield part
