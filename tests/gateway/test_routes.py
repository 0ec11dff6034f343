"""Which entry serves which path."""

import pytest
from aiohttp import web

from mallkit.routes import NO_ROUTE, Routes, Serve


def serve(text: str) -> Serve:
    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=text)

    return answer


@pytest.fixture
def routes() -> Routes:
    table = Routes()
    for line in (
        "GET /users/me",
        "PATCH /users/me",
        "GET /users/{user_id}/orders",
        "POST /checkout/quote",
        "GET /checkout/{checkout_id}",
        "GET /checkout/{checkout_id}/lines/{line}",
        "DELETE /checkout/{checkout_id}",
    ):
        method, template = line.split()
        table.add(method, template, serve(line))
    return table


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/users/me", "/users/me"),
        ("GET", "/users/me/orders", "/users/{user_id}/orders"),
        ("GET", "/users/7/orders", "/users/{user_id}/orders"),
        ("POST", "/checkout/quote", "/checkout/quote"),
        ("GET", "/checkout/{}", "/checkout/{checkout_id}"),
        ("GET", "/checkout/a/lines/b", "/checkout/{checkout_id}/lines/{line}"),
        ("GET", "/", NO_ROUTE),
        ("GET", "", NO_ROUTE),
        ("GET", "*", NO_ROUTE),
        ("GET", "/checkout/", NO_ROUTE),
        ("GET", "/checkout//lines/b", NO_ROUTE),
        ("GET", "//checkout/a", NO_ROUTE),
        ("GET", "/users/me/", NO_ROUTE),
        ("GET", "/Users/me", NO_ROUTE),
        ("GET", "/%75sers/me", NO_ROUTE),
        ("GET", "/users/a/b/orders", NO_ROUTE),
    ],
)
def test_a_path_finds_its_route(routes: Routes, method: str, path: str, route: str) -> None:
    entry = routes.find(method, path)
    assert entry.route == route
    if route != NO_ROUTE:
        assert entry.name == f"{method} {route}"


def test_the_wrong_method_keeps_the_route_and_not_the_method(routes: Routes) -> None:
    entry = routes.find("PURGE", "/checkout/quote")
    assert entry.route == "/checkout/quote"
    assert "PURGE" not in entry.name


def test_a_path_is_served_once(routes: Routes) -> None:
    with pytest.raises(ValueError, match=r"GET /checkout/\{other\} is served twice"):
        routes.add("GET", "/checkout/{other}", serve("again"))
    with pytest.raises(ValueError, match="served twice"):
        routes.add("GET", "/users/me", serve("again"))
