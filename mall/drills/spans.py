"""An OTLP collector: keeps whatever the parts send of spans in a file, so that it can be searched."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web


@asynccontextmanager
async def collecting(kept: Path) -> AsyncIterator[str]:
    """The endpoint for MALL_OTLP_ENDPOINT, while the context lasts; spans are appended to the file `kept`."""

    async def take(request: web.Request) -> web.Response:
        try:
            body = await request.read()
        except ConnectionError:  # its sender was killed
            return web.Response()
        with kept.open("ab") as file:
            file.write(gzip.decompress(body) if request.headers.get("Content-Encoding") == "gzip" else body)
        return web.Response()

    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
