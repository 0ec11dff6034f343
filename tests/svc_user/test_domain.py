"""The life of a profile as rules."""

import pytest

from mallkit.errors import Missing
from svc_user import domain
from svc_user.domain import KEEPERS, Profile

ANN = Profile("ann", "ann@example.org", "Ann", created_at="2026-01-01T00:00:00.000Z", updated_at="2026-01-01T00:00:00.000Z")
NOW = "2026-02-02T00:00:00.000Z"


@pytest.mark.requirement(15)
def test_a_change_touches_only_what_was_sent() -> None:
    changed = domain.change(ANN, {"phone": "+44 20"}, NOW)
    assert (changed.phone, changed.name, changed.updated_at) == ("+44 20", "Ann", NOW)


@pytest.mark.parametrize("wanted", [{}, {"name": "Ann"}, {"name": "Ann", "locale": ""}])
def test_a_change_that_says_nothing_new_writes_nothing(wanted: dict[str, str]) -> None:
    assert domain.change(ANN, wanted, NOW) is ANN


@pytest.mark.requirement(17)
def test_a_tombstone_holds_nothing_of_the_person_and_never_changes_again() -> None:
    tombstone = domain.bury(ANN, 1000.0)
    assert tombstone == Profile("ann", gone=True, closing=True, owes=KEEPERS, buried=1000.0, due=1001.0)
    assert domain.bury(tombstone, 2000.0) is tombstone
    for wanted in ({}, {"name": "Ann"}):
        with pytest.raises(Missing):
            domain.change(tombstone, wanted, NOW)
    with pytest.raises(Missing):
        domain.present(tombstone)
