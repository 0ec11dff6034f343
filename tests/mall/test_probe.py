"""What the supervisor understands of a part's answer: why it is not ready is told, whatever the answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mall import probe
from mall.running import free_ports

HOST = "127.0.0.1"


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[int]:
    """The port of somebody who answers each thing said with the next of these, then hangs up."""

    async def line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.read(1024)
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(line, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((b"+OK\r\n", b"+PONG\r\n"), ""),
        ((b"+OK\r\n", b"-LOADING Redis is loading the dataset in memory\r\n"), "PING is answered with -LOADING Redis is loading"),
        ((b"-WRONGPASS invalid\r\n",), "AUTH is answered with -WRONGPASS invalid"),
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), "AUTH is answered with HTTP/1.1 400"),
        ((b"",), "AUTH is answered with nothing"),
    ],
)
async def test_redis_is_ready_when_it_lets_us_in_and_has_read_its_file(answers: tuple[bytes, ...], told: str) -> None:
    async with answering(*answers) as port:
        reason = await probe.redis(HOST, port, "pass-wörd with $pace")()
    assert reason.startswith(told)
    assert bool(reason) == bool(told)
    assert "pass-w" not in reason


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n{}", ""),
        (b'HTTP/1.1 503 No\r\n\r\n{"identity": "away"}', '/ready answers 503: {"identity": "away"}'),
        (b"+PONG\r\n", "the answer is no HTTP"),
        (b"", "the answer is no HTTP"),
    ],
)
async def test_a_service_is_ready_when_it_says_so(answer: bytes, told: str) -> None:
    async with answering(answer) as port:
        assert await probe.service(f"http://{HOST}:{port}")() == told


async def test_a_part_that_does_not_listen_is_not_ready() -> None:
    port = free_ports(1)[0]
    for ready in (probe.service(f"http://{HOST}:{port}"), probe.redis(HOST, port, "secret")):
        assert "Connect" in await ready()
