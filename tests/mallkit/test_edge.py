"""The edge: bad input is refused by name, every non-2xx is a problem, and a fault of ours tells nothing of the inside."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.mallkit.toy import Toy, toy

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Toy]:
    async with toy(tmp_path, max_body=10_000) as it:
        yield it


def _is_problem(answer: tuple[int, Any, Any], status: int) -> None:
    assert answer[0] == status, answer
    assert answer[2]["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "service", "detail", "trace_id"} <= answer[1].keys()
    assert answer[1]["status"] == status
    assert len(answer[1]["trace_id"]) == 32


@pytest.mark.requirement(11, 184, 185)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"price": "1.00"}',
        b'{"price": true}',
        b'{"price": null}',
        b'{"price": 1.005}',
        b'{"price": 1.000}',
        b'{"price": 1e2}',
        b'{"price": 1e999999999}',
        b'{"price": 1e-999999999}',
        b'{"price": NaN}',
        b'{"price": 99999999999999999999}',
        b'{"price": 1.00, "count": 0}',
        b'{"price": 1.00, "count": 10}',
        b'{"price": 1.00, "count": 1.5}',
        b'{"price": 1.00, "count": "1"}',
        b'{"price": 1.00, "stranger": 1}',
        b'{"price": 1.00, "thing_id": "other"}',
        b'{"count": 1}',
        b'{"price": 1.00} trailing',
        b'\xff{"price": 1.00}',
        b'{"price": 1.00, "\xff": 1}',
        b"[" * 9000,
    ],
)
async def test_a_body_that_does_not_fit_is_refused(running: Toy, body: bytes) -> None:
    _is_problem(await running.call("PUT", "/things/a", data=body, headers=JSON), 400)


async def test_money_comes_in_and_goes_out_exactly(running: Toy) -> None:
    async with running.session.put(f"{running.url}/things/a", data=b'{"price": 999999999.01}', headers=JSON) as response:
        assert b'"price":999999999.01' in await response.read()


@pytest.mark.parametrize("body", [b'{"price": 1, "count": 2.0}', b'{"price": 1.0, "count": 2}', b'{"price": 1.10, "count": 2.000}'])
async def test_a_whole_number_may_be_written_with_a_point(running: Toy, body: bytes) -> None:
    assert (await running.call("PUT", "/things/a", data=body, headers=JSON))[0] == 200


async def test_a_field_in_a_header_and_the_etag(running: Toy) -> None:
    status, shown, headers = await running.call("PUT", "/things/a", json={"price": 1}, headers={"If-Match": "v1"})
    assert (status, shown["note"], headers["ETag"]) == (200, "v1", '"v1"')


@pytest.mark.parametrize(("query", "status"), [
    ("", 200), ("?pageSize=5&open_only=true", 200), ("?pageSize=6", 400), ("?pageSize=x", 400), ("?page_size=2", 400), ("?stranger=1", 400),
    ("?pageSize=1&pageSize=2", 400), ("?open_only=maybe", 400), ("?pageSize=", 400),
])  # fmt: skip
async def test_queries_are_typed(running: Toy, query: str, status: int) -> None:
    answer = await running.call("GET", f"/things/a{query}")
    assert answer[0] == status, answer


async def test_an_id_that_no_id_can_be_is_not_found(running: Toy) -> None:
    _is_problem(await running.call("GET", "/things/a%20b"), 404)
    _is_problem(await running.call("GET", f"/things/{'x' * 65}"), 404)
    _is_problem(await running.call("GET", "/things/a%0A"), 404)


async def test_a_large_body_is_refused(running: Toy) -> None:
    _is_problem(await running.call("PUT", "/things/a", data=b'{"price": 1, "x": "' + b"x" * 20_000 + b'"}', headers=JSON), 413)


async def test_another_content_type_is_refused(running: Toy) -> None:
    _is_problem(await running.call("PUT", "/things/a", data=b'{"price": 1}', headers={"Content-Type": "text/plain"}), 415)


async def test_wrong_path_and_method_are_problems_too(running: Toy) -> None:
    _is_problem(await running.call("GET", "/nowhere"), 404)
    answer = await running.call("PATCH", "/things/a")
    _is_problem(answer, 405)
    assert "GET" in answer[2]["Allow"]
    assert "PUT" in answer[2]["Allow"]


async def test_a_refusal_tells_its_number_and_its_facts(running: Toy) -> None:
    answer = await running.call("PUT", "/things/full", json={"price": 1})
    _is_problem(answer, 409)
    assert (answer[1]["code"], answer[1]["service"], answer[1]["place"]) == (4999001, "toy", 7)


@pytest.mark.requirement(186, 187)
async def test_a_fault_of_ours_tells_nothing_of_the_inside(running: Toy) -> None:
    answer = await running.call("PUT", "/things/bug", json={"price": 1})
    _is_problem(answer, 500)
    assert answer[1]["code"] == 5999001
    assert "division" not in str(answer[1])
    assert "Error" not in str(answer[1])


async def test_nothing_to_show_is_204(running: Toy) -> None:
    assert (await running.call("DELETE", "/things/a"))[0] == 204


@pytest.mark.requirement(53, 71)
async def test_a_service_tells_how_it_is(running: Toy) -> None:
    for path in ("/live", "/ready", "/health"):
        status, told, _ = await running.call("GET", path)
        assert (status, told["status"], told["service"]) == (200, "ok", "toy")


@pytest.mark.requirement(171)
async def test_requests_are_counted_by_route(running: Toy) -> None:
    await running.call("GET", "/things/a")
    async with running.session.get(f"{running.url}/metrics") as response:
        text = await response.text()
    counted = '{http_request_method="GET",http_response_status_code="200",http_route="/things/{thing_id}"}'
    assert f"http_server_request_duration_seconds_count{counted} 1.0" in text


@pytest.mark.requirement(198)
async def test_a_service_shows_its_own_document(running: Toy) -> None:
    status, document, _ = await running.call("GET", "/openapi.json")
    assert status == 200
    assert document["openapi"].startswith("3.1")
    assert "/things/{thing_id}" in document["paths"]
