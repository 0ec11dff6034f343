"""What a product is, what may be written about it, and what an import changes."""

from dataclasses import replace
from decimal import Decimal

import pytest

from contracts.product import WrongCurrency
from mallkit.errors import Invalid, Missing
from mallkit.money import Money
from svc_product.domain.imports import ImportedRow, plan_of
from svc_product.domain.product import Product, Sheet, read_price
from svc_product.domain.stock import stock_versions

SHEET = Sheet(name="Clay Pot", price=Money(1999, "USD"), category="garden")
PRODUCT = Product(id="p1", import_key="row:pot", sheet=SHEET, created_at=1.0, updated_at=1.0)


@pytest.mark.requirement(27)
def test_writing_the_same_changes_nothing() -> None:
    assert PRODUCT.rewritten(replace(SHEET), 9.0) is PRODUCT


@pytest.mark.requirement(27)
def test_writing_something_else_makes_a_new_version() -> None:
    changed = PRODUCT.rewritten(replace(SHEET, name="Pot"), 9.0)
    assert (changed.version, changed.updated_at, changed.created_at, changed.name_key) == (2, 9.0, 1.0, "pot")


def test_a_withdrawn_product_is_missing_until_it_is_written_again() -> None:
    gone = PRODUCT.withdrawn(5.0)
    with pytest.raises(Missing):
        gone.offered()
    back = gone.rewritten(SHEET, 6.0)
    assert back.offered().version == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "a\0b"},
        {"name_zh": "\x1b[31m"},
        {"description": "<p>\x07</p>"},
        {"group": "\x7f"},
        {"sku": "\x01"},
        {"tags": ("fine", "\x02")},
        {"options": {"Size\x03": "L"}},
        {"options": {"Size": "L\x03"}},
    ],
)
def test_control_characters_are_refused_in_every_text(fields: dict[str, object]) -> None:
    with pytest.raises(Invalid, match=f"{next(iter(fields))} has control characters"):
        replace(SHEET, **fields).checked()  # type: ignore[arg-type]  # the cases' own fields


def test_line_ends_and_tabs_are_text() -> None:
    assert replace(SHEET, description="a\tb\r\nc").checked().description == "a\tb\nc"


@pytest.mark.parametrize(
    ("html", "safe"),
    [
        ("<p>Fired <b>clay</b></p>", "<p>Fired <b>clay</b></p>"),
        ("<script>alert(1)</script>fine", "fine"),
        ("<img src=x onerror=alert(1)>fine", "fine"),
        ('<p onclick="x()">fine</p>', "<p>fine</p>"),
        ('<a href="javascript:x()">fine</a>', '<a rel="nofollow noopener noreferrer">fine</a>'),
        ("<svg><text>x</text></svg><style>*{}</style>fine", "fine"),
    ],
)
def test_descriptions_are_made_safe(html: str, safe: str) -> None:
    checked = replace(SHEET, description=html).checked()
    assert checked.description == safe
    assert checked.checked() == checked


@pytest.mark.parametrize(
    "amount",
    [
        "-0.01",
        "1.999",
        "1E+2",
        "1e999999999",
        "1e-999999999",
        "999999999.99999",
        "1000000000",
        "99999999999999999999999",
        "NaN",
        "Infinity",
    ],
)
def test_what_is_no_price_is_refused(amount: str) -> None:
    with pytest.raises(Invalid):
        read_price(Decimal(amount), "USD", "USD")


@pytest.mark.parametrize(("amount", "minor"), [("0", 0), ("-0", 0), ("19.9", 1990), ("19.99", 1999), ("999999999.99", 99_999_999_999)])
def test_prices_are_exact(amount: str, minor: int) -> None:
    assert read_price(Decimal(amount), "USD", "USD") == Money(minor, "USD")


def test_the_mall_sells_in_one_currency() -> None:
    with pytest.raises(WrongCurrency):
        read_price(Decimal(1), "EUR", "USD")


@pytest.mark.parametrize(
    ("if_match", "versions"),
    [
        ('"3.7"', {7}),
        ('"7"', {7}),
        ('W/"3.7"', {7}),
        ("3.7", {7}),
        ("7", {7}),
        ('"3.7", "3.9"', {7, 9}),
        ('"3.7', set()),
        ('3.7"', set()),
        ('"1.2.3"', set()),
        ('"-1"', set()),
        ('"seven"', set()),
        ('"٧"', set()),
        ('"9999999999999999999999999"', set()),
        ("", set()),
        (",", set()),
        ("*", None),
        (" * ", None),
        ('"*"', set()),
    ],
)
def test_if_match_names_versions_of_the_stock(if_match: str, versions: set[int] | None) -> None:
    assert stock_versions(if_match) == versions


@pytest.mark.requirement(29)
def test_a_product_is_found_under_its_words_pairs_tags_options_and_text() -> None:
    sheet = replace(SHEET, name_zh="陶土花盆", tags=("Outdoor",), options={"Size": "Large"}, description="<p>Frost<b>proof</b></p>")
    found = replace(PRODUCT, sheet=sheet).terms
    assert {"clay", "pot", "花盆", "garden", "outdoor", "size", "large", "frostproof"} <= found


def test_only_the_beginning_of_a_long_description_is_searched() -> None:
    sheet = replace(SHEET, description="<p>" + "word " * 500 + "last</p>")
    found = replace(PRODUCT, sheet=sheet).terms
    assert "word" in found
    assert "last" not in found


def _row(key: str, sheet: Sheet = SHEET) -> ImportedRow:
    return ImportedRow(import_key=key, sheet=sheet, stock=5)


def test_an_import_tells_new_changed_and_unchanged_apart() -> None:
    other = replace(PRODUCT, import_key="row:other")
    gone = replace(PRODUCT, import_key="row:gone").withdrawn(2.0)
    known = {product.import_key: product for product in (PRODUCT, other, gone)}
    rows = [_row("row:pot"), _row("row:other", replace(SHEET, name="Other")), _row("row:gone"), _row("row:new")]
    planned = plan_of(rows, known)
    assert [row.import_key for row in planned.new] == ["row:new"]
    assert [row.import_key for _, row in planned.changed] == ["row:other", "row:gone"]
    assert planned.unchanged == 1


def test_one_product_twice_in_an_import_is_refused() -> None:
    with pytest.raises(Invalid, match="comes twice"):
        plan_of([_row("row:pot"), _row("row:pot")], {})
