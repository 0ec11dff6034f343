"""The doors for drills: only where a drill may be, only for who has its key, and only to points that there are."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from mallkit import steps
from mallkit.settings import Common
from mallkit.steps import Call
from tests.mallkit.toy import Toy, toy

KEY = "the-key-of-this-drill"
PATH = "/internal/steps"
RIGHT = {"X-Drill-Key": KEY}
Call("drill.tested")


@pytest.fixture(autouse=True)
def _no_harm_is_left() -> Iterator[None]:
    yield
    steps.disarm()


@pytest.fixture
async def drilled(tmp_path: Path) -> AsyncIterator[Toy]:
    async with toy(tmp_path, drill_key=KEY) as opened:
        yield opened


async def test_points_are_listed_armed_and_disarmed(drilled: Toy) -> None:
    status, told, headers = await drilled.call("GET", PATH, headers=RIGHT)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert {"drill.tested:before", "drill.tested:after", "desk.filed:before-commit"} <= set(told["points"])
    assert (told["armed"], told["late"]) == ({}, {})
    status, told, _ = await drilled.call("PUT", PATH, json={"point": "drill.tested:after", "passes": 3}, headers=RIGHT)
    assert (status, told["armed"], steps.armed) == (200, {"drill.tested:after": 3}, {"drill.tested:after": 3})
    await drilled.call("PUT", PATH, json={"point": "drill.tested:before"}, headers=RIGHT)
    assert (await drilled.call("GET", PATH, headers=RIGHT))[1]["armed"] == {"drill.tested:after": 3, "drill.tested:before": 1}
    status, told, _ = await drilled.call("DELETE", PATH, headers=RIGHT)
    assert (status, told["armed"], steps.armed) == (200, {}, {})


@pytest.mark.parametrize(
    "headers", [{}, {"X-Drill-Key": ""}, {"X-Drill-Key": KEY[:-1]}, {"X-Drill-Key": f"{KEY}x"}, {"X-Drill-Key": "schlüssel"}]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_without_the_key_nothing_is_told_and_nothing_done(drilled: Toy, method: str, headers: dict[str, str]) -> None:
    steps.arm("drill.tested:after")
    sent: dict[str, Any] = {"json": {"point": "drill.tested:before"}} if method == "PUT" else {}
    status, told, _ = await drilled.call(method, PATH, headers=headers, **sent)
    assert (status, told["type"]) == (401, "/problems/auth/token-invalid")
    assert "points" not in told
    assert steps.armed == {"drill.tested:after": 1}


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b'{"point": "drill.tested:late"}', 404, "not-found"),
        (b'{"point": ""}', 404, "not-found"),
        (b"{}", 400, "bad-request"),
        (b"", 400, "bad-request"),
        (b"{not json", 400, "bad-request"),
        (b"[]", 400, "bad-request"),
        (b'{"point": 5}', 400, "bad-request"),
        (b'{"point": "drill.tested:after", "passes": 0}', 400, "bad-request"),
        (b'{"point": "drill.tested:after", "passes": -1}', 400, "bad-request"),
        (b'{"point": "drill.tested:after", "passes": 1.5}', 400, "bad-request"),
        (b'{"point": "drill.tested:after", "passes": true}', 400, "bad-request"),
        (b'{"point": "drill.tested:after", "harm": "much"}', 400, "bad-request"),
        (b'{"point": "drill.tested:after"' + b" " * 2000 + b"}", 413, "too-large"),
    ],
)
async def test_what_cannot_be_armed_is_refused(drilled: Toy, body: bytes, status: int, kind: str) -> None:
    told = await drilled.call("PUT", PATH, data=body, headers=RIGHT)
    assert (told[0], told[1]["type"]) == (status, f"/problems/{kind}")
    assert steps.armed == {}


async def test_without_a_drill_there_is_no_door(tmp_path: Path) -> None:
    async with toy(tmp_path) as plain:
        for method in ("GET", "PUT", "DELETE"):
            assert (await plain.call(method, PATH, headers=RIGHT))[0] == 404


async def test_the_doors_are_in_no_document(drilled: Toy) -> None:
    assert PATH not in (await drilled.call("GET", "/openapi.json"))[1]["paths"]


def test_online_no_key_opens_anything() -> None:
    with pytest.raises(ValueError, match="there are no drills in online"):
        Common(env="online", port=0, drill_key=KEY, client_secret="c" * 32, fingerprint_key="f" * 32)
