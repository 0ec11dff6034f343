"""schemathesis against the whole mall: what the merged OpenAPI promises is what is answered, for right requests and for wrong ones."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mall.running import ROOT, Mall
from tests.journeys.world import World

SETTINGS = Path(__file__).with_name("schemathesis.toml")
CHECKS = {
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "positive_data_acceptance", "missing_required_header",
    "unsupported_method", "allow_header_conformance", "use_after_free", "ensure_resource_availability", "ignored_auth",
    "object_level_authorization",
}  # fmt: skip
"""All that schemathesis 4.32 has, but for the one that measures time."""
PHASES = {"examples", "coverage", "fuzzing", "stateful"}
FIRST_SERVER_ERROR = 500
AWAY = {502, 503, 504}


@dataclass(frozen=True)
class Run:
    """What came of the run: `answers` counts (operation, meant, status), `checks` those that were made."""

    code: int
    output: str
    report: dict[str, Any]
    answers: Counter[tuple[str, str, int]]
    checks: Counter[str]


@pytest.fixture(scope="module")
def document(mall: Mall) -> dict[str, Any]:
    with urllib.request.urlopen(f"{mall.gateway}/openapi.json") as answer:  # noqa: S310 - our own http URL
        return dict(json.load(answer))


@pytest.fixture(scope="module")
def run(mall: Mall, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("openapi")
    counted, told, lines = folder / "counted.json", folder / "told.json", folder / "lines.ndjson"
    environ = os.environ | {"MALL_WORLD": World.of(mall).told(), "OPENAPI_REPORT": str(counted), "PYTHONPATH": str(ROOT)}
    environ["SCHEMATHESIS_HOOKS"] = "tests.journeys.openapi_all"
    program = Path(sys.executable).with_name("schemathesis")
    command: list[str | Path] = [program, "--config-file", SETTINGS, "run", f"{mall.gateway}/openapi.json", "--no-color"]
    command += ["--report", "json,ndjson", "--report-json-path", told, "--report-ndjson-path", lines]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=240, check=False)
    answers = Counter({(name, meant, status): count for name, meant, status, count in json.loads(counted.read_text())})
    checks = Counter(re.findall(r'"name":"([a-z_]+)","status":"success"', lines.read_text()))
    return Run(done.returncode, done.stdout + done.stderr, json.loads(told.read_text()), answers, checks)


@pytest.mark.requirement(11, 184, 185, 198)
def test_schemathesis_finds_nothing(run: Run) -> None:
    assert run.code == 0, run.output[-6000:]
    assert run.report["complete"]
    assert (run.report["failures"], run.report["errors"]) == ([], [])
    assert {name for name, phase in run.report["phases"].items() if phase["status"] == "success"} == PHASES
    assert run.report["test_cases"]["generated"] > 1000


def test_every_check_was_made(run: Run) -> None:
    assert set(run.checks) == CHECKS


def test_every_operation_was_answered_with_a_success_and_no_failure_of_ours(run: Run, document: dict[str, Any]) -> None:
    operations = {call["operationId"] for path in document["paths"].values() for call in path.values()}
    right = {name for name, meant, status in run.answers if meant == "positive" and 200 <= status < 300}
    assert right == operations
    assert [key for key in run.answers if key[2] >= FIRST_SERVER_ERROR] == []


def test_server_errors_are_documented_as_absence_or_as_the_two_numbered_ones(document: dict[str, Any]) -> None:
    numbers = set()
    for path in document["paths"].values():
        for call in path.values():
            for status, response in call["responses"].items():
                if int(status) >= FIRST_SERVER_ERROR and int(status) not in AWAY:
                    numbers |= {row["code"] for row in response["x-refusals"]}
    assert numbers == {5001001, 4005001, 4005004}, "the last one is never answered: it tells what the log says"


@pytest.mark.requirement(118)
def test_every_number_is_explained(document: dict[str, Any]) -> None:
    rows = [
        row
        for path in document["paths"].values()
        for call in path.values()
        for response in call["responses"].values()
        for row in response.get("x-refusals", ())
        if row["code"]
    ]
    assert {row["code"] for row in rows} >= {4001001, 4001002, 4001003, 4001004, 4001005, 4004001, 4005001, 4005002, 5001001}
    assert [row for row in rows if not (row["title"] and row["remedy"] and row["type"].startswith("/problems/"))] == []
