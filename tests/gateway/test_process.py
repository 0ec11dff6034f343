"""The gateway as a process of its own: what it refuses to start with, and how it stops."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.gateway.neighbourhood import CLIENT_SECRET, HOST, Echo, Issuer, listening, until

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def process(**variables: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m gateway` with these variables; killed if it is still there at the end."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "MALL_ENV": "test"} | variables
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(sys.executable, "-m", "gateway", cwd=ROOT, env=environ, stdout=pipe, stderr=pipe)
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


def variables(port: int, auth: str, services: str) -> Mapping[str, str]:
    names = ("USER", "PRODUCT", "CART", "CHECKOUT", "ORDER", "PAYMENT")
    secrets = {"MALL_GATEWAY_CLIENT_SECRET": CLIENT_SECRET, "MALL_FINGERPRINT_KEY": "f" * 32}
    return {"MALL_GATEWAY_PORT": str(port), "MALL_AUTH_URL": auth, **secrets, **{f"MALL_{name}_URL": services for name in names}}


async def test_it_does_not_start_with_a_setting_that_is_none() -> None:
    given = variables(0, "http://127.0.0.1:1", "http://127.0.0.1:1")
    async with process(**given, MALL_GATEWAY_ANSWER_SECOND="3") as running:
        _, told = await running.communicate()
        assert running.returncode == 2
        assert b"MALL_GATEWAY_ANSWER_SECOND in the environment is no setting; did you mean MALL_GATEWAY_ANSWER_SECONDS?" in told


@pytest.mark.parametrize("ends", [signal.SIGTERM, signal.SIGINT])
async def test_what_is_running_when_it_is_stopped_is_still_answered(unused_tcp_port: int, ends: signal.Signals) -> None:
    issuer, echo, go_on = Issuer(), Echo(), asyncio.Event()

    async def answering(_: web.Request) -> web.StreamResponse:
        await go_on.wait()
        return web.json_response({"paid": True})

    echo.answering = answering
    url = f"http://{HOST}:{unused_tcp_port}"
    async with AsyncExitStack() as stack:
        auth, services = [await stack.enter_async_context(listening(app)) for app in (issuer.app(echo.handle), echo.app())]
        client = await stack.enter_async_context(aiohttp.ClientSession())
        running = await stack.enter_async_context(process(**variables(unused_tcp_port, auth, services)))

        async def answers(path: str, status: int) -> bool:
            try:
                async with client.get(url + path) as response:
                    return response.status == status
            except aiohttp.ClientError:
                return status == 0

        async def arrived() -> bool:
            return bool(echo.got)

        await until(lambda: answers("/ready", 200), "the gateway is ready")
        purchase = asyncio.create_task(client.post(f"{url}/checkout", headers=issuer.bearer(), json={}))
        await until(arrived, "the purchase has reached the service")
        running.send_signal(ends)
        await until(lambda: answers("/live", 0), "nobody new is let in")
        assert not purchase.done()
        go_on.set()
        async with await purchase as response:
            assert (response.status, await response.json()) == (200, {"paid": True})
        async with asyncio.timeout(5):
            assert await running.wait() == 0
