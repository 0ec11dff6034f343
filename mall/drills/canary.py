"""The search for the cards that were used: no file, log, store, event, metric or span may hold a number, or a CVV that is named as one."""

import base64
import hashlib
import mmap
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mall.load.cards import Card

CVV = re.compile(rb"(?i)(?:cvv2?|cvc2?|security.?code)[\"'\s:=>\\]{1,8}(?:[a-z_]{0,12}[\"'\s:=>\\]{1,8})?(\d{3,4})(?!\d)")
"""Three or four digits that a word before them calls a CVV; alone they could be anything."""


@dataclass
class Searched:
    """`hits`: what was found where."""

    cards: int
    files: int = 0
    size: int = 0
    hits: list[str] = field(default_factory=list)


def spellings(card: Card) -> Iterator[tuple[str, bytes]]:
    """A number as it stands, in groups, reversed, encoded, and in the digests that anybody could make."""
    raw = card.number.encode()
    groups = [raw[at : at + 4] for at in range(0, len(raw), 4)]
    yield "the number", raw
    yield "in groups", b" ".join(groups)
    yield "with dashes", b"-".join(groups)
    yield "reversed", raw[::-1]
    yield "in hex", raw.hex().encode()
    # In base64 a number looks different at each of three places; the ends, which depend on what is around, are left out.
    for shift in range(3):
        yield "in base64", base64.b64encode(b"\0" * shift + raw)[(0, 2, 3)[shift] :].rstrip(b"=")[:-1]
    for name in ("md5", "sha1", "sha256"):
        digest = hashlib.new(name, raw, usedforsecurity=False)
        yield f"as {name}", digest.hexdigest().encode()
        yield f"as {name}", digest.digest()


def search(folders: Iterable[Path], cards: list[Card]) -> Searched:
    """Every file below the folders, as bytes. A file that is gone meanwhile holds nothing."""
    found = Searched(len(cards))
    needles = [(f"…{card.number[-4:]} {how}", needle) for card in cards for how, needle in spellings(card)]
    cvvs = {card.cvv.encode() for card in cards}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            try:
                size = path.stat().st_size if path.is_file() else 0
                hits = _in_file(path, needles, cvvs) if size else []
            except FileNotFoundError:
                continue
            found.files += bool(size)
            found.size += size
            found.hits += [f"{path.relative_to(folder)}: {what}" for what in hits]
    return found


def _in_file(path: Path, needles: list[tuple[str, bytes]], cvvs: set[bytes]) -> list[str]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        hits = [what for what, needle in needles if content.find(needle) >= 0]
        return hits + [f"a CVV: {found[0][-12:]!r}" for found in CVV.finditer(content) if found[1] in cvvs]
