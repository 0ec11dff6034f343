"""The OpenAPI that comes from contracts: valid, and true to what is accepted and refused."""

from decimal import Decimal
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from mallkit.errors import Invalid, Refused, ShopError, StillRunning
from mallkit.money import Money
from mallkit.openapi import document
from mallkit.openapi_schema import INT64
from mallkit.problem import render
from mallkit.shape import shape_of
from tests.mallkit.shop import SHOP, Bad, Broken, Closed

Json = dict[str, Any]


@pytest.fixture(scope="module")
def shop() -> Json:
    return msgspec.json.decode(msgspec.json.encode(document("shop", SHOP, title="Shop", description="Sells.")))  # type: ignore[no-any-return]  # JSON


def operation(told: Json, method: str, path: str) -> Json:
    return told["paths"][path][method]  # type: ignore[no-any-return]  # JSON


def refusals(told: Json, responses: Json, status: int) -> Json:
    response = responses[str(status)]
    if "$ref" in response:
        response = told["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return response  # type: ignore[no-any-return]  # JSON


def assert_valid(told: Json) -> None:
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(told)] == []
    for schema in told["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": told["jsonSchemaDialect"], **schema})
    registry = jsonschema_rs.Registry([("https://mall.test/", {"$schema": told["jsonSchemaDialect"], **told})])
    for name in told["components"]["schemas"]:  # every reference leads somewhere
        jsonschema_rs.validator_for({"$ref": f"https://mall.test/#/components/schemas/{name}"}, registry=registry)


def test_the_document_is_valid_openapi_and_valid_json_schema(shop: Json) -> None:
    assert_valid(shop)
    assert shop["openapi"] == "3.1.0"
    assert shop["info"] == {"title": "Shop", "version": "1", "description": "Sells."}


def test_an_operation_says_who_may_and_what_it_is_called(shop: Json) -> None:
    buy = operation(shop, "post", "/buy")
    assert (buy["operationId"], buy["summary"], buy["tags"], buy["x-roles"]) == ("shop.buy", "Buy it", ["shop"], ["customer", "service"])
    assert buy["x-aliases"] == ["/api/buy"]
    assert "/api/buy" in buy["description"]
    assert buy["security"] == [{"bearer": []}]
    assert operation(shop, "get", "/things/{thing_id}/orders")["security"] == [{}, {"bearer": []}]
    assert operation(shop, "delete", "/things")["security"] == []
    assert operation(shop, "delete", "/things")["x-internal"] is True
    assert "x-internal" not in buy


def test_fields_travel_in_path_header_query_and_body_and_only_there(shop: Json) -> None:
    change = operation(shop, "put", "/things/{thing_id}")
    assert [(one["in"], one["name"], one["required"]) for one in change["parameters"]] == [
        ("path", "thing_id", True), ("header", "If-Match", False), ("header", "Idempotency-Key", False),
    ]  # fmt: skip
    body = shop["components"]["schemas"]["ChangeBody"]
    assert (list(body["properties"]), body["required"], body["additionalProperties"]) == (["on_hand", "reason"], ["on_hand"], False)
    find = operation(shop, "get", "/things/{thing_id}/orders")
    assert [(one["in"], one["name"], one["required"]) for one in find["parameters"]] == [
        ("path", "thing_id", True), ("query", "after", False), ("query", "pageSize", False), ("query", "exact", False),
    ]  # fmt: skip
    assert "requestBody" not in find
    assert [(one["name"], one["required"]) for one in operation(shop, "post", "/buy")["parameters"]] == [("Idempotency-Key", True)]


def test_null_is_no_value_of_a_query_parameter(shop: Json) -> None:
    after = operation(shop, "get", "/things/{thing_id}/orders")["parameters"][1]
    assert after["schema"] == {"type": "string", "maxLength": 9}


def test_a_wish_without_body_fields_has_no_request_body(shop: Json) -> None:
    assert "requestBody" not in operation(shop, "patch", "/things")
    assert operation(shop, "post", "/buy")["requestBody"]["required"] is True
    assert operation(shop, "post", "/soft")["requestBody"]["required"] is False


def test_decimals_are_numbers_and_integers_have_bounds(shop: Json) -> None:
    properties = shop["components"]["schemas"]["Buy"]["properties"]
    assert properties["expected"] == {"type": "number", "minimum": 0, "maximum": 999_999_999.99, "multipleOf": 0.01}
    assert properties["tip"]["default"] == 0.5
    assert properties["count"] == {"type": "integer", "default": 1, **INT64}
    assert properties["card"]["default"] == "123"
    assert shop["components"]["schemas"]["ChangeBody"]["properties"]["on_hand"] == {**INT64, "type": "integer", "minimum": 0}
    assert shop["components"]["schemas"]["Buy"]["required"] == ["lines"]


def test_the_body_has_an_example_made_of_its_fields(shop: Json) -> None:
    content = operation(shop, "post", "/buy")["requestBody"]["content"]["application/json"]
    assert content["example"] == {"lines": [{"sku": "POT-L", "quantity": 2}]}
    assert "example" not in operation(shop, "put", "/things/{thing_id}")["requestBody"]["content"]["application/json"]


def test_answers_are_told_by_kind(shop: Json) -> None:
    buy = operation(shop, "post", "/buy")["responses"]
    assert buy["201"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Bought"}
    assert buy["202"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Waiting"}
    assert "headers" not in buy["201"]
    assert "content" not in operation(shop, "delete", "/things")["responses"]["204"]
    assert operation(shop, "get", "/picture")["responses"]["200"]["content"] == {"image/svg+xml": {}}
    assert "ETag" in operation(shop, "put", "/things/{thing_id}")["responses"]["200"]["headers"]


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("post", "/buy", [201, 202, 400, 401, 403, 409, 413, 415, 422, 429, 500, 502, 503, 504]),
        ("put", "/things/{thing_id}", [200, 400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 502, 503, 504]),
        ("get", "/things/{thing_id}/orders", [200, 400, 401, 403, 429, 502, 503, 504]),
        ("delete", "/things", [204, 400, 429, 502, 503, 504]),
    ],
)
def test_every_status_that_may_come_is_declared(shop: Json, method: str, path: str, statuses: list[int]) -> None:
    assert [int(status) for status in operation(shop, method, path)["responses"]] == statuses


def test_refusals_are_told_with_number_meaning_and_remedy(shop: Json) -> None:
    responses = operation(shop, "post", "/buy")["responses"]
    bad = refusals(shop, responses, 400)
    assert bad["x-refusals"] == [{"type": "/problems/shop/bad", "title": "Bad parameters", "code": 4001001, "remedy": "Correct them."}]
    assert "4001001 shop/bad" in bad["description"]
    assert "Bad parameters. Correct them." in bad["description"]
    conflict = refusals(shop, responses, 409)
    assert [row["type"] for row in conflict["x-refusals"]] == ["/problems/shop/closed", "/problems/still-running"]
    assert "Retry-After" in conflict["headers"]
    assert "headers" not in bad
    assert [row["code"] for row in refusals(shop, responses, 500)["x-refusals"]] == [5001001]  # the unnumbered Internal is no promise
    assert list(bad["content"]) == ["application/problem+json"]


@pytest.mark.parametrize(
    ("status", "error", "fits"),
    [
        (400, Bad(), True), (409, Closed("", order_id="o1"), True), (409, StillRunning(), True), (500, Broken(), True),
        (400, Invalid(), False), (409, Refused(), False), (409, Bad(), False),
    ],
)  # fmt: skip
def test_what_is_rendered_fits_what_is_declared(shop: Json, status: int, error: ShopError, fits: bool) -> None:  # noqa: FBT001 (a table's column)
    response = refusals(shop, operation(shop, "post", "/buy")["responses"], status)
    schema = {**response["content"]["application/problem+json"]["schema"], "components": shop["components"]}
    body = msgspec.json.decode(render(error, "shop", "0" * 32)[2])
    assert jsonschema_rs.validator_for(schema).is_valid(body) is fits


POSITIVE = settings(max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(("name", "method", "path"), [("buy", "POST", "/buy"), ("change", "PUT", "/things/{thing_id}")])
def test_bodies_that_fit_the_schema_are_read(shop: Json, name: str, method: str, path: str) -> None:
    shape = shape_of(SHOP[name])

    @POSITIVE
    @given(case=schemathesis.openapi.from_dict(shop)[path][method].as_strategy())
    def reads(case: schemathesis.Case[Any]) -> None:
        body = shape.read_body(msgspec.json.encode(whole(case.body)))
        for amount in (getattr(body, "tip", None), getattr(body, "expected", None)):
            if isinstance(amount, Decimal):
                Money.read(amount, "USD")

    reads()


def test_paths_and_queries_that_fit_the_schema_are_read(shop: Json) -> None:
    shape = shape_of(SHOP["find"])

    @POSITIVE
    @given(case=schemathesis.openapi.from_dict(shop)["/things/{thing_id}/orders"]["GET"].as_strategy())
    def reads(case: schemathesis.Case[Any]) -> None:
        shape.read_path(case.path_parameters)
        shape.read_query([(key, str(value)) for key, value in case.query.items()])

    reads()


def whole(value: object) -> object:
    """JSON Schema calls 1.0 an integer; how a number is written is the binding's matter, not the schema's."""
    if isinstance(value, dict):
        return {key: whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
