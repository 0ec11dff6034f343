"""Sessions and refresh tokens as rules."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallkit.errors import Unauthenticated
from svc_auth import domain
from svc_auth.domain import Lives, Reused, Session

LIVES = Lives(access=900, refresh=3600, grace=10)
KEY = "k" * 32
NEW = domain.start("s1", "ann", 1000.0, LIVES)


@pytest.mark.requirement(4, 10)
def test_each_use_of_the_newest_refresh_token_leads_to_the_next_one() -> None:
    session = domain.rotate(NEW, 1, 1010.0, LIVES)
    assert (session.counter, session.access_ends, session.refresh_ends) == (2, 1910.0, 4610.0)
    assert domain.rotate(session, 2, 1020.0, LIVES).counter == 3


@pytest.mark.requirement(4)
def test_repeating_the_last_used_one_within_the_grace_leads_to_the_same_successor() -> None:
    used = domain.rotate(NEW, 1, 1010.0, LIVES)
    again = domain.rotate(used, 1, 1019.9, LIVES)
    assert again.counter == used.counter
    assert again.access_ends == 1919.9
    assert again.rotated_at == used.rotated_at, "repeating must not lengthen the grace"


@pytest.mark.requirement(10)
@pytest.mark.parametrize(("counter", "at"), [(1, 1020.0), (1, 2000.0)])
def test_repeating_it_later_is_reuse(counter: int, at: float) -> None:
    used = domain.rotate(NEW, 1, 1010.0, LIVES)
    with pytest.raises(Reused):
        domain.rotate(used, counter, at, LIVES)


@pytest.mark.requirement(10)
@given(newest=st.integers(3, 50), sent=st.integers(0, 60))
def test_only_the_newest_and_the_one_before_it_are_ever_taken(newest: int, sent: int) -> None:
    session = replace(NEW, counter=newest, rotated_at=1010.0)
    if sent in (newest, newest - 1):
        assert domain.rotate(session, sent, 1011.0, LIVES).counter == sent + 1
        return
    with pytest.raises(Reused):
        domain.rotate(session, sent, 1011.0, LIVES)


@pytest.mark.requirement(8, 10)
def test_a_session_that_is_over_gives_nothing() -> None:
    with pytest.raises(Unauthenticated):
        domain.rotate(NEW, 1, NEW.refresh_ends, LIVES)
    with pytest.raises(Unauthenticated):
        domain.rotate(domain.end(NEW, 7), 1, 1001.0, LIVES)


def test_an_ended_session_keeps_its_place() -> None:
    ended = domain.end(NEW, 7)
    assert domain.end(ended, 8) is ended
    assert ended.ended
    assert not NEW.ended


def test_a_revocation_is_kept_longer_than_the_last_access_token() -> None:
    late = replace(domain.end(NEW, 7), access_ends=5000.0)
    assert late.forget_at == 5000.0 + domain.CLOCKS_APART
    assert NEW.forget_at == NEW.refresh_ends + domain.CLOCKS_APART


def test_places_grow_even_when_the_store_was_lost_or_the_clock_goes_back() -> None:
    first = domain.next_place(0, 1_000_000.0)
    assert domain.next_place(first, 1_000_000.0) == first + 1
    assert domain.next_place(first, 999_000.0) == first + 1
    assert domain.next_place(0, 1_000_001.0) > first + 1


@given(counter=st.integers(0, 10**9 - 1))
def test_a_refresh_token_is_read_as_it_was_written(counter: int) -> None:
    token = domain.write_refresh_token(KEY, "s1", counter)
    assert domain.read_refresh_token(KEY, token) == ("s1", counter)
    assert domain.write_refresh_token(KEY, "s1", counter) == token


@pytest.mark.requirement(10)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token.replace("s1.1.", "s1.2."),
        lambda token: token.replace("s1.1.", "s2.1."),
        lambda token: token.replace("s1.1.", "s1.01."),
        lambda token: token.replace("s1.1.", "s1.¹."),
        lambda token: token.replace("s1.1.", "s1.-1."),
        lambda _: "s1.1.",
        lambda _: "..",
        lambda _: "s1." + "9" * 5000 + ".x",
        lambda _: "é.1.ü",
    ],
)
def test_a_refresh_token_that_was_not_written_here_is_refused(spoil: object) -> None:
    token = domain.write_refresh_token(KEY, "s1", 1)
    assert callable(spoil)
    with pytest.raises(Unauthenticated):
        domain.read_refresh_token(KEY, spoil(token))


def test_another_key_makes_other_tokens() -> None:
    with pytest.raises(Unauthenticated):
        domain.read_refresh_token("x" * 32, domain.write_refresh_token(KEY, "s1", 1))


def test_an_address_is_one_in_any_case() -> None:
    assert domain.fold("Ann.B@Example.ORG") == domain.fold("ann.b@example.org")


def test_a_session_starts_alive_with_its_first_refresh_token() -> None:
    assert Session("s1", "ann", access_ends=1900.0, refresh_ends=4600.0, began=1000.0) == NEW
