"""`mall export FILE`: the whole catalogue as a file that `mall import` brings back, all of it or no file.

Exit status: 0 done; 1 the mall says no, or the file cannot be written; 2 the mall is away, or the command line is wrong.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO
from urllib.parse import quote

import msgspec

from contracts import product
from contracts.product import Categories, CategoryView, Exported, ExportedView
from mall.importing.command import account_of, add_account
from mall.importing.own_json import OwnCategory, OwnProduct
from mall.importing.sending import ENCODER, Gateway, MallAway
from mallkit.errors import ShopError

AT_ONCE = 100


def main(argv: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Runs the command with the arguments after `mall export`; the exit status."""
    wish = _parser().parse_args(argv)
    beside = wish.file.with_name(wish.file.name + ".part")
    try:
        gateway = Gateway(wish.gateway)
        gateway.log_in(*account_of(wish, environ))
        with beside.open("wb") as file:
            count = write(gateway, file)
        beside.replace(wish.file)
    except OSError as error:
        print(f"{wish.file}: {error.strerror}", file=sys.stderr)
        return 1
    except ShopError as error:
        print(f"mall export: {error.detail}", file=sys.stderr)
        return 2 if isinstance(error, MallAway) else 1
    finally:
        beside.unlink(missing_ok=True)
    print(f"{wish.file.name}: {count} products")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mall export",
        description="Write the catalogue into a file in the project's own JSON: what is on sale, with stock and pictures; categories.",
        epilog="Imported into an empty mall, the file brings back the same catalogue. What changes meanwhile may be in it or not.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    add_account(parser)
    return parser


def write(gateway: Gateway, file: IO[bytes]) -> int:
    """How many products were written: one a line, by import key. The same catalogue gives the same bytes."""
    categories = gateway.call(Categories, "GET", product.categories.path).items
    count, currency = 0, ""
    for shown in _products(gateway):
        if not count:
            currency = shown.currency
            _begin(file, currency, categories)
        file.write(b",\n" if count else b"\n")
        file.write(ENCODER.encode(_own(shown, gateway)))
        count += 1
    if not count:
        _begin(file, "USD", categories)
    file.write(b"\n]}\n")
    return count


def _begin(file: IO[bytes], currency: str, categories: Sequence[CategoryView]) -> None:
    parents = {each.parent for each in categories}
    told = [_category(each) for each in categories if not _is_implied(each, parents)]
    file.write(b'{"format":"mall-catalogue/1","currency":"' + currency.encode() + b'","categories":' + ENCODER.encode(told))
    file.write(b',"products":[')


def _is_implied(category: CategoryView, parents: set[str]) -> bool:
    """One that products name, and of which nothing else is known: it comes back with them."""
    is_plain = category.title == category.category and not category.title_zh and not category.parent
    return is_plain and category.products > 0 and category.category not in parents


def _category(shown: CategoryView) -> OwnCategory:
    return OwnCategory(category=shown.category, title=shown.title, title_zh=shown.title_zh, parent=shown.parent)


def _products(gateway: Gateway) -> Iterator[ExportedView]:
    after = ""
    while True:
        page = gateway.call(Exported, "GET", f"{product.export.path}?limit={AT_ONCE}{after}")
        yield from page.items
        if page.next is None:
            return
        after = f"&after={quote(page.next)}"


def _own(shown: ExportedView, gateway: Gateway) -> OwnProduct:
    fields = msgspec.structs.asdict(shown)
    for name in ("import_key", "currency", "picture_url", "picture"):
        del fields[name]
    image = gateway.read(shown.picture) if shown.picture else b""
    return OwnProduct(key=shown.import_key, picture=shown.picture_url, picture_image=image, **fields)
