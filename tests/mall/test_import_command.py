"""`mall import`: what it sends, says and exits with. The counter below keeps to the contract's types, sizes and answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from contracts import auth, product
from mall.importing import demo
from mall.importing.command import main
from mall.importing.reading import read_file
from mall.importing.sending import MOST_IN_PART

EXPORTS = Path(__file__).parent / "exports"
ACCOUNT = {"MALL_OPERATOR_EMAIL": "otto@shop.example", "MALL_OPERATOR_PASSWORD": "otto-secret-1"}
OTTO = auth.Login(email="otto@shop.example", password="otto-secret-1")
DEMO = auth.Login(email="operator@mall.test", password="operator-demo-1")


class Part(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `import_part`."""

    products: list[product.ImportRow]


class Apply(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `apply_import`."""

    parts: int


def problem(status: int, detail: str) -> web.Response:
    return web.json_response({"title": "No", "detail": detail, "status": status}, status=status, content_type="application/problem+json")


def answer(view: msgspec.Struct) -> web.Response:
    return web.Response(body=msgspec.json.encode(view), content_type="application/json")


@dataclass
class Counter:
    """A counter where catalogues are handed in."""

    shelf: dict[str, product.ImportRow] = field(default_factory=dict)
    parts: dict[tuple[str, int], list[product.ImportRow]] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    refusal: Callable[[], web.Response] | None = None
    is_slow: bool = False
    url: str = ""

    def app(self) -> web.Application:
        """The routes that an import needs."""
        app = web.Application(client_max_size=2**20)
        app.add_routes(
            [
                web.post(auth.login.path, self.log_in),
                web.get(product.products.path, self.products),
                web.put(product.import_part.path, self.part),
                web.post(product.apply_import.path, self.apply),
            ]
        )
        return app

    async def log_in(self, request: web.Request) -> web.Response:
        """`auth.login`"""
        if msgspec.json.decode(await request.read(), type=auth.Login) not in {OTTO, DEMO}:
            return problem(401, "Wrong e-mail address or password")
        return answer(auth.Tokens(access_token="t", token_type="Bearer", expires_in=900, refresh_token="r", user_id="otto"))

    async def products(self, _: web.Request) -> web.Response:
        """`product.products`"""
        shown = product.ProductView(
            product_id="1", name="x", name_zh="", description="", price=Decimal(1), currency="USD", stock=1,
            category="c", group="", options={}, sku="", tags=[], picture="", version="1", created_at="", updated_at="",
        )  # fmt: skip
        return answer(product.ProductPage(items=[shown] if self.shelf else [], next=None))

    async def part(self, request: web.Request) -> web.Response:
        """`product.import_part`"""
        assert request.headers["Authorization"] == "Bearer t"
        if self.refusal:
            return self.refusal()
        body = await request.read()
        rows = msgspec.json.decode(body, type=Part).products
        assert 1 <= len(rows) <= 500
        self.sizes.append(len(body))
        place = request.match_info["import_id"], int(request.match_info["part"])
        self.parts[place] = rows
        return answer(product.PartKept(import_id=place[0], part=place[1], rows=len(rows)))

    async def apply(self, request: web.Request) -> web.Response:
        """`product.apply_import`"""
        assert request.headers["Authorization"] == "Bearer t"
        import_id = request.match_info["import_id"]
        count = msgspec.json.decode(await request.read(), type=Apply).parts
        rows = {row.import_key: row for part in range(count) for row in self.parts[import_id, part]}
        created = len(rows.keys() - self.shelf.keys())
        unchanged = sum(self.shelf.get(key) == row for key, row in rows.items())
        self.shelf |= rows
        if self.is_slow:
            return problem(504, "product did not answer in time")
        return answer(product.Imported(import_id=import_id, created=created, updated=len(rows) - created - unchanged, unchanged=unchanged))


@pytest.fixture
async def counter() -> AsyncIterator[Counter]:
    counter = Counter()
    async with TestServer(counter.app()) as server:
        counter.url = str(server.make_url("")).rstrip("/")
        yield counter


async def run(counter: Counter, *words: str, **environ: str) -> int:
    return await asyncio.to_thread(main, [*words, "--gateway", counter.url], environ or ACCOUNT)


async def test_a_file_arrives_whole_and_again_changes_nothing(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(counter, str(EXPORTS / "kitchen.csv")) == 0
    assert tuple(counter.shelf.values()) == read_file(EXPORTS / "kitchen.csv").products
    assert capsys.readouterr().out == (
        "kitchen.csv: 5 products, 2 left out because they are not on sale\n5 created, 0 updated, 0 unchanged\n"
    )
    assert await run(counter, str(EXPORTS / "kitchen.csv")) == 0
    assert "0 created, 0 updated, 5 unchanged" in capsys.readouterr().out
    assert len({import_id for import_id, _ in counter.parts}) == 1


async def test_bad_rows_are_told_one_a_line_and_nothing_is_sent(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    path = EXPORTS / "bad-rows.csv"
    assert await run(counter, str(path)) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0] == f"{path}:2: the price is empty"
    assert told[-1] == "18 bad rows, nothing was imported"
    assert len(told) == 19
    assert not counter.parts


async def test_a_dry_run_sends_nothing(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(counter, str(EXPORTS / "kitchen.csv"), "--dry-run") == 0
    assert "nothing was sent" in capsys.readouterr().out
    assert not counter.parts


async def test_a_large_file_goes_in_parts_that_fit_a_request(counter: Counter, tmp_path: Path) -> None:
    body = "<p>" + "茶" * 6000 + "</p>"
    heavy = [f"heavy-{n},Heavy {n},{n}.50,{body}\n" for n in range(200)]
    light = [f"light-{n},Light {n},{n}.50,\n" for n in range(MOST_IN_PART * 2)]
    (tmp_path / "large.csv").write_text("Handle,Title,Variant Price,Body (HTML)\n" + "".join(heavy + light), encoding="utf-8")
    assert await run(counter, str(tmp_path / "large.csv")) == 0
    assert len(counter.shelf) == len(heavy) + len(light)
    assert len(counter.sizes) > 5
    assert max(counter.sizes) < 2**20


async def test_a_wrong_password_is_told_and_never_stands_on_the_command_line(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    words = [str(EXPORTS / "kitchen.csv"), "--email", "otto@shop.example", "--password-env", "OTHER"]
    assert await run(counter, *words, OTHER="wrong-secret") == 1
    assert capsys.readouterr().err == "mall import: the mall refused (401): Wrong e-mail address or password\n"
    assert await run(counter, *words, OTHER="otto-secret-1") == 0


@pytest.mark.parametrize(
    ("environ", "status", "words"),
    [
        ({"MALL_ENV": "dev"}, 0, ""),
        ({"PATH": ""}, 0, ""),
        ({"MALL_ENV": "online"}, 1, "which operator?"),
        (
            {"MALL_ENV": "dev", "MALL_OPERATOR_EMAIL": "otto@shop.example"},
            1,
            "no password for otto@shop.example: set MALL_OPERATOR_PASSWORD",
        ),
    ],
)
async def test_the_demo_operator_is_for_dev_only(
    counter: Counter, capsys: pytest.CaptureFixture[str], environ: dict[str, str], status: int, words: str
) -> None:
    assert await run(counter, str(EXPORTS / "kitchen.csv"), **environ) == status
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("refusal", "status", "words"),
    [
        (
            lambda: problem(422, "The mall does not sell in this currency"),
            1,
            "the mall refused (422): The mall does not sell in this currency",
        ),
        (lambda: problem(403, "This role may not do that"), 1, "the mall refused (403): This role may not do that"),
        (lambda: problem(503, "product is not ready"), 2, "the mall is not ready (503): product is not ready"),
        (lambda: web.Response(status=500, text="<html>"), 1, "the mall refused (500): no reason given"),
        (lambda: web.Response(text="<html>"), 2, "answers, but not like a mall"),
    ],
)
async def test_the_malls_own_words_are_told(
    counter: Counter, capsys: pytest.CaptureFixture[str], refusal: Callable[[], web.Response], status: int, words: str
) -> None:
    counter.refusal = refusal
    assert await run(counter, str(EXPORTS / "kitchen.csv")) == status
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not counter.shelf


async def test_an_answer_that_is_lost_at_the_end_is_told_as_unknown_and_importing_again_ends_it(
    counter: Counter, capsys: pytest.CaptureFixture[str]
) -> None:
    counter.is_slow = True
    assert await run(counter, str(EXPORTS / "kitchen.csv")) == 2
    assert "is not known: import again, nothing is doubled" in capsys.readouterr().err
    counter.is_slow = False
    assert await run(counter, str(EXPORTS / "kitchen.csv")) == 0
    assert "0 created, 0 updated, 5 unchanged" in capsys.readouterr().out


async def test_a_mall_that_is_away_is_told_in_one_line(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    async with TestServer(web.Application()) as gone:
        counter.url = str(gone.make_url(""))
    assert await run(counter, str(EXPORTS / "kitchen.csv")) == 2
    error = capsys.readouterr().err
    assert error.startswith("mall import: no answer from http://127.0.0.1:")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "http://", "http://a b", "http://x:99999", "http://user:secret@x", "http://[", "http://x\r\nHost: y"]
)
def test_what_is_no_url_of_a_mall_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(EXPORTS / "kitchen.csv"), "--gateway", url], ACCOUNT) == 1
    assert "is not the URL of a mall" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.csv")], ACCOUNT) == 1
    assert capsys.readouterr().err == f"{tmp_path / 'none.csv'}: No such file or directory\n"


def test_an_unknown_currency_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(EXPORTS / "kitchen.csv"), "--currency", "XXX", "--dry-run"], ACCOUNT) == 1
    assert "'XXX' is not a currency we know" in capsys.readouterr().err


async def test_the_demo_catalogue_is_imported_once(counter: Counter) -> None:
    def ensure() -> int:
        return demo.ensure(counter.url, DEMO.email, DEMO.password)

    assert await asyncio.to_thread(ensure) == len(read_file(demo.CATALOGUE).products)
    assert await asyncio.to_thread(ensure) == 0


async def test_a_mall_with_products_of_its_own_gets_no_demo(counter: Counter) -> None:
    assert await run(counter, str(EXPORTS / "kitchen.csv")) == 0
    assert await asyncio.to_thread(demo.ensure, counter.url, DEMO.email, DEMO.password) == 0
    assert len(counter.shelf) == 5


def test_the_demo_catalogue_is_as_promised() -> None:
    rows = read_file(demo.CATALOGUE).products
    assert len(rows) >= 40
    assert len({row.category for row in rows}) == 6
    assert all(row.name and row.name_zh and row.description and row.picture_svg for row in rows)
    assert len({row.picture_svg for row in rows}) == len(rows)
    assert max(len(row.picture_svg.encode()) for row in rows) < 3000
    assert sum(row.stock >= 50 for row in rows) >= 12
    assert sum(row.stock == 0 for row in rows) >= 2
    assert len({row.group for row in rows if row.group}) >= 6
    assert all(row.import_key.startswith("demo-") for row in rows)  # so that nobody's own export changes them


def test_every_picture_of_the_demo_is_used() -> None:
    named = {entry["picture"] for entry in json.loads(demo.CATALOGUE.read_text(encoding="utf-8"))["products"]}
    assert named == {f"pictures/{path.name}" for path in (demo.CATALOGUE.parent / "pictures").iterdir()}
