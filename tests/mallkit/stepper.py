"""A process that is to die at a named point: `python -m tests.mallkit.stepper FOLDER POINT PASSES`; it notes a number in each round."""

import asyncio
import sys
from pathlib import Path

from mallkit import steps
from mallkit.steps import Call, Write
from mallkit.store import Store
from tests.mallkit.books import NOTES, Note, sqlite

NOTED, CALLED = Write("stepper.noted"), Call("stepper.called")
ROUNDS = 3


async def main(folder: Path, point: str, passes: int) -> None:
    """Its own write, then a call whose effect is another one; several rounds."""
    async with sqlite(folder) as store:
        if point:
            steps.arm(point, passes)
        for number in range(1, ROUNDS + 1):
            with NOTED.writing():
                await store[NOTES].add(Note(f"own-{number}", ""))
            await CALLED.taking(_elsewhere(store, number))


async def _elsewhere(store: Store, number: int) -> None:
    await store[NOTES].add(Note(f"call-{number}", ""))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
