"""How OpenAPI tells the refusals of an endpoint: by status, each with its number, meaning and remedy."""

from http import HTTPStatus
from typing import Final

from mallkit import errors
from mallkit.endpoint import ANYONE, Endpoint, Keyed, View, Wish
from mallkit.errors import (
    BadGateway,
    Forbidden,
    KeyReused,
    ShopError,
    StillRunning,
    Timeout,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from mallkit.openapi_schema import REF, Json
from mallkit.problem import MEDIA, status_of, type_of
from mallkit.shape import BODY_METHODS

ANYWHERE: Final = (TooManyRequests, BadGateway, Unavailable, Timeout)
"""What the gateway or a service under load may answer on every endpoint."""

_TEXT: Final = {"type": "string"}
PROBLEM: Final[Json] = {
    "title": "Problem",
    "description": "RFC 9457. Facts of the case (ids, limits, `errors`) stand beside these members.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "description": "Unique in the whole mall: `/problems/<slug>`."},
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "integer", "minimum": 1_000_000, "maximum": 9_999_999, "description": "Where the refusal has a number."},
        "service": {"type": "string", "description": "Whose refusal it is; numbers are unique only within a service."},
        "detail": {"type": "string", "description": "One sentence about this case."},
        "trace_id": {"type": "string", "description": "Finds the request in logs and traces."},
    },
    "required": ["type", "title", "status", "service", "detail", "trace_id"],
}


def refusals_of(endpoint: Endpoint[Wish, View]) -> dict[int, list[type[ShopError]]]:
    """Every refusal that the endpoint may answer with, by status in rising order, each once."""
    classes: list[type[ShopError]] = [endpoint.invalid, *endpoint.refuses]
    if endpoint.may != (ANYONE,):
        classes += [Unauthenticated, Forbidden]
    if endpoint.method in BODY_METHODS:
        classes += [TooLarge, UnsupportedMedia]
    if endpoint.keyed is not Keyed.NO:
        classes += [KeyReused, StillRunning]
    grouped: dict[int, list[type[ShopError]]] = {}
    classes += ANYWHERE
    for cls in dict.fromkeys(classes):
        status = status_of(cls)
        # A fault without a number of its own is a defect, not a promise.
        if status != HTTPStatus.INTERNAL_SERVER_ERROR or cls.code is not None:
            grouped.setdefault(status, []).append(cls)
    return dict(sorted(grouped.items()))


def responses(grouped: dict[int, list[type[ShopError]]]) -> tuple[Json, Json]:
    """The operation's `responses`, and those of them that are shared by all as components."""
    told: Json = {}
    shared: Json = {}
    for status, classes in grouped.items():
        response = _response(status, classes)
        if len(classes) == 1 and classes[0].__module__ == errors.__name__:
            name = classes[0].__name__
            shared[name] = response
            response = {"$ref": f"#/components/responses/{name}"}
        told[str(status)] = response
    return told, shared


def _response(status: int, classes: list[type[ShopError]]) -> Json:
    properties: Json = {"status": {"const": status}, "type": {"enum": [type_of(cls) for cls in classes]}}
    numbers = sorted({cls.code for cls in classes if cls.code is not None})
    if numbers:
        properties["code"] = {"enum": numbers}
    narrowed: Json = {"properties": properties}
    if all(cls.code is not None for cls in classes):
        narrowed["required"] = ["code"]
    told: Json = {
        "description": "\n".join(_sentence(cls) for cls in classes),
        "content": {MEDIA: {"schema": {"allOf": [{"$ref": f"{REF}Problem"}, narrowed]}}},
        "x-refusals": [_row(cls) for cls in classes],
    }
    if any(cls.retry_after is not None for cls in classes):
        told["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}}}
    return told


def _sentence(cls: type[ShopError]) -> str:
    number = f"{cls.code} " if cls.code is not None else ""
    remedy = f" {cls.remedy}" if cls.remedy else ""
    return f"- `{number}{cls.slug}`: {cls.title}.{remedy}"


def _row(cls: type[ShopError]) -> Json:
    return {"type": type_of(cls), "title": cls.title, "code": cls.code, "remedy": cls.remedy}
