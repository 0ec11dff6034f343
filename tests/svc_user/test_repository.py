"""Profiles in a store that two copies share."""

import asyncio
from pathlib import Path

import pytest

from mallkit.sqlite import open_store
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
            await asyncio.gather(late[0], copies[1].bury(name), *late[1:])
            assert await copies[0].make(Profile(name, name="Ann")) == Profile(name, gone=True, closing=True)
        assert len(await copies[0].closing()) == 20
        await copies[0].confirm("p0")
        assert len(await copies[1].closing()) == 19
