"""A process that is to die at a named point: `python -m tests.mallkit.ledger_child VERB FOLDER POINT`."""

import asyncio
import sys
from pathlib import Path

from mallkit import steps
from mallkit.errors import Unavailable
from mallkit.intake import TAKEN
from tests.mallkit.ledger import Ledger, add_up, ledger, sold


async def take(books: Ledger) -> None:
    """As the intake does."""
    with TAKEN.writing():
        await books.inbox.take(books.inbox.read(sold()), add_up)


async def desk(books: Ledger) -> None:
    """A failure is filed, fails again, and succeeds; an old one is purged."""
    books.ports.trouble["b1"] = [Unavailable()]
    failure_id = await books.file(sold())
    await books.desk.retry(failure_id)
    await books.desk.retry(failure_id)
    books.clock.now += 30 * 24 * 3600
    await books.desk.purge()


VERBS = {verb.__name__: verb for verb in (take, desk)}


async def main() -> None:
    verb, folder, point = sys.argv[1:]
    async with ledger(Path(folder)) as books:
        steps.arm(point)
        await VERBS[verb](books)


if __name__ == "__main__":
    asyncio.run(main())
