"""Pictures: set by operators, checked before they are kept, and sent only to clients that have not got them; products likewise."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.mallhouse import Answer, house
from tests.svc_product.conftest import Shop, shop_in

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="3" fill="#c00"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256))


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """With a gateway in front."""
    async with house(tmp_path, "auth", "product", "gateway") as mall:
        yield await shop_in(mall)


async def put(shop: Shop, product_id: str, **body: Any) -> Answer:
    return await shop.do("PUT", f"products/{product_id}/picture", body)


def coded(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.requirement(27)
async def test_an_operator_sets_a_picture_and_takes_it_away(shop: Shop) -> None:
    pot = (await shop.sells())["product_id"]
    for body, content, media in (
        ({"svg": SVG}, SVG.encode(), "image/svg+xml"),
        ({"image": coded(PNG)}, PNG, "image/png"),
        ({"image": coded(JPEG)}, JPEG, "image/jpeg"),
    ):
        told = await put(shop, pot, **body)
        assert (told.status, told.json["picture"]) == (200, f"/api/v1/products/{pot}/picture")
        shown = await shop.get(f"products/{pot}/picture")
        assert (shown.status, shown.body, shown.headers["Content-Type"]) == (200, content, media)
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert shown.headers["ETag"] == f'"{told.json["tag"]}"'
        assert (await shop.get(f"products/{pot}")).json["picture"] == told.json["picture"]
    assert (await shop.do("DELETE", f"products/{pot}/picture")).status == 204
    assert [(await ask).status for ask in (shop.get(f"products/{pot}/picture"), shop.do("DELETE", f"products/{pot}/picture"))] == [404, 404]
    assert (await shop.get(f"products/{pot}")).json["picture"] == ""


@pytest.mark.requirement(27)
async def test_what_is_no_picture_is_refused_and_the_one_before_stays(shop: Shop) -> None:
    pot = (await shop.sells())["product_id"]
    await put(shop, pot, svg=SVG)
    for body, status, kind in (
        ({"svg": SVG.replace("circle", "script")}, 422, "product/unsafe-picture"),
        ({"image": coded(b"GIF89a" + PNG)}, 422, "product/picture-unknown"),
        ({"image": coded(b"<svg/>")}, 422, "product/picture-unknown"),
        ({"image": "not base64!"}, 400, "bad-request"),
        ({"image": coded(PNG + bytes(524_288))}, 400, "bad-request"),
        ({"svg": SVG, "image": coded(PNG)}, 400, "bad-request"),
        ({}, 400, "bad-request"),
    ):
        refused = await put(shop, pot, **body)
        assert (refused.status, refused.kind) == (status, kind), str(body)[:60]
    assert (await shop.get(f"products/{pot}/picture")).body.decode() == SVG
    assert (await put(shop, "unknown", svg=SVG)).status == 404


@pytest.mark.requirement(27)
@pytest.mark.parametrize("place", ["product", "gateway"])
async def test_who_has_a_picture_or_a_product_already_is_told_so(shop: Shop, place: str) -> None:
    pot = (await shop.sells(stock=5))["product_id"]
    await put(shop, pot, svg=SVG)

    async def ask(path: str, known: str = "") -> Answer:
        headers = {"If-None-Match": known} if known else {}
        return await shop.mall.call(place, "GET", path, headers=headers)

    for path, cache in ((f"/api/v1/products/{pot}", "no-cache"), (f"/api/v1/products/{pot}/picture", "public, max-age=60")):
        first = await ask(path)
        tag = first.headers["ETag"]
        assert (first.status, first.headers["Cache-Control"]) == (200, cache)
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = await ask(path, known)
            assert (again.status, again.body, again.headers["ETag"], again.headers["Cache-Control"]) == (304, b"", tag, cache)
            assert "Content-Length" not in again.headers
            assert "Content-Type" not in again.headers
        for known in ('"other"', tag.strip('"'), '""'):
            assert (await ask(path, known)).status == 200
    assert (await ask(path)).status == 200, "the connection goes on after a 304"


@pytest.mark.requirement(27, 30)
async def test_an_etag_of_a_product_changes_with_all_that_is_shown(shop: Shop) -> None:
    pot = (await shop.sells(stock=5))["product_id"]
    seen = {(await shop.get(f"products/{pot}")).headers["ETag"]}
    for change in (
        shop.hold("h1", (pot, 1)),
        shop.inside("holds/h1/bind", {"order_id": "o1"}),
        shop.do("PATCH", f"products/{pot}", {"price": 5}),
        put(shop, pot, svg=SVG),
        put(shop, pot, svg=SVG.replace("#c00", "#0c0")),
        shop.do("PUT", f"products/{pot}/stock", {"on_hand": 9}, headers={"If-Match": "*"}),
    ):
        before = (await shop.get(f"products/{pot}")).json
        await change
        now = await shop.get(f"products/{pot}")
        assert (now.json == before) is (now.headers["ETag"] in seen)
        seen.add(now.headers["ETag"])
