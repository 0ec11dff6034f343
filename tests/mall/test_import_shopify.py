"""Shopify exports: what is read, and that every row that cannot be is told with its line."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mall.importing.reading import Bounds, read_file
from mall.importing.row import BadImport, BadRow
from mall.importing.sending import ENCODER
from mall.importing.shopify import read_shopify

EXPORTS = Path(__file__).parent / "exports"
HEADER = "Handle,Title,Variant Price,Variant Inventory Qty\n"


def told(text: str, currency: str = "USD") -> list[tuple[int, str]]:
    with pytest.raises(BadImport) as refusal:
        read_shopify(text, currency)
    return [(row.line, row.reason) for row in refusal.value.rows]


def lines_told(text: str) -> list[int]:
    try:
        read_shopify(text, "USD")
    except BadImport as refusal:
        return [row.line for row in refusal.rows]
    return []


def of_bytes(folder: Path, content: bytes, name: str = "export.csv") -> tuple[BadRow, ...]:
    (folder / name).write_bytes(content)
    with pytest.raises(BadImport) as refusal:
        read_file(folder / name)
    return refusal.value.rows


def test_each_variant_is_a_product_of_its_handles_group() -> None:
    aprons = [row for row in read_file(EXPORTS / "kitchen.csv").products if row.group == "linen-apron"]
    assert [row.import_key for row in aprons] == ["linen-apron/small/sand", "linen-apron/large/sand", "linen-apron/large/sea%2fsky"]
    assert [row.name for row in aprons] == ["Linen Apron, Small, Sand", "Linen Apron, Large, Sand", "Linen Apron, Large, Sea/Sky"]
    assert aprons[2].options == {"Size": "Large", "Colour": "Sea/Sky"}
    assert list(msgspec.json.decode(ENCODER.encode(aprons[2]))["options"]) == ["Size", "Colour"], "sent in the shop's order"
    assert {row.category for row in aprons} == {"home-kitchen"}
    assert [row.tags for row in aprons] == [["linen", "Kitchen"]] * 3
    assert [row.price for row in aprons] == [Decimal("39.90"), Decimal("42.00"), Decimal("42.50")]
    assert aprons[0].sku == "0071"


def test_rows_with_only_a_picture_add_no_product_and_the_variants_own_picture_wins() -> None:
    rows = read_file(EXPORTS / "kitchen.csv").products
    assert len(rows) == 5
    assert [row.picture_url for row in rows[:3]] == [
        "https://img.example/apron-small.jpg", "https://img.example/apron-1.jpg", "https://img.example/apron-1.jpg",
    ]  # fmt: skip


@pytest.mark.parametrize(("cell", "grams"), [("", 0), ("0", 0), ("250", 250), ("680.389", 680), ("0.5", 1)])
def test_a_weight_is_a_number_of_grams(cell: str, grams: int) -> None:
    [row] = read_shopify(f"Handle,Title,Variant Price,Variant Grams\na,A,1,{cell}\n", "USD").products
    assert row.weight_grams == grams


@pytest.mark.parametrize("cell", ["-1", "a lot", "1e3", "1000000000000000"])
def test_a_weight_that_is_none_is_told(cell: str) -> None:
    [(line, reason)] = told(f"Handle,Title,Variant Price,Variant Grams\na,A,1,{cell}\n")
    assert line == 2
    assert "weight" in reason


def test_an_empty_inventory_is_none() -> None:
    assert [row.stock for row in read_file(EXPORTS / "kitchen.csv").products] == [4, 0, 0, 12, 3]


@pytest.mark.parametrize(("status", "kept"), [("active", 1), ("", 1), ("draft", 0), ("archived", 0), ("unlisted", 0)])
def test_what_is_not_on_sale_is_left_out(status: str, kept: int) -> None:
    text = f"Handle,Title,Status,Variant Price,Variant Inventory Qty\ncup,Cup,active,1,1\npot,Pot,{status},2,1\n"
    assert sum(row.group == "pot" or row.import_key.startswith("pot") for row in read_shopify(text, "USD").products) == kept


def test_default_title_means_no_options() -> None:
    cup = read_file(EXPORTS / "kitchen.csv").products[3]
    assert (cup.import_key, cup.options, cup.group) == ("青花茶杯", {}, "")
    assert cup.name == "青花茶杯 “小”"


def test_bodies_keep_their_line_breaks_and_lose_what_runs() -> None:
    rows = read_file(EXPORTS / "kitchen.csv").products
    assert rows[0].description == '<h2>Cook in it</h2>\n<p>Washed <b>linen</b>, two pockets.</p>\n\n<p>He said: "wide".</p>'
    assert rows[4].description == "Fired twice,\nglazed once"


def test_what_is_not_on_sale_is_left_out_and_counted() -> None:
    catalogue = read_file(EXPORTS / "kitchen.csv")
    assert catalogue.left_out == 2
    assert not [row for row in catalogue.products if "lamp" in row.import_key]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_change_nothing(tmp_path: Path, line_end: str, mark: bytes) -> None:
    text = (EXPORTS / "kitchen.csv").read_text(encoding="utf-8")
    (tmp_path / "again.csv").write_bytes(mark + text.replace("\n", line_end).encode())
    again, first = read_file(tmp_path / "again.csv").products, read_file(EXPORTS / "kitchen.csv").products
    assert [(row.import_key, row.stock, row.price) for row in again] == [(row.import_key, row.stock, row.price) for row in first]


def test_the_category_falls_back_to_the_category_path_then_to_a_tag_then_to_other() -> None:
    assert [row.category for row in read_file(EXPORTS / "kitchen.csv").products[3:]] == ["other", "bowls"]
    text = 'Handle,Title,Variant Price,Tags\na,A,1,瓷器\nb,B,1,"瓷器, Fine China"\n'
    assert [row.category for row in read_shopify(text, "USD").products] == ["other", "fine-china"]


BAD = [
    (2, "the price is empty"),
    (3, "the price 1.999: an amount in USD is a plain number with at most 2 decimals"),
    (5, "the price '-5' is not a plain number; the stock '-1' is not a whole number from 0"),
    (6, "the price '12 €' is not a plain number; the stock 'many' is not a whole number from 0"),
    (7, "the price 1000000000: an amount in USD lies between 0 and 999999999.99"),
    (9, "the same product as in line 8: mug/s"),
    (10, "Option1: the name is 'Size', the value ''"),
    (11, "neither a variant nor a picture"),
    (12, "'mug' has another title in line 8"),
    (13, "no row before this one gives 'orphan' a title"),
    (14, "the handle is empty"),
    (15, "26 cells where the header has 29"),
    (16, "30 cells where the header has 29"),
    (17, "control characters in Title"),
    (18, "picture_url: not an https URL of at most 1000 characters without spaces"),
    (19, "Published is 'soon'"),
    (20, "name: expected `str` of length <= 300"),
    (22, "stock: expected `int` <= 1000000000"),
]


def test_every_bad_row_is_told_with_its_line_and_the_reason() -> None:
    with pytest.raises(BadImport) as refusal:
        read_file(EXPORTS / "bad-rows.csv")
    assert [(row.line, row.reason) for row in refusal.value.rows] == BAD


def test_lines_are_the_files_own_below_bodies_of_several_lines_and_blank_lines() -> None:
    text = 'Handle,Title,Body (HTML),Variant Price\r\na,A,"<p>\r\n\r\n</p>\r\n",1\r\n\r\nb,B,,\r\n'
    assert told(text) == [(7, "the price is empty")]


def test_a_quote_that_never_closes_is_told_where_its_row_begins() -> None:
    [(line, reason)] = told(HEADER + 'a,A,1,1\nb,"B,1,1\nc,C,1,1\n')
    assert line == 3
    assert "nothing after this line was read" in reason


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("Title,Price", "not a Shopify product export: no column Handle, Variant Price"),
        ("Handle;Title;Variant Price", "not a Shopify product export: no column Handle, Title, Variant Price"),
        ("Handle,Title,Variant Price,Title", "the header names a column twice: Title"),
    ],
)
def test_another_header_is_refused_as_such(header: str, reason: str) -> None:
    assert told(f"{header}\na,A,1,A\n") == [(1, reason)]


def test_what_is_no_text_is_told_with_its_line(tmp_path: Path) -> None:
    [row] = of_bytes(tmp_path, HEADER.encode() + b"a,A,1,1\nb,Caf\xe9,1,1\n")
    assert row == BadRow(3, "not UTF-8 text: export or save the file as UTF-8")
    [row] = of_bytes(tmp_path, HEADER.encode("utf-16"))
    assert row.reason.startswith("not UTF-8 text")


@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    assert of_bytes(tmp_path, content) == (BadRow(1, "the file is empty"),)


def test_a_file_without_products_is_refused() -> None:
    assert told(HEADER) == [(1, "no product to import")]


def test_a_currency_without_decimals_takes_none() -> None:
    assert read_shopify(HEADER + "a,A,120,1\n", "JPY").products[0].price == Decimal(120)
    assert told(HEADER + "a,A,120.5,1\n", "JPY") == [(2, "the price 120.5: an amount in JPY is a plain number with at most 0 decimals")]


@pytest.mark.parametrize("number", ["\uff11\uff12", "1e2", "1,299.00", "0x10", "+1", "1.", ".5", "NaN", "--1", "1" * 400, "1_000"])
def test_what_only_looks_like_a_price_is_refused(number: str) -> None:
    [(line, reason)] = told(f'{HEADER}a,A,"{number}",1\n')
    assert line == 2
    assert "the price" in reason


@given(st.text(max_size=400))
def test_any_text_is_a_catalogue_or_refused_with_lines_of_the_file(text: str) -> None:
    whole = "Handle,Title,Variant Price,Option1 Name,Option1 Value\n" + text
    lines = whole.count("\n") + whole.count("\r") + 1
    assert all(1 <= line <= lines for line in lines_told(whole))


cell = st.text(st.characters(blacklist_categories=["Cc", "Cs"]), min_size=1, max_size=20).filter(lambda text: text.strip() == text)


@given(st.dictionaries(cell.filter(lambda text: "\ufffe" not in text), st.integers(0, 99_999_999_999), min_size=1, max_size=5))
def test_prices_and_titles_arrive_as_they_stand_in_the_file(prices: dict[str, int]) -> None:
    quoted = [(title.replace('"', '""'), f"{minor // 100}.{minor % 100:02}", minor) for title, minor in prices.items()]
    text = HEADER + "".join(f'h{place},"{title}",{price},\n' for place, (title, price, _) in enumerate(quoted))
    rows = read_shopify(text, "USD").products
    assert [int(row.price * 100) for row in rows] == list(prices.values())
    assert [row.name for row in rows] == [" ".join(title.split()) for title in prices]


@pytest.mark.requirement(27)
def test_a_file_without_an_end_is_refused_as_soon_as_it_is_too_long(tmp_path: Path) -> None:
    pipe = tmp_path / "endless.csv"
    os.mkfifo(pipe)
    written = 0

    def pour() -> None:
        nonlocal written
        with suppress(BrokenPipeError), pipe.open("wb", buffering=0) as file:
            file.write(HEADER.encode())
            while True:
                written += file.write(b"h,T,1,1\n" * 1000) or 0

    with ThreadPoolExecutor() as pool:
        pouring = pool.submit(pour)
        with pytest.raises(BadImport) as refusal:
            read_file(pipe, bounds=Bounds(rows=5000))
        pouring.result(timeout=20)
    assert [(row.line, row.reason) for row in refusal.value.rows] == [(5002, "more than 5,000 rows: split the file")]
    assert written < 1_000_000


@pytest.mark.requirement(27)
def test_a_file_that_is_too_large_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(2**40)
    for name in ("huge.csv", "huge.json"):
        path = path.rename(tmp_path / name)
        with pytest.raises(BadImport, match="larger than 256 MiB"):
            read_file(path)
    small = tmp_path / "small.csv"
    small.write_text(HEADER + "a,A,1,1\n" * 20)
    with pytest.raises(BadImport, match="larger than"):
        read_file(small, bounds=Bounds(bytes=100))


def test_a_line_that_does_not_end_is_refused(tmp_path: Path) -> None:
    [row] = of_bytes(tmp_path, HEADER.encode() + b'a,"' + b"x" * 3_000_000)
    assert row.line == 2
    assert row.reason.startswith("not CSV")
