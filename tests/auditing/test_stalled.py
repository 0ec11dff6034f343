"""A service that stops telling in the middle is not waited for; one that is slow, and goes on, is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mall.auditing.asking import NotAsked, Readers
from mallkit.http1 import Client

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BEGAN = b'{"row":"began","service":"product","at":1.0}\n'
COUNTER = b'{"row":"counter","id":"%d","revision":1,"available":1,"reserved":0}\n'
ENDED = b'{"row":"ended","rows":%d,"on_bus":true}\n'
STALLED = 0.5


def chunk(line: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(line), line)


@asynccontextmanager
async def telling(lines: list[bytes], pause: float) -> AsyncIterator[str]:
    """A service that tells these lines, with a pause after each, and then says nothing more. Its URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        for line in lines:
            writer.write(chunk(line))
            await asyncio.sleep(pause)
        if lines[-1].startswith(b'{"row":"ended"'):
            writer.write(chunk(b""))
        await reader.read()  # until the other side goes
        writer.close()
        await writer.wait_closed()
        gone.set()

    gone = asyncio.Event()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await gone.wait()


async def bearer() -> str:
    return "Bearer of-nobody"


async def test_who_stops_in_the_middle_is_given_up() -> None:
    client = Client()
    async with telling([BEGAN, COUNTER % 1], 0.0) as url, asyncio.timeout(20):
        with pytest.raises(NotAsked, match="product stopped telling after 2 rows"):
            await Readers(client, bearer, STALLED).read("product", url)
        client.close()


async def test_who_is_slow_and_goes_on_is_waited_for() -> None:
    client, rows = Client(), 8
    lines = [BEGAN, *(COUNTER % number for number in range(rows)), ENDED % rows]
    async with telling(lines, STALLED / 5) as url, asyncio.timeout(20):
        books = await Readers(client, bearer, STALLED).read("product", url)
        client.close()
    assert len(books.counters) == rows
