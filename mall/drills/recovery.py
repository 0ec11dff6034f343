"""The rest after the harm: whether everything that was begun has come to an end, and how long that took."""

import asyncio
import time

from mall.drills.stage import TROUBLE, DrillFailed, Stage


async def at_rest(stage: Stage, shopping: "asyncio.Task[None]", within: float) -> None:
    """Until everybody has gone home and nothing is held, paying or pending. Raises DrillFailed, or what ended the shopping."""
    ends = time.monotonic() + within
    while True:
        left = await _left(stage) if shopping.done() else ["shoppers still ask for their answers"]
        if not left:
            shopping.result()
            return
        if time.monotonic() > ends:
            raise DrillFailed(f"not at rest {within:.0f} s after the harm: {'; '.join(left[:5])}")
        await asyncio.sleep(0.2)


async def _left(stage: Stage) -> list[str]:
    found = []
    try:
        for product_id in stage.stock:
            now = await stage.operator("GET", f"/api/v1/products/{product_id}/stock")
            if now["reserved"]:
                found.append(f"{now['reserved']} pieces of {product_id} are reserved")
    except TROUBLE as trouble:
        found.append(f"the mall cannot be asked: {type(trouble).__name__}")
    return found


async def audit(stage: Stage) -> tuple[str, list[str]]:
    return "none yet", []
