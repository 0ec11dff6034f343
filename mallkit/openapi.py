"""OpenAPI 3.1 from contracts: one document a service, and one of the whole mall for the gateway."""

from collections.abc import Mapping
from inspect import cleandoc
from typing import Final

from mallkit.endpoint import ANYONE, END, Blob, Done, Endpoint, Keyed, Nothing, View, Wish
from mallkit.openapi_refusals import PROBLEM, refusals_of, responses
from mallkit.openapi_schema import REF, Json, example_of, parameters, schemas_of, unite
from mallkit.shape import Shape, shape_of

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
VERSION: Final = "1"
"""Of the interface: contracts are only ever added to."""
KEY: Final[Json] = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": f"^[!-~]+{END}"}
"""An Idempotency-Key."""
BEARER: Final[Json] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "The access token of a login."}


def document(service: str, endpoints: Mapping[str, Endpoint[Wish, View]], *, title: str, description: str = "") -> Json:
    """The document of one service; `endpoints` by their names in the contract."""
    parts = unite({name: _fragment(service, name, endpoint) for name, endpoint in endpoints.items()})
    return _whole(parts, title, description, [service])


def merge(documents: Mapping[str, Json], *, title: str = "The mall", description: str = "") -> Json:
    """One document of several services'. Raises ValueError if two of them serve the same method and path."""
    return _whole(unite(documents), title, description, list(documents))


def _whole(parts: Json, title: str, description: str, services: list[str]) -> Json:
    components = parts["components"]
    components["schemas"]["Problem"] = PROBLEM
    components["securitySchemes"] = {"bearer": BEARER}
    info = {"title": title, "version": VERSION} | ({"description": description} if description else {})
    tags = [{"name": service} for service in services]
    return {"openapi": "3.1.0", "jsonSchemaDialect": DIALECT, "info": info, "tags": tags, "paths": parts["paths"], "components": components}


def _fragment(service: str, name: str, endpoint: Endpoint[Wish, View]) -> Json:
    """One operation and the components that it needs."""
    shape = shape_of(endpoint)
    schemas = _Schemas(shape)
    has_body = shape.in_body and bool(shape.rest)
    refused, shared = responses(refusals_of(endpoint))
    operation: Json = {
        "operationId": f"{service}.{name}",
        "tags": [service],
        "summary": endpoint.summary or name.replace("_", " ").capitalize(),
        "description": _description(endpoint),
        "x-roles": [role.value for role in endpoint.may],
        "security": _security(endpoint),
        "parameters": schemas.parameters(),
        "responses": {**schemas.answers(), **refused},
    }
    if endpoint.aliases:
        operation["x-aliases"] = list(endpoint.aliases)
    if endpoint.internal:
        operation["x-internal"] = True
    if has_body:
        operation["requestBody"] = schemas.body()
    elif endpoint.raw:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": {}}}}
    components = {"schemas": {**schemas.components, "Problem": PROBLEM}, "responses": shared}
    return {"paths": {endpoint.path: {endpoint.method.lower(): operation}}, "components": components}


def _description(endpoint: Endpoint[Wish, View]) -> str:
    sentences = [] if endpoint.takes is Nothing else [cleandoc(endpoint.takes.__doc__ or "")]
    sentences += [f"Also at `{alias}`." for alias in endpoint.aliases]
    return "\n\n".join(sentence for sentence in sentences if sentence)


def _security(endpoint: Endpoint[Wish, View]) -> list[Json]:
    if endpoint.may == (ANYONE,):
        return []
    return [{}, {"bearer": []}] if ANYONE in endpoint.may else [{"bearer": []}]


class _Schemas:
    """The schemas of one endpoint, and what is built of them."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.endpoint = shape.endpoint
        answers = [kind for kind in (self.endpoint.gives, self.endpoint.accepted) if kind and not issubclass(kind, (Done, Blob))]
        names, components = schemas_of(shape.path_type, shape.header_type, shape.rest_type, *answers)
        self._path, self._headers, self._rest, *told = names
        self._answers = dict(zip(answers, told, strict=True))
        unseen = {self._path, self._headers} if shape.in_body and shape.rest else {self._path, self._headers, self._rest}
        self._all = components
        self.components = {name: schema for name, schema in components.items() if name not in unseen}

    def parameters(self) -> list[Json]:
        """Path, headers, query, in this order."""
        found = parameters("path", self._all[self._path], {})
        wire = {self.shape.wire_names[field]: header for field, header in self.endpoint.headers.items()}
        found += parameters("header", self._all[self._headers], wire)
        if not self.shape.in_body:
            found += parameters("query", self._all[self._rest], {})
        keyed = self.endpoint.keyed
        if keyed is not Keyed.NO:
            meaning = "The same key with the same request gets the same answer, and the effect happens once."
            required = keyed is Keyed.REQUIRED
            found.append({"name": "Idempotency-Key", "in": "header", "required": required, "description": meaning, "schema": KEY})
        return found

    def body(self) -> Json:
        """The request body, with an example where its fields have them."""
        content: Json = {"schema": {"$ref": REF + self._rest}}
        example = example_of(self._rest, self._all)
        if example:
            content["example"] = example
        return {"required": self.shape.body_needed, "content": {"application/json": content}}

    def answers(self) -> Json:
        """The responses that are no refusals."""
        endpoint = self.endpoint
        if issubclass(endpoint.gives, Done):
            told: Json = {str(endpoint.status): {"description": "Done; there is nothing to show."}}
        elif issubclass(endpoint.gives, Blob):
            media = (endpoint.media, *endpoint.other_media)
            told = {str(endpoint.status): {"description": "The bytes.", "content": {each: {} for each in media}}}
        else:
            told = {str(endpoint.status): self._shown(endpoint.gives)}
            if endpoint.etag:
                etag = {"required": True, "description": "For If-Match.", "schema": {"type": "string"}}
                told[str(endpoint.status)]["headers"] = {"ETag": etag}
        if endpoint.cache:
            told["304"] = {"description": "`If-None-Match` names the present ETag: the client has it already."}
        if endpoint.accepted is not None:
            told["202"] = self._shown(endpoint.accepted)
        return told

    def _shown(self, kind: type[View]) -> Json:
        meaning = cleandoc(kind.__doc__ or "") or "The answer."
        return {"description": meaning, "content": {self.endpoint.media: {"schema": {"$ref": REF + self._answers[kind]}}}}
