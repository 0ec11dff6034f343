"""Where each field of a wish travels: path, header, query or body; and how it is read and written there."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, get_args, get_origin
from urllib.parse import quote

import msgspec
from msgspec import UNSET

from mallkit.endpoint import Endpoint, Method, View, Wish

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
BODY_METHODS = frozenset({Method.POST, Method.PUT, Method.PATCH})
WRITE = msgspec.json.Encoder(decimal_format="number")
Anything = Any
"""Values on their way between JSON and a wish, before their type is known."""


class Shape:
    """The reading and writing of one endpoint's wish; made once for each endpoint."""

    def __init__(self, endpoint: Endpoint[Wish, View]) -> None:
        self.endpoint = endpoint
        fields = {field.name: field for field in msgspec.structs.fields(endpoint.takes)}
        self.path = tuple(PLACEHOLDER.findall(endpoint.path))
        self.headers = endpoint.headers
        self.rest = tuple(name for name in fields if name not in (*self.path, *self.headers, endpoint.raw))
        self.in_body = endpoint.method in BODY_METHODS
        self.whole = not self.path and not self.headers and not endpoint.raw
        self.path_type = _part(endpoint, "Path", self.path)
        self.header_type = _part(endpoint, "Headers", tuple(self.headers))
        self.rest_type: type[msgspec.Struct] = (
            endpoint.takes if self.whole else _part(endpoint, "Body" if self.in_body else "Query", self.rest)
        )
        self.body_needed = any(fields[name].required for name in self.rest)
        self.wire_names = {name: fields[name].encode_name for name in fields}
        self._decode = msgspec.json.Decoder(self.rest_type).decode
        shadow = _numbers(self.rest_type)
        self._check_numbers = None if shadow is None else msgspec.json.Decoder(shadow).decode

    def read_body(self, body: bytes) -> msgspec.Struct:
        """Decodes strictly. Raises the endpoint's `invalid` refusal with the reason.

        A body that is taken raw, with no field of ours in it, is another's: whoever takes it reads it.
        """
        if self.endpoint.raw and not self.rest:
            return self.rest_type()
        if not body and not self.body_needed:
            body = b"{}"
        try:
            decoded = self._read(body)
            if self._check_numbers is not None:
                self._check_numbers(body)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
            raise self.endpoint.invalid(_reason(error)) from None
        else:
            return decoded

    def _read(self, body: bytes) -> msgspec.Struct:
        try:
            return self._decode(body)
        except msgspec.ValidationError:
            if b".0" not in body:
                raise
        # JSON knows one kind of number: 2.0 is an integer as well.
        return msgspec.convert(_WHOLE.decode(body), self.rest_type)

    def read_query(self, query: list[tuple[str, str]]) -> msgspec.Struct:
        """From a decoded query string; a name sent twice is refused."""
        given = dict(query)
        if len(given) != len(query):
            message = "a query parameter was sent more than once"
            raise self.endpoint.invalid(message)
        return self._convert(given, self.rest_type)

    def read_path(self, path: Mapping[str, str]) -> msgspec.Struct:
        """The fields named in the path."""
        return self._convert(dict(path), self.path_type)

    def wish(self, rest: msgspec.Struct, path: msgspec.Struct | None, headers: Mapping[str, str], body: bytes) -> Wish:
        """Puts the parts together."""
        if self.whole:
            return rest  # type: ignore[return-value]  # `rest_type` is `takes` here
        values = {name: getattr(rest, name) for name in self.rest}
        if path is not None:
            values.update((name, getattr(path, name)) for name in self.path)
        for name, header in self.headers.items():
            sent = headers.get(header)
            if sent is not None:
                values[name] = getattr(self._convert({name: sent}, self.header_type), name)
        if self.endpoint.raw:
            values[self.endpoint.raw] = body
        return self.endpoint.takes(**values)

    def _convert(self, given: dict[str, str], kind: type[msgspec.Struct]) -> msgspec.Struct:
        try:
            return msgspec.convert(given, kind, strict=False)
        except (msgspec.ValidationError, ValueError) as error:
            raise self.endpoint.invalid(_reason(error)) from None

    def target(self, wish: Wish) -> str:
        """The path and query to call."""
        path = PLACEHOLDER.sub(lambda found: quote(str(getattr(wish, found[1])), safe=""), self.endpoint.path)
        if self.in_body:
            return path
        pairs = [(self.wire_names[name], getattr(wish, name)) for name in self.rest]
        query = "&".join(f"{name}={quote(_text(value), safe='')}" for name, value in pairs if value is not UNSET)
        return f"{path}?{query}" if query else path

    def body(self, wish: Wish) -> bytes:
        """The JSON to send; empty where nothing travels in the body."""
        if not self.in_body or not self.rest:
            return b""
        if self.whole:
            return WRITE.encode(wish)
        return WRITE.encode(self.rest_type(**{name: getattr(wish, name) for name in self.rest}))


@cache
def shape_of(endpoint: Endpoint[Wish, View]) -> Shape:
    """Made once for each endpoint."""
    return Shape(endpoint)


def _number(text: str) -> Decimal | int:
    whole, _, places = text.partition(".")
    return int(whole) if places and not places.strip("0") else Decimal(text)


_WHOLE = msgspec.json.Decoder(float_hook=_number)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _reason(error: Exception) -> str:
    """The library's own words tell field and fault, and nothing of the inside."""
    if isinstance(error, msgspec.DecodeError):
        return str(error)
    if isinstance(error, RecursionError):
        return "the JSON is nested too deeply"
    return "the request is not valid JSON in UTF-8" if isinstance(error, UnicodeDecodeError) else "a value is out of range"


def _part(endpoint: Endpoint[Wish, View], part: str, names: tuple[str, ...]) -> type[msgspec.Struct]:
    known = {field.name: field for field in msgspec.structs.fields(endpoint.takes)}
    fields: list[tuple[str, Anything] | tuple[str, Anything, Anything]] = []
    for name in names:
        field = known[name]
        if field.default is not msgspec.NODEFAULT:
            fields.append((name, field.type, field.default))
        elif field.default_factory is not msgspec.NODEFAULT:
            fields.append((name, field.type, msgspec.field(default_factory=field.default_factory)))
        else:
            fields.append((name, field.type))
    rename = {name: known[name].encode_name for name in names if known[name].encode_name != name}
    return msgspec.defstruct(f"{endpoint.takes.__name__}{part}", fields, kw_only=True, forbid_unknown_fields=True, rename=rename or None)


def _numbers(kind: Anything) -> Anything:
    """A shadow type that only checks that every Decimal came as a JSON number: msgspec would take text as well.

    None where there is no Decimal in `kind`.
    """
    if kind is Decimal:
        return int | float
    origin: Anything = get_origin(kind)
    if origin is Annotated:
        return _numbers(get_args(kind)[0])
    if origin is list:
        inner = _numbers(get_args(kind)[0])
        return None if inner is None else list[inner]  # type: ignore[valid-type]  # a type made at run time
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        found = [(field.encode_name, _numbers(field.type)) for field in msgspec.structs.fields(kind)]
        shadows: list[tuple[str, Anything, Anything]] = [(name, shadow, 0) for name, shadow in found if shadow is not None]
        return msgspec.defstruct(f"{kind.__name__}Numbers", shadows, kw_only=True) if shadows else None
    for arm in get_args(kind):
        shadow = _numbers(arm)
        if shadow is not None:
            return shadow
    return None
