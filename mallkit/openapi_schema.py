"""JSON Schemas as OpenAPI shows them: msgspec's own, made true to what the services accept, with examples, united without clashes."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

Json = dict[str, Any]
"""A part of an OpenAPI document."""

REF: Final = "#/components/schemas/"
INT64: Final = {"minimum": -(2**63), "maximum": 2**63 - 1}
"""What an integer without narrower bounds may be: msgspec would take more, no store keeps it."""

_MAPS = ("properties", "patternProperties")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_ONES = ("items", "additionalProperties", "propertyNames")


def schemas_of(*types: type[msgspec.Struct]) -> tuple[list[str], dict[str, Json]]:
    """The component name of each type, and all components that they need."""
    refs, components = msgspec.json.schema_components(types, ref_template=REF + "{name}")
    return [ref["$ref"].removeprefix(REF) for ref in refs], {name: _true(schema) for name, schema in components.items()}


def _true(schema: Json) -> Json:
    """Decimals travel as numbers, integers have bounds; everything else is as msgspec says."""
    told = _true_here(schema)
    for key in _MAPS:
        if key in told:
            told[key] = {name: _true(inner) for name, inner in told[key].items()}
    for key in _LISTS:
        if key in told:
            told[key] = [_true(inner) for inner in told[key]]
    for key in _ONES:
        if isinstance(told.get(key), dict):
            told[key] = _true(told[key])
    if isinstance(told.get("default"), str) and "number" in _types(told):
        told["default"] = msgspec.json.decode(told["default"])
    return told


def _true_here(schema: Json) -> Json:
    told = dict(schema)
    if told.get("format") == "decimal":
        del told["format"]
        told["type"] = "number"
    if told.get("type") == "integer":
        for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if exclusive not in told:
                told.setdefault(bound, INT64[bound])
    return told


def _types(schema: Json) -> set[str]:
    arms = schema.get("anyOf", [schema])
    found = {arm.get("type", "") for arm in arms}
    return set() if "string" in found else found


def parameters(place: str, schema: Json, names: Mapping[str, str]) -> list[Json]:
    """The properties of an object schema as parameters in `place`; `names` maps property to parameter, where they differ."""
    required = set(schema.get("required", ()))
    told = []
    for name, inner in schema["properties"].items():
        value = _without_null(inner)
        if place == "path" and value.get("type") == "string":
            value.setdefault("minLength", 1)
        parameter: Json = {"name": names.get(name, name), "in": place, "required": place == "path" or name in required, "schema": value}
        if "description" in value:
            parameter["description"] = value.pop("description")
        told.append(parameter)
    return told


def _without_null(schema: Json) -> Json:
    """What is absent from a query or a header is simply not sent; `null` would be a text there."""
    value = dict(schema)
    if "anyOf" in value:
        arms = [arm for arm in value["anyOf"] if arm.get("type") != "null"]
        if len(arms) == 1:
            del value["anyOf"]
            value = {**value, **arms[0]}
        else:
            value["anyOf"] = arms
    if value.get("default", "") is None:
        del value["default"]
    return value


class _NoExample(Exception):
    """A required field has no example."""


def example_of(name: str, components: Mapping[str, Json]) -> Any:  # noqa: ANN401 (a JSON value of any shape)
    """One example of a component, from the examples of its fields; None where a required field has none."""
    try:
        return _example(components[name], components)
    except _NoExample:
        return None


def _example(schema: Json, components: Mapping[str, Json]) -> Any:  # noqa: ANN401 (as above)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    if "const" in schema:
        return schema["const"]
    if "$ref" in schema:
        return _example(components[schema["$ref"].removeprefix(REF)], components)
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], components)
    if "properties" in schema:
        return _object_example(schema, components)
    if "items" in schema:
        return [_example(schema["items"], components)]
    raise _NoExample


def _object_example(schema: Json, components: Mapping[str, Json]) -> Json:
    required = set(schema.get("required", ()))
    told: Json = {}
    for name, inner in schema["properties"].items():
        try:
            told[name] = _example(inner, components)
        except _NoExample:
            if name in required:
                raise
    return told


def unite(fragments: Mapping[str, Json]) -> Json:
    """One {paths, components} of several. Where two have different schemas of one name, each gets its fragment's name as prefix.

    Raises ValueError if two fragments have the same operation.
    """
    split = _clashes({name: fragment["components"]["schemas"] for name, fragment in fragments.items()})
    paths: dict[str, Json] = {}
    components: dict[str, Json] = {"schemas": {}}
    for prefix, fragment in fragments.items():
        renamed = _rename(fragment, {name: f"{prefix}_{name}" for name in split})
        for path, methods in renamed["paths"].items():
            known = paths.setdefault(path, {})
            if known.keys() & methods.keys():
                message = f"{path} is declared twice"
                raise ValueError(message)
            known.update(methods)
        for kind, members in renamed["components"].items():
            components.setdefault(kind, {}).update(members)
    return {"paths": paths, "components": {kind: dict(sorted(members.items())) for kind, members in components.items()}}


def _clashes(fragments: Mapping[str, Mapping[str, Json]]) -> set[str]:
    """Names that mean different things, and the names whose schemas lead to those."""
    meanings: dict[str, list[Json]] = {}
    for schemas in fragments.values():
        for name, schema in schemas.items():
            meanings.setdefault(name, []).append(schema)
    split = {name for name, found in meanings.items() if any(schema != found[0] for schema in found)}
    leads = {name: _refs(found) for name, found in meanings.items() if len(found) > 1}
    while more := {name for name, refs in leads.items() if name not in split and refs & split}:
        split |= more
    return split


def _refs(schemas: list[Json]) -> set[str]:
    return set(re.findall(f'"{REF}([^"]+)"', msgspec.json.encode(schemas).decode()))


def _rename(fragment: Json, names: Mapping[str, str]) -> Json:
    if not names:
        return fragment
    text = re.sub(f'"{REF}([^"]+)"', lambda found: f'"{REF}{names.get(found[1], found[1])}"', msgspec.json.encode(fragment).decode())
    told: Json = msgspec.json.decode(text)
    told["components"]["schemas"] = {names.get(name, name): schema for name, schema in told["components"]["schemas"].items()}
    return told
