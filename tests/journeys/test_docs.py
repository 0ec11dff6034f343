"""Every `curl` and every JSON example of the documents, as it is printed there. The README's journey: test_readme.py."""

import importlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from mall.redis import find
from mall.running import ROOT, Mall
from mallkit.problem import Problem
from tests.architecture.examples import IS, SENT, Example, documents_of_json, scripts
from tests.journeys.world import World

PRELUDE = """set -euo pipefail
curl() { command curl --fail-with-body "$@"; }
field() { python3 -c "import json, sys; print(json.load(sys.stdin)$1)"; }
"""
"""A refused request ends the script, unlike in a shell that people type into."""
named = pytest.mark.parametrize("document", scripts(), ids=lambda path: str(path.relative_to(ROOT)))
PLACE = re.compile(r"\{(\w+)\}")


@pytest.fixture(scope="module")
def world(mall: Mall) -> World:
    return World.of(mall)


def given(mall: Mall, world: World) -> dict[str, str]:
    """What the documents take as known, beside `field`: docs/api/conventions.md says so."""
    server = find(os.environ["PATH"])
    assert server is not None
    return {
        "PATH": f"{server.parent}:{os.environ['PATH']}",  # where redis-cli is too
        "DATA": str(mall.folder),
        "REDIS_PORT": str(mall.ports["redis"]),
        "REDISCLI_AUTH": world.redis_password,
        "ORDER_SERVICE": world.urls["order"],
        "MALL": world.urls["gateway"],
        "JSON": "Content-Type: application/json",
        "BEARER": f"Authorization: Bearer {world.shopper.token}",
        "OPERATOR": f"Authorization: Bearer {world.operator}",
        "ADMIN": f"Authorization: Bearer {world.admin}",
        "USER": world.shopper.user_id,
        "PRODUCT": world.product,
        "ORDER": world.bought()["order_id"],
        "FAILURE_ID": world.failure_id,
    }


@pytest.mark.requirement(146, 198)
@named
def test_the_requests_of_a_document_are_answered(mall: Mall, world: World, document: Path) -> None:
    bash = shutil.which("bash")
    assert bash
    words = [bash, "-c", PRELUDE + scripts()[document]]
    ended = subprocess.run(words, env=os.environ | given(mall, world), capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]


@pytest.mark.parametrize("example", documents_of_json(), ids=lambda example: f"{example.document.name}: {example.note}")
def test_a_document_in_json_is_what_it_is_said_to_be(world: World, example: Example) -> None:
    if told := IS.fullmatch(example.note):
        kind = getattr(importlib.import_module(told["module"]), told["name"])
        if kind is Problem:
            Problem.of(example.body.encode())
        else:
            msgspec.json.decode(example.body, type=kind, strict=True)
        return
    sent = SENT.fullmatch(example.note)
    assert sent, f"{example.document.name}: say what this JSON is, see tests/architecture/examples.py"
    token = {"shopper": world.shopper.token, "operator": world.operator, "nobody": ""}[sent["who"]]
    path = PLACE.sub(lambda place: str(getattr(world, place[1])), sent["path"])
    heard = world.send("gateway", sent["method"], path, json.loads(example.body), token=token, headers={"Idempotency-Key": world.unique()})
    assert heard.status == int(sent["status"]), heard.body
