"""What the gateway answers itself: health of the whole mall, metrics, interface, and what each problem type means."""

import asyncio
import time
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web

from gateway.app import build_app
from gateway.health import KEPT_SECONDS
from gateway.pages import is_here
from mallkit.listening import Runner
from tests.gateway.neighbourhood import Gate, Scripted, gate, listening, settings, until

PARTS = {"gateway", "auth", "user", "product", "cart", "checkout", "order", "payment"}


@pytest.mark.requirement(53)
async def test_health_is_200_when_all_parts_are_ready(mall: Gate) -> None:
    told = await mall.ask("GET", "/health")
    assert (told.status, msgspec.json.decode(told.body)) == (
        200,
        {"status": "ok", "service": "gateway", "parts": dict.fromkeys(PARTS, "ok")},
    )


@pytest.mark.requirement(53)
async def test_health_names_what_is_not_ready() -> None:
    refusing = Scripted([b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"])
    async with refusing.listening() as url, listening(Stuck().app()) as silent:
        away = {"order": url, "cart": "http://127.0.0.1:1", "user": "", "bank": silent}
        async with gate(away) as mall:
            told = await mall.ask("GET", "/health")
            assert (told.status, told.kind, told.headers["Retry-After"]) == (503, "unavailable", "1")
            wrong = {"order": "not ready", "cart": "away", "user": "no address is set", "bank": "no answer"}
            assert told.problem["parts"] == dict.fromkeys(PARTS, "ok") | wrong
            assert set(str(told.problem["detail"]).partition(": ")[2].split(", ")) == set(wrong)
            assert (await mall.ask("GET", "/ready")).status == 200


class Stuck:
    """A part that takes requests and never answers."""

    async def wait(self, _: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/ready", self.wait)
        return app


async def test_one_ready_copy_is_enough(mall: Gate) -> None:
    async with listening(mall.echo.app()) as well, gate({"cart": f"http://127.0.0.1:1,{well}"}) as two:
        assert (await two.ask("GET", "/health")).status == 200


async def test_health_cannot_be_used_to_hammer_the_parts() -> None:
    asked = 0

    async def ready(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.json_response({})

    part = web.Application()
    part.router.add_get("/ready", ready)
    async with listening(part) as url, gate({"cart": url}) as mall:
        started = time.monotonic()
        told = await asyncio.gather(*(mall.ask("GET", "/health") for _ in range(100)))
        told += [await mall.ask("GET", "/health") for _ in range(50)]
        assert {one.status for one in told} == {200}
        assert asked <= 1 + (time.monotonic() - started) / KEPT_SECONDS


async def test_health_notices_who_goes_and_who_comes_back(mall: Gate, unused_tcp_port: int) -> None:
    async with gate({"cart": f"http://127.0.0.1:{unused_tcp_port}"}) as other:

        async def answers(status: int) -> bool:
            return (await other.ask("GET", "/health")).status == status

        for _ in range(2):
            await until(lambda: answers(503), "the part is missed")
            async with listening(mall.echo.app(), unused_tcp_port):
                await until(lambda: answers(200), "the part is seen")


async def test_metrics_name_routes_and_never_paths(mall: Gate) -> None:
    await mall.ask("GET", "/api/v1/products/secret-id?q=secret-query")
    await mall.ask("GET", "/secret-path")
    await mall.ask("PUT", "/api/v1/products/secret-id")
    await mall.ask("GET", "/api/v1/cart")
    told = (await mall.ask("GET", "/metrics")).body.decode()
    for method, route, status in (
        ("GET", "/api/v1/products/{product_id}", 200),
        ("GET", "*", 404),
        ("PUT", "/api/v1/products/{product_id}", 405),
        ("GET", "/api/v1/cart", 401),
    ):
        labels = f'http_request_method="{method}",http_response_status_code="{status}",http_route="{route}"'
        assert f"http_server_request_duration_seconds_count{{{labels}}} 1.0" in told
    assert "secret" not in told


async def test_metrics_are_not_for_whoever_is_not_on_this_machine(mall: Gate, tmp_path: Path) -> None:
    """Over a socket without addresses: who asks there could be anybody."""
    runner = Runner(build_app(settings(neighbours={"auth": mall.url})), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.UnixSite(runner, tmp_path / "gateway").start()
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(tmp_path / "gateway"))) as client:
            async with client.get("http://gateway/metrics") as response:
                assert (response.status, response.content_type) == (404, "application/problem+json")
            async with client.get("http://gateway/live") as response:
                assert response.status == 200
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_here(address: str) -> None:
    assert is_here(address)


@pytest.mark.parametrize("address", ["10.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0", "", "nonsense", None])
def test_nobody_else_is(address: str | None) -> None:
    assert not is_here(address)


async def test_the_interface_shows_all_services_and_nothing_internal(mall: Gate) -> None:
    told = await mall.ask("GET", "/openapi.json")
    document = msgspec.json.decode(told.body)
    assert document["servers"][0]["url"] == "/"
    assert {"/api/v1/cart", "/api/v1/auth/login", "/payment/charge"} <= document["paths"].keys()
    assert b"/internal/" not in told.body
    assert b"x-internal" not in told.body


async def test_the_page_of_the_interface_needs_no_other_host(mall: Gate) -> None:
    told = await mall.ask("GET", "/docs")
    assert told.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"/openapi.json" in told.body
    assert b"https://" not in told.body


async def test_every_problem_type_is_a_live_link(mall: Gate) -> None:
    document = msgspec.json.decode((await mall.ask("GET", "/openapi.json")).body)
    types = {
        row["type"]
        for item in document["paths"].values()
        for operation in item.values()
        for response in operation["responses"].values()
        for row in response.get("x-refusals", [])
    }
    types |= {row["type"] for response in document["components"]["responses"].values() for row in response["x-refusals"]}
    types.add(str((await mall.ask("GET", "/nowhere")).problem["type"]))
    types |= {"/problems/internal", "/problems/request-timeout", "/problems/store-unavailable"}
    assert len(types) > 30
    for path in types:
        told = msgspec.json.decode((await mall.ask("GET", path)).body)
        assert told["type"] == path
        assert told["status"] >= 400
        assert told["title"]
        assert told["meaning"]


async def test_a_browser_gets_a_page_and_everybody_else_json(mall: Gate) -> None:
    path = "/problems/payment/card-invalid"
    page = await mall.ask("GET", path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"4004001" in page.body
    assert page.headers["Vary"] == "Accept"
    told = msgspec.json.decode((await mall.ask("GET", path)).body)
    assert (told["code"], told["status"], told["title"]) == (4004001, 422, "The card is not valid")


async def test_an_unknown_problem_type_is_not_found(mall: Gate) -> None:
    for path in ("/problems/", "/problems", "/problems/none", "/problems/payment", "/problems/payment/card-invalid/more"):
        assert (await mall.ask("GET", path)).status == 404


@pytest.mark.parametrize("path", ["/live", "/ready", "/health", "/metrics", "/openapi.json", "/docs", "/problems/not-found"])
async def test_own_pages_answer_head(mall: Gate, path: str) -> None:
    told = await mall.ask("HEAD", path)
    assert (told.status, told.body) == (200, b"")
