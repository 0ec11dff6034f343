"""Documents of several services become one, and no schema is mistaken for another's of the same name."""

from typing import Any

import jsonschema_rs
import msgspec
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from mallkit.endpoint import ANYONE, GET, POST, Done, Endpoint, Nothing, View
from mallkit.openapi import document, merge

Json = dict[str, Any]
AnyEndpoint = Endpoint[Any, Any]


def assert_valid(told: Json) -> None:
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(told)] == []
    for schema in told["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": told["jsonSchemaDialect"], **schema})
    registry = jsonschema_rs.Registry([("https://mall.test/", {"$schema": told["jsonSchemaDialect"], **told})])
    for name in told["components"]["schemas"]:  # every reference leads somewhere
        jsonschema_rs.validator_for({"$ref": f"https://mall.test/#/components/schemas/{name}"}, registry=registry)


def one_of(name: str, field: str, kind: type) -> AnyEndpoint:
    item = msgspec.defstruct("Item", [(field, kind)], bases=(View,), frozen=True)
    page = msgspec.defstruct("Page", [("items", list[item])], bases=(View,), frozen=True)  # type: ignore[valid-type]  # made at run time
    return Endpoint(method=GET, path=f"/{name}", takes=Nothing, gives=page, may=(ANYONE,))


def shop_of(name: str, kind: type) -> Json:
    return document(name, {"page": one_of(name, "x", kind)}, title=name)


def schema_behind(told: Json, ref: str) -> Json:
    return told["components"]["schemas"][ref.rpartition("/")[2]]  # type: ignore[no-any-return]  # JSON


def item_of(told: Json, path: str) -> Json:
    answer = told["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    page = schema_behind(told, answer["$ref"])
    return schema_behind(told, page["properties"]["items"]["items"]["$ref"])["properties"]  # type: ignore[no-any-return]  # JSON


def test_merging_keeps_equal_schemas_once_and_prefixes_different_ones_and_what_leads_to_them() -> None:
    told = merge({"a": shop_of("a", int), "b": shop_of("b", str), "c": shop_of("c", int)}, title="Mall")
    assert_valid(told)
    assert set(told["components"]["schemas"]) == {f"{name}_{kind}" for name in "abc" for kind in ("Item", "Page")} | {"Problem"}
    assert [item_of(told, f"/{name}")["x"]["type"] for name in "abc"] == ["integer", "string", "integer"]
    same = merge({"a": shop_of("a", int), "b": shop_of("b", int)})
    assert set(same["components"]["schemas"]) == {"Item", "Page", "Problem"}


def test_two_kinds_of_one_name_inside_a_service_are_kept_apart() -> None:
    told = document("a", {"one": one_of("one", "x", int), "two": one_of("two", "y", str)}, title="a")
    assert_valid(told)
    assert list(item_of(told, "/one")) == ["x"]
    assert list(item_of(told, "/two")) == ["y"]


def test_merging_joins_the_methods_of_a_path_and_refuses_the_same_one_twice() -> None:
    one = document("one", {"see": one_of("things", "x", int)}, title="one")
    other = document("other", {"make": Endpoint(method=POST, path="/things", takes=Nothing, gives=Done, may=(ANYONE,))}, title="other")
    told = merge({"one": one, "other": other})
    assert set(told["paths"]["/things"]) == {"get", "post"}
    assert [tag["name"] for tag in told["tags"]] == ["one", "other"]
    assert_valid(told)
    with pytest.raises(ValueError, match="/things is declared twice"):
        merge({"one": one, "again": one})
