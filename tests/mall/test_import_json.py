"""The project's own catalogue file."""

import json
from pathlib import Path

import msgspec
import pytest

from mall.importing.reading import read_file
from mall.importing.row import BadImport
from mallkit.svg import MOST_CHARS

POT = {"handle": "Pot", "name": "Pot, Large", "price": 9.99, "stock": 3, "category": "garden", "options": {"Size": "Large"}}
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>'


def written(folder: Path, *products: object, name: str = "catalogue.json", **head: object) -> Path:
    file = {"format": "mall-catalogue/1", "currency": "USD"} | head | {"products": list(products)}
    (folder / name).write_text(json.dumps(file, indent=1, ensure_ascii=False), encoding="utf-8")
    return folder / name


def told(path: Path) -> list[tuple[int, str]]:
    with pytest.raises(BadImport) as refusal:
        read_file(path)
    return [(row.line, row.reason) for row in refusal.value.rows]


def test_a_product_has_its_key_from_handle_and_options(tmp_path: Path) -> None:
    [row] = read_file(written(tmp_path, POT | {"name_zh": "花盆 大号", "description": "<p onclick=x>Clay<script>x</script></p>"})).products
    assert (row.import_key, row.group, row.options) == ("pot/large", "pot", {"Size": "Large"})
    assert (row.name, row.name_zh, str(row.price), row.currency) == ("Pot, Large", "花盆 大号", "9.99", "USD")
    assert row.description == "<p>Clay</p>"


def test_tax_class_and_weight_come_along(tmp_path: Path) -> None:
    rows = read_file(written(tmp_path, POT, POT | {"handle": "b", "tax_class": "food", "weight_grams": 250})).products
    assert [(row.tax_class, row.weight_grams) for row in rows] == [("standard", 0), ("food", 250)]


def test_the_format_is_told_by_its_first_character_when_the_ending_says_nothing(tmp_path: Path) -> None:
    assert len(read_file(written(tmp_path, POT, name="catalogue.txt")).products) == 1


def test_pictures_are_files_beside_the_catalogue_or_urls(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "pot.svg").write_text(SVG)
    rows = read_file(written(tmp_path, POT | {"picture": "pictures/pot.svg"}, POT | {"handle": "b", "picture": "https://x.example/a.png"}))
    assert [(row.picture_svg, row.picture_url) for row in rows.products] == [(SVG, ""), ("", "https://x.example/a.png")]


@pytest.mark.parametrize("name", ["../outside.svg", "/etc/passwd", "link.svg", "pot.png", "none.svg", "a\0.svg", "http://x.example/a.svg"])
def test_a_picture_from_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside.svg").write_text(SVG)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "pot.png").write_text(SVG)
    (inside / "link.svg").symlink_to(tmp_path / "outside.svg")
    [(line, reason)] = told(written(inside, POT | {"picture": name}))
    assert line == 5
    assert reason.startswith("picture ")


@pytest.mark.parametrize("svg", [SVG.replace("circle", "script"), SVG + " " * MOST_CHARS + "<", "no picture", ""])
def test_a_picture_that_is_unsafe_or_none_is_refused(tmp_path: Path, svg: str) -> None:
    (tmp_path / "pot.svg").write_text(svg)
    path = written(tmp_path, POT | {"picture": "pot.svg"})
    assert [line for line, _ in told(path)] == [5]


def test_every_bad_product_is_told_with_the_line_where_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.json"
    good = json.dumps(POT)
    lines = [
        '{"format": "mall-catalogue/1", "currency": "USD", "products": [',
        f"{good},\n",
        f"{good},",
        '{"handle": "b",\n "name": "B"},',
        "7,",
        good.replace("9.99", "1e999999999") + ",",
        good.replace("9.99", "9.999") + ",",
        good.replace("9.99", "-1") + ",",
        good.replace('"stock"', '"stok"') + ",",
        good.replace('"garden"', '"Garden!"') + ",",
        good.replace("Pot, Large", " Pot") + "]}",
    ]
    path.write_text("\n".join(lines))
    assert told(path) == [
        (4, "the same product as in line 2: pot/large"),
        (5, "Object missing required field `price`"),
        (7, "Expected `object`, got `int`"),
        (8, "an amount in USD is a plain number with at most 2 decimals"),
        (9, "an amount in USD is a plain number with at most 2 decimals"),
        (10, "an amount in USD lies between 0 and 999999999.99"),
        (11, "Object contains unknown field `stok`"),
        (12, "category: expected `str` matching regex '^[a-z0-9]+(-[a-z0-9]+)*$(?!\\\\n)'"),
        (13, "control characters or outer spaces in ' Pot'"),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[]", 1),
        ("{", 1),
        ('{\n"format": "mall-catalogue/1",\n"currency": USD}', 3),
        ('{"format": "mall-catalogue/2"}', 1),
        ("[" * 100_000, 1),
    ],
)
def test_what_is_no_catalogue_is_told_where_it_stops_being_one(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "catalogue.json").write_text(text)
    [(told_line, reason)] = told(tmp_path / "catalogue.json")
    assert told_line == line
    assert reason.startswith("not a mall catalogue: ")


def test_an_unknown_currency_is_refused(tmp_path: Path) -> None:
    assert told(written(tmp_path, POT, currency="XXX")) == [(5, "'XXX' is not a currency we know")]


def test_rows_survive_the_wire_exactly(tmp_path: Path) -> None:
    rows = read_file(written(tmp_path, POT | {"price": 999999999.99})).products
    wire = msgspec.json.Encoder(decimal_format="number").encode(rows[0])
    assert msgspec.json.decode(wire, type=type(rows[0])) == rows[0]
