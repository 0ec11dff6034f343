"""From a file to a checked catalogue: which format it is, and that it is text at all."""

from pathlib import Path

from mall.importing.own_json import read_own_json
from mall.importing.row import BadImport, BadRow, Catalogue
from mall.importing.shopify import read_shopify
from mallkit.money import DECIMALS

MOST_BYTES = 64 * 1024 * 1024


def read_file(path: Path, currency: str = "USD") -> Catalogue:
    """A Shopify product CSV export or our own JSON, told apart by the ending, else by the first character.

    `currency` is for CSV, which does not name one. Raises BadImport with every bad row, OSError when there is no such file.
    """
    if currency not in DECIMALS:
        raise BadImport([BadRow(1, f"{currency!r} is not a currency we know")])
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise BadImport([BadRow(1, f"the file is larger than {MOST_BYTES // 2**20} MiB")])
    text = _decoded(content)
    if not text.strip():
        raise BadImport([BadRow(1, "the file is empty")])
    is_json = path.suffix.lower() == ".json" or (path.suffix.lower() != ".csv" and text.lstrip()[0] == "{")
    return read_own_json(text, path.parent) if is_json else read_shopify(text, currency)


def _decoded(content: bytes) -> str:
    """Without the byte order mark that spreadsheets put in front."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadImport([BadRow(line, "not UTF-8 text: export or save the file as UTF-8")]) from None
