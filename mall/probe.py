"""Asks a part over HTTP whether it is ready. By hand, since an HTTP client's import would cost more than all the asking."""

import asyncio
from urllib.parse import urlsplit

SECONDS = 2.0
"""How long one question may take."""


async def ask(url: str, path: str = "/ready") -> tuple[int, str]:
    """Status and body of a GET; the status is 0 and the body a reason when there was no answer."""
    try:
        async with asyncio.timeout(SECONDS):
            head, _, body = (await _get(url, path)).partition("\r\n\r\n")
            return int(head.split(maxsplit=2)[1]), body
    except TimeoutError:
        return 0, f"no answer within {SECONDS:.0f} s"
    except OSError as failure:
        return 0, failure.strerror or str(failure)
    except (ValueError, IndexError):
        return 0, "the answer is no HTTP"


async def _get(url: str, path: str) -> str:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode())
        return (await reader.read()).decode(errors="replace")
    finally:
        writer.close()
