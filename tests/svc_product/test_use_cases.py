"""What only shows below HTTP: commands that come again after a crash, plans that are overtaken, pages of a shop that is sold out."""

import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from contracts import product as contract
from mallkit.endpoint import Caller
from mallkit.errors import Missing, Unavailable
from mallkit.ids import new_id
from mallkit.sqlite import open_store
from svc_product.app import KINDS
from svc_product.domain.imports import AppliedImport, Brought, StagedPart, part_id, plan_of
from svc_product.ports import Pieces, Ports
from svc_product.rates import KeptRates
from svc_product.repository.catalogue import Catalogue
from svc_product.repository.categories import Categories
from svc_product.repository.imports import Imports
from svc_product.repository.stock import Stock
from svc_product.use_cases import catalogue, imports, stock

POT = contract.NewProduct(name="Clay Pot", price=Decimal("19.99"), stock=20, category="garden")
ROW = contract.ImportRow(import_key="a", name="Clay Pot", price=Decimal("19.99"), stock=5, category="garden")
ID = "ab" * 32
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="3"/></svg>'
LOW_AT = 2
OPERATOR = Caller(subject="o1")
DAY = 24 * 3600.0


class Clock:
    """Stands still until it is set."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    async with open_store(tmp_path / "product.db", KINDS) as store:
        clock = Clock()
        pieces = Stock(store, clock, lambda _: None)
        products = Catalogue(store, pieces, LOW_AT)
        tree = Categories(store, time.monotonic)
        waiting = Imports(store, products, tree, new_id)
        yield Ports(
            catalogue=products,
            categories=tree,
            imports=waiting,
            stock=pieces,
            rates=KeptRates(_nobody, seconds=30.0, monotonic=time.monotonic),
            currency="USD",
            import_rows=1500,
            clock=clock,
            new_id=new_id,
        )


async def _nobody(*_: Any, **__: Any) -> Any:
    raise Unavailable


async def stage(ports: Ports, *rows: contract.ImportRow) -> list[StagedPart]:
    await imports.keep_part(contract.ImportPart(import_id=ID, part=0, products=list(rows)), ports)
    return await ports.imports.staged([part_id(ID, 0)])


def a_pot(**fields: object) -> contract.ImportRow:
    return contract.ImportRow(**{name: getattr(ROW, name) for name in ROW.__struct_fields__} | fields)


async def test_a_command_that_comes_again_without_its_record_finds_what_it_made(ports: Ports) -> None:
    first, pieces = await catalogue.create(POT, Caller(command="k-1"), ports)
    again, same = await catalogue.create(POT, Caller(command="k-1"), ports)
    other, _ = await catalogue.create(POT, Caller(command="k-2"), ports)
    assert (again, same) == (first, pieces)
    assert other.id != first.id


async def test_a_plan_that_was_overtaken_changes_nothing(ports: Ports) -> None:
    await stage(ports, ROW)
    await imports.apply(contract.ApplyImport(import_id=ID, parts=1), OPERATOR, ports)
    (part,) = await stage(ports, a_pot(name="Steel Pot"))
    known = await ports.catalogue.known(["row:a"])
    plan = plan_of(part.rows, known)
    done = AppliedImport(id=ID, parts=1, created=0, updated=1, unchanged=0, applied_at=2.0)
    assert not await ports.imports.apply(Brought(plan, [replace(part, staged_at=1.0)]), done, "o1"), "the part was sent anew"
    assert await ports.catalogue.known(["row:a"]) == known
    assert await ports.imports.apply(Brought(plan, [part]), done, "o1")
    assert not await ports.imports.apply(Brought(plan, [part]), done, "o1"), "the part was applied by somebody else"
    assert [product.sheet.name for product in (await ports.catalogue.known(["row:a"])).values()] == ["Steel Pot"]


class InBetween:
    """Imports as they are read by somebody whom another one overtakes between two parts."""

    def __init__(self, ports: Ports, wish: contract.ApplyImport) -> None:
        self.ports = ports
        self.wish: contract.ApplyImport | None = wish

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ports.imports, name)

    async def staged(self, part_ids: list[str]) -> list[StagedPart]:
        first = await self.ports.imports.staged(part_ids[:1])
        if self.wish is not None:
            wish, self.wish = self.wish, None
            await imports.apply(wish, OPERATOR, self.ports)
        return [*first, *await self.ports.imports.staged(part_ids[1:])]


async def test_an_import_that_another_one_applies_between_the_reading_of_two_parts_is_not_called_incomplete(ports: Ports) -> None:
    for number in range(2):
        row = a_pot(import_key=str(number))
        await imports.keep_part(contract.ImportPart(import_id=ID, part=number, products=[row]), ports)
    wish = contract.ApplyImport(import_id=ID, parts=2)
    overtaken = replace(ports, imports=cast("Imports", InBetween(ports, wish)))
    assert (await imports.apply(wish, OPERATOR, overtaken)).created == 2
    await imports.keep_part(contract.ImportPart(import_id=ID, part=1, products=[ROW]), ports)
    with pytest.raises(contract.ImportIncomplete):
        await imports.apply(wish, OPERATOR, ports)


async def test_a_drawing_that_is_no_longer_shown_is_not_kept(ports: Ports) -> None:
    for row in (a_pot(picture_svg=SVG), a_pot()):
        await stage(ports, row)
        await imports.apply(contract.ApplyImport(import_id=ID, parts=1), OPERATOR, ports)
        product = (await ports.catalogue.known(["row:a"]))["row:a"]
        if row.picture_svg:
            assert (await ports.catalogue.picture(product.id)).content.decode() == SVG
    with pytest.raises(Missing):
        await ports.catalogue.picture(product.id)


async def test_parts_and_results_are_forgotten_after_a_day(ports: Ports) -> None:
    await stage(ports, ROW)
    await imports.apply(contract.ApplyImport(import_id=ID, parts=1), OPERATOR, ports)
    await stage(ports, ROW)
    for later, kept in ((DAY - 1, True), (DAY + 1, False)):
        ports.clock.now = Clock.now + later  # type: ignore[attr-defined]  # the test's own clock
        await imports.purge(ports)
        assert bool(await ports.imports.staged([part_id(ID, 0)])) is kept
        assert bool(await ports.imports.applied(ID)) is kept


async def test_a_page_of_a_shop_that_is_nearly_sold_out_ends_and_goes_on(ports: Ports) -> None:
    for number in range(3):
        rows = [a_pot(import_key=f"{number}-{place}", stock=int((number, place) == (2, 450))) for place in range(500)]
        await stage(ports, *rows)
        await imports.apply(contract.ApplyImport(import_id=ID, parts=1), OPERATOR, ports)
    found, after, asked = [], None, 0
    while asked == 0 or after is not None:
        wish = contract.Search(in_stock=True, sort=contract.Sort.PRICE, limit=10) if after is None else _next(after)
        some, after = await catalogue.page(wish, ports)
        found += some
        asked += 1
    assert [product.import_key for product, _ in found] == ["row:2-450"]
    assert 1 < asked < 5


async def test_an_adjustment_that_comes_again_without_its_record_moves_and_tells_nothing_more(ports: Ports) -> None:
    pot, _ = await catalogue.create(POT, Caller(command="k-1"), ports)

    def adjust(delta: int, command: str) -> Coroutine[Any, Any, Pieces]:
        wish = contract.AdjustStock(product_id=pot.id, delta=delta, reason=contract.Reason.FOUND)
        return stock.adjust(wish, Caller(subject="o1", command=command), ports)

    await adjust(3, "a")
    told = (await ports.stock.log(pot.id, None, 10)).items
    await adjust(5, "b")
    assert (await adjust(3, "a")).on_hand == 28
    assert [entry for entry in (await ports.stock.log(pot.id, None, 10)).items if entry.id == "a"] == told


async def test_the_malls_own_level_reaches_products_that_were_there_before(ports: Ports, tmp_path: Path) -> None:
    pot, _ = await catalogue.create(POT, Caller(command="k-1"), ports)
    bowl, _ = await catalogue.create(msgspec.structs.replace(POT, low_stock_at=1), Caller(command="k-2"), ports)
    assert [pieces.low_at for pieces in (await ports.stock.of([pot.id, bowl.id])).values()] == [LOW_AT, 1]
    async with open_store(tmp_path / "product.db", KINDS) as store:
        pieces = Stock(store, ports.clock, lambda _: None)
        await Catalogue(store, pieces, 20).mark_low_again()
        assert {each.id: each.low_at for each in (await pieces.of([pot.id, bowl.id])).values()} == {pot.id: 20, bowl.id: 1}
        assert [each.id for each in (await pieces.low(None, 10)).items] == [pot.id]


def _next(after: str) -> contract.Search:
    return contract.Search(in_stock=True, sort=contract.Sort.PRICE, limit=10, after=after)


async def test_holds_run_out_when_the_clock_says_so(ports: Ports) -> None:
    pot, _ = await catalogue.create(POT, Caller(command="k-1"), ports)
    wish = contract.Hold(hold_id="h1", lines=[contract.HoldLine(product_id=pot.id, quantity=3)], seconds=60)
    await stock.hold(wish, ports)
    for later, reserved in ((59, 3), (61, 0)):
        ports.clock.now = Clock.now + later  # type: ignore[attr-defined]  # the test's own clock
        await ports.stock.settle()
        assert (await stock.of(pot.id, ports)).reserved == reserved
