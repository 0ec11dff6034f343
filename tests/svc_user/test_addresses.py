"""Addresses as rules: exactly one default while there is any, whatever is added, changed and removed in whatever order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.user import MOST_ADDRESSES, TooManyAddresses
from mallkit.errors import Missing
from svc_user import domain
from svc_user.domain import Address, Profile

ANN = Profile("ann", "ann@example.org", "Ann")
HOME = Address("a1", "Home", "Ann", "Lee", "1 Loop", "Cupertino", "CA", "US", "95014", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
WORK, SHED = replace(HOME, id="a2", label="Work"), replace(HOME, id="a3", label="Shed")


def keeping(*addresses: Address) -> Profile:
    profile = ANN
    for address in addresses:
        profile = domain.add_address(profile, address, default=False)
    return profile


@pytest.mark.requirement(15)
def test_the_first_one_is_the_default_until_another_asks_for_it() -> None:
    assert keeping(HOME, WORK).default_address == "a1"
    assert domain.add_address(keeping(HOME), WORK, default=True).default_address == "a2"
    assert domain.change_address(keeping(HOME, WORK), WORK, default=True).default_address == "a2"
    assert domain.change_address(keeping(HOME, WORK), replace(HOME, city="Paris"), default=False).default_address == "a1"


@pytest.mark.requirement(15)
def test_without_the_default_the_newest_other_one_is_it() -> None:
    three = keeping(HOME, WORK, SHED)
    assert domain.remove_address(three, "a1").default_address == "a3"
    assert domain.remove_address(three, "a2").default_address == "a1"
    assert domain.remove_address(keeping(HOME), "a1").default_address == ""


@pytest.mark.requirement(15)
def test_the_same_request_again_adds_no_second_one_and_brings_no_removed_one_back() -> None:
    kept = keeping(HOME)
    assert domain.add_address(kept, replace(HOME, city="Paris"), default=True) is kept
    removed = domain.remove_address(kept, "a1")
    with pytest.raises(Missing):
        domain.add_address(removed, HOME, default=False)
    for n in range(domain.REMEMBERED + 5):
        removed = domain.remove_address(domain.add_address(removed, replace(HOME, id=f"n{n}"), default=False), f"n{n}")
    assert len(removed.removed) == domain.REMEMBERED


def test_a_change_that_says_nothing_new_writes_nothing() -> None:
    kept = keeping(HOME, WORK)
    assert domain.change_address(kept, replace(HOME, created_at="later", updated_at="later"), default=True) is kept
    changed = domain.change_address(kept, replace(HOME, city="Paris", created_at="later", updated_at="later"), default=False)
    assert changed.addresses == (replace(HOME, city="Paris", updated_at="later"), WORK)


def test_nobody_keeps_more_than_fifty() -> None:
    full = keeping(*(replace(HOME, id=f"n{n}") for n in range(MOST_ADDRESSES)))
    with pytest.raises(TooManyAddresses):
        domain.add_address(full, WORK, default=True)
    assert domain.add_address(full, replace(HOME, id="n7"), default=False) is full, "again is no further one"


@pytest.mark.requirement(17)
def test_a_tombstone_has_none_and_takes_none() -> None:
    tombstone = domain.bury(keeping(HOME, WORK), 1000.0)
    assert (tombstone.addresses, tombstone.default_address) == ((), "")
    for change in (
        lambda: domain.add_address(tombstone, HOME, default=True),
        lambda: domain.change_address(tombstone, HOME, default=True),
        lambda: domain.remove_address(tombstone, "a1"),
        lambda: tombstone.address("a1"),
    ):
        with pytest.raises(Missing):
            change()


STEPS = st.lists(st.tuples(st.sampled_from(["add", "change", "remove"]), st.sampled_from("abcd"), st.booleans()), max_size=20)


@pytest.mark.requirement(15)
@given(steps=STEPS)
def test_there_is_exactly_one_default_while_there_is_any_address(steps: list[tuple[str, str, bool]]) -> None:
    profile = ANN
    for what, name, default in steps:
        try:
            if what == "remove":
                profile = domain.remove_address(profile, name)
            else:
                rule = domain.add_address if what == "add" else domain.change_address
                profile = rule(profile, replace(HOME, id=name), default=default)
        except Missing:
            continue
        ids = [address.id for address in profile.addresses]
        assert len(ids) == len(set(ids))
        assert (profile.default_address in ids) if ids else profile.default_address == ""
