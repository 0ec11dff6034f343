"""Whoever types a part of a name finds it, in Latin and in Chinese."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallkit.store import Prefix
from mallkit.terms import query_terms, terms

CHINESE = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=2, max_size=12)
ENGLISH = st.lists(st.text("abcdefghijklmnopqrstuvwxyzABCÉÖß0123456789", min_size=1, max_size=10), min_size=1, max_size=6)
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def finds(query: str, *texts: str) -> bool:
    """As a store with `all_of` decides it."""
    index, asked = terms(*texts), query_terms(query)
    return bool(asked) and all(
        any(word.startswith(term.text) for word in index) if isinstance(term, Prefix) else term in index for term in asked
    )


@given(CHINESE)
def test_every_two_characters_of_a_chinese_name_find_it(name: str) -> None:
    for at in range(len(name) - 1):
        assert finds(name[at : at + 2], f"Pot {name} 500", "x")


@given(CHINESE, st.integers(0, 11), st.integers(1, 12))
def test_every_part_of_a_chinese_name_finds_it(name: str, start: int, length: int) -> None:
    part = name[start : start + length]
    assert not part or finds(part, name)


@given(ENGLISH)
def test_every_word_and_every_beginning_of_the_last_word_finds_it(words: list[str]) -> None:
    name = " ".join(words)
    for place, word in enumerate(words):
        assert finds(word, name)
        for end in range(1, len(word) + 1):
            assert finds(" ".join([*words[:place], word[:end]]), name)


@given(ENGLISH, CHINESE)
def test_width_and_case_do_not_count(words: list[str], chinese: str) -> None:
    name = f"{' '.join(words)} {chinese}"
    assert terms(name) == terms(name.translate(WIDE)) == terms(name.upper()) == terms(unicodedata.normalize("NFD", name))
    assert query_terms(name) == query_terms(name.translate(WIDE)) == query_terms(name.upper())


@given(st.text(max_size=40))
def test_any_text_finds_itself_or_asks_nothing(text: str) -> None:
    assert not query_terms(text) or finds(text, text)


@pytest.mark.parametrize("query", ["", "  ", "-,.!?", "\uff0c\u3002\uff01", "___", "😀", "'\u2019"])
def test_punctuation_alone_asks_nothing(query: str) -> None:
    assert query_terms(query) == []


def test_a_query_is_words_pairs_and_one_unfinished_word() -> None:
    assert query_terms("clay po 花盆大") == ["clay", Prefix("po"), "花盆", "盆大"]
    assert query_terms("茶") == ["茶"]
    assert query_terms("tea tea") == ["tea", Prefix("tea")]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("womens", "Women's Silk Top"),
        ("women\u2019s", "Womens Silk Top"),
        ("creme", "Crème Bowl"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("strasse", "Straße"),
        ("ﾃｨｰ", "ティーポット"),
        ("250g", "250g tea"),
        ("हिन्दी", "हिन्दी किताब"),
        ("찻잔", "청화찻잔"),
        ("茶壶", "紫砂茶壶 棕色"),
    ],
)
def test_spellings_that_people_type_alike_are_alike(query: str, text: str) -> None:
    assert finds(query, text)


@pytest.mark.parametrize(("query", "text"), [("壶茶", "紫砂茶壶"), ("ot", "Pot"), ("po clay", "clay pot"), ("花盘", "花盆")])
def test_other_words_do_not_find_it(query: str, text: str) -> None:
    assert not finds(query, text)


def test_endless_words_are_cut_alike_and_queries_stay_small() -> None:
    assert finds("x" * 500, "x" * 1000)
    assert len(query_terms(" ".join(map(str, range(500))))) <= 24


def test_signs_that_belong_to_a_letter_do_not_end_a_word() -> None:
    assert len(terms("हिन्दी")) == 1
