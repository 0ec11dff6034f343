"""`mall keys`: what it does, what it says, and where it refuses."""

import subprocess
import sys
from pathlib import Path

import pytest

from mall.running import ROOT
from svc_auth.ringfile import FILE, make, private_key, public_key, public_text, read


def keys(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {"PYTHONPATH": str(ROOT), "PATH": "", "MALL_DATA": str(folder)} | settings
    command = [sys.executable, "-m", "mall", "keys", *words]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.requirement(4)
def test_rotate_adds_a_key_and_list_tells_of_both(tmp_path: Path) -> None:
    make(tmp_path / FILE)
    (first,) = read(tmp_path / FILE)
    told = keys(tmp_path, "rotate")
    assert told.returncode == 0, told.stderr
    kept = read(tmp_path / FILE)
    assert kept[0].kid == first.kid
    assert f"key {kept[1].kid} is published now, and signs from " in told.stdout
    listed = keys(tmp_path, "list").stdout.splitlines()
    assert [line.split("  ")[0] for line in listed] == [key.kid for key in kept]
    assert listed[0].partition("  ")[2].startswith("signs since ")
    assert listed[1].partition("  ")[2].startswith("published, signs from ")
    assert not [key for key in kept if public_text(key.private.public_key()) in told.stdout + told.stderr]


def test_new_makes_a_pair_for_the_settings(tmp_path: Path) -> None:
    told = keys(tmp_path, "new", MALL_ENV="online")
    assert told.returncode == 0
    seed = told.stdout.splitlines()[0].partition("=")[2]
    public = told.stdout.splitlines()[1].rpartition(": ")[2]
    assert public_key(public) == private_key(seed).public_key()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"MALL_ENV": "online"}, "keys are settings of auth"),
        ({"MALL_AUTH_SIGNING_KEY": "x" * 44}, "keys are settings of auth"),
        ({"MALL_ENV": "prod"}, "'prod' is no environment"),
        ({"MALL_AUTH_ACCESS_SECONDS": "soon"}, "MALL_AUTH_ACCESS_SECONDS in the environment"),
    ],
)
def test_where_keys_are_settings_nothing_is_rotated(tmp_path: Path, settings: dict[str, str], told: str) -> None:
    refused = keys(tmp_path, "rotate", **settings)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("mall keys: ")
    assert told in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_ring_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"{}")
    refused = keys(tmp_path, "rotate")
    assert (refused.returncode, (tmp_path / FILE).read_bytes()) == (2, b"{}")
    assert "is no key ring" in refused.stderr
