"""The README's journey, as it is printed: pasted into bash it ends with a paid order, its stock gone."""

import asyncio
import json
import re
import shutil
import subprocess
import time

import pytest

from mall.running import ROOT, Mall
from tests.journeys.people import People

PATIENCE = 30.0


def printed() -> str:
    """The README's one bash block."""
    (block,) = re.findall(r"^```bash\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return str(block)


async def stock_of_teas(people: People) -> dict[str, int]:
    """What the journey may find, with its stock; waits for the demo catalogue."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        told = await people.nobody().call("GET", "/api/v1/products?q=%E9%BE%99%E4%BA%95")
        if told.json["items"]:
            return {product["product_id"]: product["stock"] for product in told.json["items"]}
        await asyncio.sleep(0.05)
    pytest.fail("the demo catalogue was not imported")


@pytest.mark.requirement(155)
async def test_the_readmes_journey_ends_with_a_paid_order(mall: Mall, people: People) -> None:
    bash = shutil.which("bash")
    assert bash
    before = await stock_of_teas(people)
    script = printed()
    assert "http://127.0.0.1:8080" in script
    words = [bash, "-euo", "pipefail", "-c", script.replace("http://127.0.0.1:8080", mall.gateway)]
    ended = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    cart, order = map(json.loads, ended.stdout.splitlines())
    assert [line["quantity"] for line in cart["items"]] == [2]
    assert (order["status"], order["total"] > cart["total"]) == ("paid", True)
    (tea,) = [line["product_id"] for line in order["items"]]
    assert (await stock_of_teas(people))[tea] == before[tea] - 2
