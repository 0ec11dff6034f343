"""A consumer as a process of its own: it takes messages, says so, and never gets to acknowledging them."""

import asyncio
import os
import sys

from mallkit.redis_bus import open_bus


async def main(group: str, consumer: str) -> None:
    async with open_bus(os.environ["BUS_URL"], os.environ["BUS_PASSWORD"]) as bus:
        for delivery in await bus.subscribe(["shop"], group, consumer).next():
            sys.stdout.buffer.write(delivery.body + b"\n")
        sys.stdout.buffer.flush()
        await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
