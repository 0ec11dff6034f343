"""Which suspects count: those that every reading has shown, at the same versions, for as long as their patience."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mall.auditing.invariants import Patience, Suspect
from mall.auditing.watch import Watch

GRACE = 60.0


def suspect(name: str = "a", version: str = "order a@1", patience: Patience = Patience.GRACE) -> Suspect:
    return Suspect("order-money", name, "paid 1, captured 2", patience, (version,))


def watch() -> Watch:
    return Watch({Patience.GRACE: GRACE, Patience.PUBLISH: 10.0})


def test_what_holds_at_every_moment_counts_at_once() -> None:
    hard = suspect(patience=Patience.NONE)
    assert watch().look([hard], 0, 1) == [hard]


@pytest.mark.requirement(166)
def test_what_lies_between_services_counts_after_its_grace() -> None:
    seen = watch()
    assert seen.look([suspect()], 0, 1) == []
    assert seen.look([suspect()], 60, 61) == []
    assert seen.look([suspect()], 61, 62) == [suspect()]


def test_another_version_is_another_suspect() -> None:
    seen = watch()
    seen.look([suspect()], 0, 1)
    assert seen.look([suspect(version="order a@2")], 70, 71) == []
    assert seen.look([suspect(version="order a@2")], 140, 141) == [suspect(version="order a@2")]


def test_what_was_gone_in_between_begins_anew() -> None:
    seen = watch()
    seen.look([suspect()], 0, 1)
    seen.look([], 30, 31)
    assert seen.look([suspect()], 70, 71) == []


def test_after_a_reading_that_failed_all_begins_anew() -> None:
    seen = watch()
    seen.look([suspect()], 0, 1)
    seen.forget()
    assert seen.look([suspect()], 70, 71) == []


def test_an_event_has_its_own_patience() -> None:
    event = suspect(patience=Patience.PUBLISH)
    seen = watch()
    seen.look([event], 0, 1)
    assert seen.look([event], 11, 12) == [event]


@given(readings=st.lists(st.tuples(st.floats(0.1, 30), st.frozensets(st.sampled_from("abc"))), max_size=20))
def test_nothing_counts_that_was_not_seen_without_a_break_for_its_grace(readings: list[tuple[float, frozenset[str]]]) -> None:
    seen, now, since = watch(), 0.0, dict[str, float]()
    for pause, names in readings:
        now += pause
        since = {name: since.get(name, now) for name in names}
        counted = seen.look([suspect(name, f"order {name}@1") for name in sorted(names)], now, now)
        assert {each.id for each in counted} == {name for name, first in since.items() if now - first >= GRACE}
