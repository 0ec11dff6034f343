"""Search words: what a name is indexed under and what a query asks for. Latin and other scripts by word, CJK by character and by pair."""

import re
import unicodedata
from collections.abc import Iterator

from mallkit.store import Prefix

LONGEST = 48
"""Characters of a word that count, in the index and in the query alike."""
MOST_IN_QUERY = 24

CJK = re.compile(
    "["
    "\u3005\u3007"  # iteration mark, zero
    "\u3040-\u30ff\u31f0-\u31ff"  # kana
    "\u3100-\u312f\u31a0-\u31bf"  # bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\uac00-\ud7af"  # Hangul: its endings grow onto words, pairs still match
    "]"
)
UNHEARD = re.compile("['\u2018\u2019\u02bc\u0300-\u036f]")
"""Apostrophes, and accents once they are taken off their letters."""
ASCII_WORD = re.compile("[a-z0-9]+")


def terms(*texts: str) -> frozenset[str]:
    """What the texts are found under: words, and for CJK every character and every pair of neighbours."""
    found: set[str] = set()
    for text in texts:
        for run, is_cjk in _runs(text):
            if is_cjk:
                found.update(run)
                found.update(_pairs(run))
            else:
                found.add(run[:LONGEST])
    return frozenset(found)


def query_terms(q: str) -> list[str | Prefix]:
    """What must all be among a text's terms for it to match; the last word may be unfinished. Only punctuation gives []."""
    runs = list(_runs(q))
    last_word = max((place for place, (_, is_cjk) in enumerate(runs) if not is_cjk), default=-1)
    asked: dict[str | Prefix, None] = {}
    for place, (run, is_cjk) in enumerate(runs):
        if place == last_word:
            asked[Prefix(run[:LONGEST])] = None
        elif is_cjk and len(run) > 1:
            asked.update(dict.fromkeys(_pairs(run)))
        else:
            asked[run[:LONGEST]] = None
    return list(asked)[:MOST_IN_QUERY]


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """Maximal runs of one kind, in order, with whether they are CJK."""
    if text.isascii():  # the same in a twentieth of the time
        yield from ((word, False) for word in ASCII_WORD.findall(_fold(text)))
        return
    run, run_is_cjk = "", False
    for char in f"{_fold(text)} ":
        is_cjk = bool(CJK.match(char))
        is_word = is_cjk or unicodedata.category(char)[0] in "LNM"
        if run and (not is_word or is_cjk != run_is_cjk):
            yield run, run_is_cjk
            run = ""
        if is_word:
            run += char
            run_is_cjk = is_cjk


def _fold(text: str) -> str:
    """One spelling for what people type alike: width, case, accents and apostrophes do not count."""
    return unicodedata.normalize("NFKC", UNHEARD.sub("", unicodedata.normalize("NFKD", text))).casefold()


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]
