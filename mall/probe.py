"""Asks a part whether it is ready. By hand, since a client's import would cost more than all the asking."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

SECONDS = 2.0
"""How long one question may take."""
SHOWN = 300
READY = 200

Ready = Callable[[], Awaitable[str]]
"""Empty if the part is ready, else the reason why it is not."""


def service(url: str) -> Ready:
    """Of a part that answers /ready."""
    return lambda: _answer(_service(url))


def redis(host: str, port: int, password: str) -> Ready:
    """Of a Redis: it lets us in, and has read its file."""
    return lambda: _answer(_redis(host, port, password))


async def _answer(asking: Awaitable[str]) -> str:
    try:
        async with asyncio.timeout(SECONDS):
            return await asking
    except TimeoutError:
        return f"no answer within {SECONDS:.0f} s"
    except OSError as failure:
        return failure.strerror or str(failure)
    except (ValueError, IndexError):
        return "the answer is no HTTP"


async def _service(url: str) -> str:
    address = urlsplit(url)
    async with _line(str(address.hostname), address.port or 0) as (reader, writer):
        writer.write(f"GET /ready HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read()).decode(errors="replace").partition("\r\n\r\n")
    status = int(head.split(maxsplit=2)[1])
    return "" if status == READY else f"/ready answers {status}: {body.strip()[:SHOWN]}"


async def _redis(host: str, port: int, password: str) -> str:
    async with _line(host, port) as (reader, writer):
        for command in (("AUTH", password), ("PING",)):
            words = "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in command)
            writer.write(f"*{len(command)}\r\n{words}".encode())
            told = (await reader.readline()).decode(errors="replace").strip()
            if not told.startswith("+"):
                return f"{command[0]} is answered with {told[:SHOWN] or 'nothing'}"
    return ""


@asynccontextmanager
async def _line(host: str, port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield reader, writer
    finally:
        writer.close()
