"""Another signing key, while tokens are signed and checked: published first, followed by every copy, never lost."""

import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from svc_auth.domain import service_bearer
from svc_auth.keyring import FileRing, chosen
from svc_auth.ringfile import (
    FILE,
    MOST_KEYS,
    PUBLISHED_AHEAD,
    BadRing,
    RingKey,
    StoredKeys,
    TooManyKeys,
    make,
    new_seed,
    private_key,
    public_text,
    read,
    rotate,
)  # fmt: skip
from tests.mallhouse import SHOPPER, house
from tests.svc_auth.conftest import MANY

NOW, LIFE = 1_000_000.0, 900.0
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(6)]
FOREVER = """
import sys, time
from pathlib import Path
from svc_auth.ringfile import rotate
print("ready", flush=True)
while True:
    rotate(Path(sys.argv[1]), time.time(), -10_000.0)
"""


class Clock:
    """A time that the test sets."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def kid_of(ring: FileRing, now: float) -> str:
    return str(jwt.get_unverified_header(ring.sign(service_bearer("cart"), now))["kid"])


def kids(ring: FileRing) -> list[str]:
    return [key["kid"] for key in ring.public()]


@pytest.mark.requirement(4)
def test_a_new_key_is_published_before_it_signs_and_the_former_verifies_until_its_last_token_has_ended(tmp_path: Path) -> None:
    clock = Clock(time.time())
    ring = FileRing(tmp_path / FILE, int(LIFE), clock, every=0.0)
    (first,) = kids(ring)
    second = rotate(tmp_path / FILE, clock.now, LIFE)
    assert second.since == clock.now + PUBLISHED_AHEAD
    assert kids(ring) == [first, second.kid]
    assert kid_of(ring, clock.now) == first, "published, and does not sign yet"
    clock.now = second.since
    assert kid_of(ring, clock.now) == second.kid
    assert kids(ring) == [second.kid, first]
    clock.now = second.since + LIFE - 1
    assert first in kids(ring)
    clock.now = second.since + LIFE
    assert kids(ring) == [second.kid]
    clock.now = second.since - 10_000  # a clock that goes back: whoever signs is published, and the others still are
    assert kids(ring)[0] == kid_of(ring, clock.now) == first
    assert second.kid in kids(ring)


@given(
    gaps=st.lists(st.floats(0, 3000), min_size=1, max_size=6),
    looks=st.lists(st.floats(-4000, 20_000), min_size=1, max_size=20),
)
def test_every_token_that_lives_has_its_key_published(gaps: list[float], looks: list[float]) -> None:
    """Signed at any time, looked at any time before its end, as long as the clock only goes on."""
    since = [NOW + sum(gaps[:n]) for n in range(len(gaps))]
    ring = [RingKey(key, at) for key, at in zip(KEYS, since, strict=False)]
    for signed_after in looks:
        at = NOW + signed_after
        signing, _ = chosen(ring, at, LIFE)
        for later in (0.0, LIFE / 2, LIFE - 0.001):
            now_signing, others = chosen(ring, at + later, LIFE)
            published = {public_text(key) for key in (now_signing.public_key(), *others)}
            assert public_text(signing.public_key()) in published
            assert len(published) == 1 + len(others), "none is published twice"


@pytest.mark.requirement(4)
def test_two_rotations_at_once_both_happen(tmp_path: Path) -> None:
    path, now = tmp_path / FILE, time.time()
    with ThreadPoolExecutor(8) as threads:
        made = [key.kid for key in threads.map(lambda _: rotate(path, now, LIFE), range(8))]
    assert {key.kid for key in read(path)} >= set(made)
    assert len(read(path)) == 9
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_more_keys_are_made_than_can_be_published_and_old_ones_are_forgotten(tmp_path: Path) -> None:
    path, now = tmp_path / FILE, time.time()
    for _ in range(MOST_KEYS - 1):
        rotate(path, now, LIFE)
    with pytest.raises(TooManyKeys, match="are published already"):
        rotate(path, now, LIFE)
    assert len(read(path)) == MOST_KEYS
    newest = rotate(path, now + 10_000, LIFE)
    assert [key.kid for key in read(path)][-1] == newest.kid
    assert len(read(path)) == 2


def test_a_rotation_that_is_killed_leaves_a_good_ring(tmp_path: Path) -> None:
    path, dice = tmp_path / FILE, random.Random(5)
    make(path)
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-c", FOREVER, str(path)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(dice.uniform(0.0, 0.1))
            child.kill()
        assert len(read(path)) in {1, 2}
    (tmp_path / f"{FILE}.new").write_bytes(b"half")
    assert read(path)[-1].kid != rotate(path, time.time(), LIFE).kid
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_a_file_that_is_spoilt_or_gone_while_auth_runs_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / FILE
    ring = FileRing(path, int(LIFE), every=0.0)
    before, content = kids(ring), path.read_bytes()
    for harm in (lambda: path.write_bytes(b"{}"), path.unlink):
        harm()
        assert kids(ring) == before
    with pytest.raises(FileNotFoundError):
        read(path)
    path.write_bytes(msgspec.json.encode(StoredKeys([])))
    with pytest.raises(BadRing):
        read(path)
    path.write_bytes(content)
    added = rotate(path, time.time(), LIFE)
    assert kids(ring) == [*before, added.kid]


@pytest.mark.requirement(4, 6)
async def test_by_settings_two_copies_can_change_keys_one_after_the_other(tmp_path: Path) -> None:
    """The steps of docs/kit/identity.md: publish the new one, sign with it, take the old one away."""
    old, new = new_seed(), new_seed()
    old_public, new_public = (public_text(private_key(seed).public_key()) for seed in (old, new))
    settings = {"MALL_AUTH_TRIES_PER_ADDRESS": MANY}
    first = settings | {"MALL_AUTH_SIGNING_KEY": old, "MALL_AUTH_VERIFYING_KEYS": new_public}
    second = settings | {"MALL_AUTH_SIGNING_KEY": new, "MALL_AUTH_VERIFYING_KEYS": old_public}
    async with house(tmp_path, "auth", "user", **first) as mall:
        before = (await mall.login(*SHOPPER))["access_token"]
        async with house(tmp_path, "auth", **second | {"MALL_DATA": str(tmp_path)}) as other:
            after = (await other.login(*SHOPPER))["access_token"]
            assert len({jwt.get_unverified_header(token)["kid"] for token in (before, after)}) == 2
            for token in (before, after):
                assert (await mall.call("user", "GET", "/api/v1/users/me", token=token)).status == 200
                for copy in (mall, other):
                    assert (await copy.call("auth", "GET", "/api/v1/auth/sessions", token=token)).status == 200
