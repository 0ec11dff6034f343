"""Which entry serves a method and a path: a dict for fixed paths, a tree for templates. Paths are compared as sent, never decoded."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from mallkit.errors import MethodNotAllowed, Missing, ShopError

Serve = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
NO_ROUTE: Final = "*"
"""The route of requests that nothing serves, in metrics and spans: what they asked for is theirs to invent."""
_PLACE: Final = "{}"


@dataclass(frozen=True, eq=False, slots=True)
class Entry:
    """What serves a request. `route` is the template, `name` is what its span is called."""

    route: str
    name: str
    serve: Serve


@dataclass(eq=False, slots=True)
class _Node:
    below: "dict[str, _Node]" = field(default_factory=dict)
    methods: dict[str, Entry] = field(default_factory=dict)


class Routes:
    """Filled once with `add`, then asked with `find`."""

    def __init__(self) -> None:
        self._fixed: dict[str, dict[str, Entry]] = {}
        self._root = _Node()
        self._nowhere = Entry(NO_ROUTE, f"- {NO_ROUTE}", _refusing(lambda: Missing("there is nothing at this path")))

    def add(self, method: str, template: str, serve: Serve) -> None:
        """Raises ValueError if that method and path are served already."""
        if "{" not in template:
            methods = self._fixed.setdefault(template, {})
        else:
            node = self._root
            for segment in template.split("/")[1:]:
                node = node.below.setdefault(_PLACE if segment.startswith("{") else segment, _Node())
            methods = node.methods
        if method in methods:
            message = f"{method} {template} is served twice"
            raise ValueError(message)
        methods[method] = Entry(template, f"{method} {template}", serve)

    def find(self, method: str, path: str) -> Entry:
        """What serves it; an entry that refuses with 404 or 405 where nothing does.

        As OpenAPI has it, a path without places goes before those with places, whatever its methods: POST /checkout/quote makes
        GET /checkout/quote a wrong method, not the checkout whose id is "quote".
        """
        methods = self._fixed.get(path)
        if methods is None:
            methods = next(_matching(self._root, path.split("/"), 1), None)
        if methods is None:
            return self._nowhere
        if method in methods:
            return methods[method]
        route, allow = next(iter(methods.values())).route, ", ".join(sorted(methods))
        return Entry(route, f"{NO_ROUTE} {route}", _refusing(lambda: MethodNotAllowed(allow=allow)))

    def served(self) -> Iterable[tuple[str, str]]:
        """All methods and templates."""
        nodes = [self._root]
        for methods in self._fixed.values():
            yield from ((method, entry.route) for method, entry in methods.items())
        while nodes:
            node = nodes.pop()
            nodes.extend(node.below.values())
            yield from ((method, entry.route) for method, entry in node.methods.items())


def target_of(request: web.BaseRequest) -> str:
    """Path and query as sent; RFC 9112 lets a client send a whole URL."""
    target = request.raw_path
    if target.startswith("/"):
        return target
    scheme, mark, rest = target.partition("://")
    return f"/{rest.partition('/')[2]}" if mark and scheme.lower() in {"http", "https"} else target


def _matching(node: _Node, segments: list[str], at: int) -> Iterator[dict[str, Entry]]:
    """The leaves that the segments from `at` lead to; a word goes before a place, as in the services' own routers."""
    if at == len(segments):
        if node.methods:
            yield node.methods
        return
    segment = segments[at]
    word = node.below.get(segment) if segment != _PLACE else None
    if word is not None:
        yield from _matching(word, segments, at + 1)
    place = node.below.get(_PLACE)
    if place is not None and segment:
        yield from _matching(place, segments, at + 1)


def _refusing(refusal: Callable[[], ShopError]) -> Serve:
    async def refuse(_: web.BaseRequest) -> web.StreamResponse:
        raise refusal()

    return refuse
