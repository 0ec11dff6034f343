"""What of a request's and an answer's headers passes the gateway."""

import gzip
import re

import pytest
from aiohttp import web
from multidict import CIMultiDict

from tests.gateway.neighbourhood import Gate

PRODUCTS = "/api/v1/products"
TRACE = "0af7651916cd43dd8448eb211c80319c"


async def test_what_the_client_says_end_to_end_arrives(mall: Gate) -> None:
    said = {
        "Authorization": "Bearer whatever",
        "Idempotency-Key": "k-1",
        "If-Match": '"7"',
        "If-None-Match": 'W/"6"',
        "Content-Type": "application/json; charset=utf-8",
        "Accept": "application/json;q=0.9",
        "Accept-Encoding": "br",
        "Accept-Language": "zh-CN",
        "User-Agent": "a shopper",
        "X-Own": "two  words, 中文",
    }
    await mall.ask("GET", PRODUCTS, headers=said)
    assert {name: mall.echo.last.headers.get(name) for name in said} == said


async def test_nothing_is_said_in_the_clients_name(mall: Gate) -> None:
    await mall.raw(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: mall.example\r\nContent-Length: 2\r\n\r\n{}")
    assert {name.lower() for name, _ in mall.echo.last.pairs} == {
        "host", "x-forwarded-for", "mall-deadline-ms", "traceparent", "content-length",
    }  # fmt: skip


async def test_a_header_sent_twice_arrives_twice(mall: Gate) -> None:
    await mall.ask("GET", PRODUCTS, headers=CIMultiDict([("X-Own", "a"), ("X-Own", "b")]))
    assert [value for name, value in mall.echo.last.pairs if name == "X-Own"] == ["a", "b"]


async def test_hop_by_hop_headers_end_at_the_gateway(mall: Gate) -> None:
    head = (
        b"GET /api/v1/products HTTP/1.1\r\nHost: mall.example\r\nConnection: close, X-Secret-Hop\r\nConnection: x-other\r\n"
        b"X-Secret-Hop: 1\r\nX-Other: 2\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nTrailer: X-T\r\nProxy-Authorization: Basic eA==\r\n"
        b"Proxy-Connection: keep-alive\r\nX-Kept: 3\r\n\r\n"
    )
    assert b" 200 " in (await mall.raw(head)).split(b"\r\n")[0]
    arrived = {name.lower() for name, _ in mall.echo.last.pairs}
    assert "x-kept" in arrived
    assert not arrived & {
        "connection", "keep-alive", "te", "trailer", "proxy-authorization", "proxy-connection", "x-secret-hop", "x-other",
    }  # fmt: skip


async def test_only_the_gateway_says_where_a_request_came_from_and_how_long_it_may_take(mall: Gate) -> None:
    claimed = {
        "X-Forwarded-For": "10.0.0.1, 10.0.0.2",
        "X-Real-IP": "10.0.0.1",
        "Forwarded": "for=10.0.0.1",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Mall-Deadline-Ms": "999999999",
    }
    await mall.ask("GET", PRODUCTS, headers=claimed)
    arrived = mall.echo.last.headers
    assert arrived["X-Forwarded-For"] == "127.0.0.1"
    assert arrived["Mall-Deadline-Ms"] == "20000"
    assert not {"X-Real-IP", "Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto"} & set(arrived)
    assert arrived["Host"] != "evil.example"


async def test_an_address_cannot_be_hidden_by_naming_it_in_connection(mall: Gate) -> None:
    named = {"Connection": "X-Forwarded-For, Mall-Deadline-Ms, traceparent", "X-Forwarded-For": "10.0.0.1"}
    await mall.ask("GET", PRODUCTS, headers=named)
    assert {"X-Forwarded-For", "Mall-Deadline-Ms", "traceparent"} <= set(mall.echo.last.headers)
    assert mall.echo.last.headers["X-Forwarded-For"] == "127.0.0.1"


@pytest.mark.parametrize("sent", [f"00-{TRACE}-b7ad6b7169203331-01", None, "nonsense", f"00-{TRACE}-0000000000000000-01"])
async def test_the_service_gets_a_span_below_the_gateways(mall: Gate, sent: str | None) -> None:
    await mall.ask("GET", PRODUCTS, headers={"traceparent": sent} if sent else {})
    [arrived] = [value for name, value in mall.echo.last.pairs if name.lower() == "traceparent"]
    found = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01", arrived)
    assert found
    assert (found[1] == TRACE) == (sent is not None and "b7ad" in sent)
    assert found[2] != "b7ad6b7169203331"


async def test_a_refusal_tells_the_clients_own_trace(mall: Gate) -> None:
    told = await mall.ask("GET", "/nowhere", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    assert told.problem["trace_id"] == TRACE


async def test_the_answer_passes_as_it_is_without_what_is_between_the_two(mall: Gate) -> None:
    async def answering(_: web.Request) -> web.StreamResponse:
        headers = [
            ("Content-Type", "application/json"), ("ETag", '"7"'), ("Retry-After", "3"), ("WWW-Authenticate", "Bearer"),
            ("X-Own", "a"), ("X-Own", "b"), ("Connection", "x-hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout=5"),
            ("Proxy-Authenticate", "Basic"), ("Server", "a service"), ("Date", "Sat, 21 Nov 2026 08:00:00 GMT"),
        ]  # fmt: skip
        return web.Response(status=207, headers=CIMultiDict(headers), body=b'{"a":\n 1}')

    mall.echo.answering = answering
    async with mall.client.get(mall.url + PRODUCTS) as response:
        assert (response.status, await response.read()) == (207, b'{"a":\n 1}')
        assert sorted((name.lower(), value) for name, value in response.headers.items()) == sorted([
            ("content-type", "application/json"), ("etag", '"7"'), ("retry-after", "3"), ("www-authenticate", "Bearer"),
            ("x-own", "a"), ("x-own", "b"), ("server", "a service"), ("date", "Sat, 21 Nov 2026 08:00:00 GMT"), ("content-length", "9"),
        ])  # fmt: skip


async def test_a_compressed_answer_stays_compressed(mall: Gate) -> None:
    packed = gzip.compress(b"{}")

    async def answering(_: web.Request) -> web.StreamResponse:
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    mall.echo.answering = answering
    answer = await mall.raw(b"GET /api/v1/products HTTP/1.1\r\nHost: m\r\nAccept-Encoding: gzip\r\n\r\n")
    assert answer.endswith(packed)
    assert b"content-encoding: gzip" in answer.lower()


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_content_stays_without(mall: Gate, status: int) -> None:
    async def answering(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"ETag": '"7"'})

    mall.echo.answering = answering
    told = await mall.ask("GET", PRODUCTS)
    assert (told.status, told.body, told.headers["ETag"]) == (status, b"", '"7"')
    assert "Content-Type" not in told.headers


async def test_a_redirect_is_the_clients_to_follow(mall: Gate) -> None:
    async def answering(_: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/internal"})

    mall.echo.answering = answering
    told = await mall.ask("GET", PRODUCTS)
    assert (told.status, told.headers["Location"], len(mall.echo.got)) == (302, "http://127.0.0.1:1/internal", 1)


async def test_a_cookie_of_one_client_never_reaches_another(mall: Gate) -> None:
    async def answering(_: web.Request) -> web.StreamResponse:
        response = web.Response(text="{}")
        response.set_cookie("mine", "ann")
        return response

    mall.echo.answering = answering
    assert "mine=ann" in (await mall.ask("GET", PRODUCTS)).headers["Set-Cookie"]
    await mall.raw(b"GET /api/v1/products HTTP/1.1\r\nHost: m\r\n\r\n")
    assert "Cookie" not in mall.echo.last.headers


async def test_bytes_in_a_header_arrive_as_they_are(mall: Gate) -> None:
    answer = await mall.raw(b"GET /api/v1/products HTTP/1.1\r\nHost: m\r\nX-Own: \xff\xfe \xe8\x8c\xb6\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert mall.echo.last.headers["X-Own"].encode(errors="surrogateescape") == b"\xff\xfe \xe8\x8c\xb6"


async def test_a_header_cannot_hide_a_second_request(mall: Gate) -> None:
    for ends in (b"\n", b"\r", b"\r\r\n", b"\r\n ", b"\r\n\t", b"\x00\r\n"):
        hidden = b"X-Own: a" + ends + b"Authorization: b" + ends + b"X-More: c\r\n"
        answer = await mall.raw(b"GET /api/v1/products HTTP/1.1\r\nHost: m\r\n" + hidden + b"\r\n")
        assert answer.split()[1] in {b"200", b"400"}
        if answer.split()[1] == b"200":
            assert "Authorization" not in mall.echo.last.headers, ends


async def test_expect_is_answered_here(mall: Gate) -> None:
    head = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: m\r\nContent-Length: 2\r\nExpect: %s\r\nConnection: close\r\n\r\n"
    answer = await mall.raw(head % b"100-continue", b"{}", until_closed=True)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")
    assert "Expect" not in mall.echo.last.headers
    answer = await mall.raw(head % b"a-miracle", b"{}", until_closed=True)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"/problems/auth/bad-parameters" in answer, "a request that never got there is refused in the service's words"
