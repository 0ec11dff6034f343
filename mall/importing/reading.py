"""From a file to a checked catalogue: which format it is, that it is text, and that it is not larger than anybody can import."""

import codecs
import io
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any

from mall.importing.own_json import read_own_json
from mall.importing.row import BadImport, BadRow, Catalogue
from mall.importing.shopify import read_shopify
from mallkit.money import DECIMALS

OTHER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
PIECE = 64 * 1024
LONGEST_LINE = 2_000_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a file may hold."""

    bytes: int = 256 * 2**20
    rows: int = 200_000


BOUNDS = Bounds()


def read_file(path: Path, currency: str = "USD", bounds: Bounds = BOUNDS) -> Catalogue:
    """A Shopify product CSV export or our own JSON, told apart by the ending, else by the first character.

    `currency` is for CSV, which does not name one. What is too large is refused at once, or as soon as it shows. Raises BadImport with
    every bad row, OSError when there is no such file.
    """
    if currency not in DECIMALS:
        raise BadImport([BadRow(1, f"{currency!r} is not a currency we know")])
    with path.open("rb", buffering=PIECE) as file:
        state = os.fstat(file.fileno())
        if stat.S_ISREG(state.st_mode) and state.st_size > bounds.bytes:
            raise _too_large(bounds)
        text = io.TextIOWrapper(io.BufferedReader(_Checked(file, bounds), PIECE), encoding="utf-8-sig", newline="")
        begun = list(_until_text(text))
        if not begun:
            raise BadImport([BadRow(1, "the file is empty")])
        is_json = path.suffix.lower() == ".json" or (path.suffix.lower() != ".csv" and begun[-1].lstrip()[0] == "{")
        if is_json:
            return read_own_json("".join(begun) + text.read(), path.parent, bounds.rows)
        return read_shopify(chain(begun, _lines(text)), currency, bounds.rows)


def _until_text(text: io.TextIOBase) -> Iterator[str]:
    """Lines up to the first that is not blank, if there is one."""
    blank = []
    for line in _lines(text):
        blank.append(line)
        if line.strip():
            yield from blank
            return


def _lines(text: io.TextIOBase) -> Iterator[str]:
    """Of a line that does not end only a piece: a field that long is refused by whoever reads on."""
    return iter(lambda: text.readline(LONGEST_LINE), "")


def _too_large(bounds: Bounds) -> BadImport:
    return BadImport([BadRow(1, f"the file is larger than {bounds.bytes / 2**20:g} MiB")])


class _Checked(io.RawIOBase):
    """A file's bytes, as far as they are UTF-8 and not too many. Raises BadImport with the line."""

    def __init__(self, file: IO[bytes], bounds: Bounds) -> None:
        self._file = file
        self._bounds = bounds
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._bytes = 0
        self._line = 1

    def readable(self) -> bool:
        """For reading only."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - what the buffered reader hands over
        """The next bytes."""
        piece = self._file.read(len(buffer))
        if self._bytes == 0 and piece.startswith(OTHER_MARKS):
            raise BadImport([BadRow(1, "not UTF-8 text but UTF-16 or UTF-32: save the file as UTF-8")])
        self._bytes += len(piece)
        if self._bytes > self._bounds.bytes:
            raise _too_large(self._bounds)
        try:
            self._decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            line = self._line + error.object.count(b"\n", 0, error.start)
            raise BadImport([BadRow(line, "not UTF-8 text: export or save the file as UTF-8")]) from None
        self._line += piece.count(b"\n")
        buffer[: len(piece)] = piece
        return len(piece)
