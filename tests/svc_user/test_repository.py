"""Profiles in a store that two copies share."""

import asyncio
from pathlib import Path

import pytest

from mallkit.sqlite import open_store
from mallkit.store import Kind
from svc_user import domain
from svc_user.domain import Profile
from svc_user.repository import PROFILES, StoredProfiles


@pytest.mark.requirement(15)
async def test_of_two_profiles_made_at_once_both_copies_get_the_first(tmp_path: Path) -> None:
    async with open_store(tmp_path / "user.db", (PROFILES,)) as one, open_store(tmp_path / "user.db", (PROFILES,)) as other:
        copies = [StoredProfiles(one), StoredProfiles(other)]
        for person in range(20):
            made = await asyncio.gather(*(copies[i % 2].make(Profile(f"p{person}", name=f"name {i}")) for i in range(6)))
            assert len(set(made)) == 1
            assert await copies[0].get(f"p{person}") == made[0]


@pytest.mark.requirement(17)
async def test_a_late_profile_never_replaces_the_tombstone(tmp_path: Path) -> None:
    async with open_store(tmp_path / "user.db", (PROFILES,)) as one, open_store(tmp_path / "user.db", (PROFILES,)) as other:
        copies = [StoredProfiles(one), StoredProfiles(other)]
        for person in range(20):
            name = f"p{person}"
            late = [copies[i % 2].make(Profile(name, name="Ann")) for i in range(4)]
            await asyncio.gather(late[0], copies[1].bury(name, 1000.0), *late[1:])
            assert await copies[0].make(Profile(name, name="Ann")) == domain.bury(Profile(name), 1000.0)
        assert await copies[0].due(1000.0) == []
        assert len(await copies[0].due(1001.0)) == 20
        await copies[0].change("p0", lambda found: domain.forgotten(found, domain.KEEPERS, 1001.0, 0.0))
        assert len(await copies[1].due(1001.0)) == 19


@pytest.mark.requirement(17)
async def test_whoever_left_under_a_release_that_told_only_auth_is_forgotten_by_all(tmp_path: Path) -> None:
    before: Kind[Profile] = Kind(name="profiles", type=Profile, fields={"closing": bool}, indexes=(("closing",),))
    async with open_store(tmp_path / "user.db", (before,)) as store:
        await store[before].add(Profile("here", name="Ann"))
        await store[before].add(Profile("gone", gone=True))
        await store[before].add(Profile("going", gone=True, closing=True))
    async with open_store(tmp_path / "user.db", (PROFILES,)) as store:
        left = await StoredProfiles(store).due(1.0)
        assert {(profile.id, profile.owes) for profile in left} == {("gone", domain.KEEPERS), ("going", domain.KEEPERS)}
        assert await store[PROFILES].get("here") == Profile("here", name="Ann")
