"""The cards of a load: test numbers, distinct, and the same again for the same seed."""

from hypothesis import given
from hypothesis import strategies as st

from mall.load.cards import Card, Wallet
from sandbox_bank.domain.card import TRICKS, Embossed, Reason, read_card

seeds = st.integers(min_value=0, max_value=10**6)


def judged(card: Card) -> Reason:
    return read_card(Embossed(card.number, card.cvv, card.year, card.month), (2026, 11)).refuses


@given(seeds)
def test_good_cards_are_taken_and_no_two_are_alike(seed: int) -> None:
    wallet = Wallet(seed)
    assert {judged(card) for card in wallet.good} == {Reason.NONE}
    assert not {card.number for card in wallet.good} & TRICKS.keys()
    assert len({card.number for card in wallet.cards}) == len(wallet.cards) >= 29


@given(seeds)
def test_a_seed_gives_the_same_cards_again(seed: int) -> None:
    assert Wallet(seed).cards == Wallet(seed).cards
    assert Wallet(seed).cards != Wallet(seed + 1).cards


def test_a_card_never_shows_itself() -> None:
    assert {repr(card) for card in Wallet(1).cards} == {"Card(…)"}
