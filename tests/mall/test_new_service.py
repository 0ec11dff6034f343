"""`mall new service NAME` in a copy of this checkout: what it writes passes `make check` and serves through the gateway."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from mall.new.command import main
from tests.architecture.test_rooms import ROOT, tracked

LONGEST = "a23456789012345678901234567890x"
"""As long as a name may be: no line of what is written may be too long for it."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the tree as git knows it, with this interpreter's packages."""
    copy = tmp_path / "checkout"
    copied(tracked(), copy)
    (copy / ".venv").symlink_to(Path(sys.prefix))
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *words], cwd=copy, check=True, capture_output=True)
    return copy


def copied(files: Iterable[Path], checkout: Path) -> None:
    """Into the copy, with their times: what tools remember of them holds there too."""
    for path in files:
        there = checkout / path.relative_to(ROOT)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, there)


def run(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in the copy; nothing of the test run around it is known there."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MALL_", "PYTEST_", "COV_"))}
    return subprocess.run(words, cwd=checkout, env=environ, capture_output=True, text=True, timeout=240, check=False)


def state(checkout: Path) -> dict[Path, bytes]:
    """Every file of the copy that git would see."""
    words = ["git", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(words, cwd=checkout, check=True, capture_output=True, text=True).stdout
    return {Path(line): (checkout / line).read_bytes() for line in listed.splitlines() if (checkout / line).is_file()}


@pytest.mark.requirement(156, 201, 205)
def test_a_new_service_passes_make_check_and_serves_through_the_gateway(checkout: Path) -> None:
    copied((path for path in (ROOT / ".mypy_cache").rglob("*") if path.is_file()), checkout)  # what is known need not be found out again
    made = run(checkout, sys.executable, "-m", "mall", "new", "service", "wishlist")
    assert (made.returncode, "POST /api/v1/wishlist" in made.stdout) == (0, True), made.stderr
    checked = run(checkout, "make", "-o", ".venv/bin/mall", "-o", ".venv/.dev", "check")
    assert checked.returncode == 0, checked.stdout[-3000:] + checked.stderr[-3000:]
    tested = run(checkout, sys.executable, "-m", "pytest", "tests/svc_wishlist", "tests/gateway/test_table.py", "-p", "no:cacheprovider")
    assert tested.returncode == 0, tested.stdout[-3000:]


def test_the_longest_name_makes_no_line_too_long(checkout: Path) -> None:
    assert run(checkout, sys.executable, "-m", "mall", "new", "service", LONGEST).returncode == 0
    ruff = str(Path(sys.prefix) / "bin" / "ruff")
    for words in (["check"], ["format", "--check"]):
        told = run(checkout, ruff, *words, ".")
        assert told.returncode == 0, told.stdout


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Wishlist", "is no name for a service"),
        ("wish_list", "is no name for a service"),
        ("w", "is no name for a service"),
        ("../evil", "is no name for a service"),
        (LONGEST + "x", "is no name for a service"),
        ("order", "there is a part order already"),
        ("bank", "there is a part bank already"),
        ("audit", "there is a part audit already"),
        ("fingerprint", "fingerprint means something else already"),
        ("log", "log means something else already"),
        ("drain", "drain means something else already"),
        ("redis", "means something else already"),
        ("class", "means something else already"),
        ("import", "means something else already"),
        ("list", "means something else already"),
        ("pricing", "means something else already"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_changes_nothing(
    checkout: Path, capsys: pytest.CaptureFixture[str], name: str, told: str
) -> None:
    before = state(checkout)
    assert main(["service", name], {}, checkout) == 2
    assert told in capsys.readouterr().err
    assert state(checkout) == before


@pytest.mark.parametrize(("port", "told"), [("8004", "is given to another part"), ("80", "cannot be used"), ("60000", "cannot be used")])
def test_a_port_that_cannot_be_is_refused(checkout: Path, capsys: pytest.CaptureFixture[str], port: str, told: str) -> None:
    assert main(["service", "wishlist", "--port", port], {}, checkout) == 2
    assert told in capsys.readouterr().err
    assert not (checkout / "svc_wishlist").exists()


def test_a_list_that_is_not_as_expected_is_named_and_nothing_is_written(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = checkout / "tests" / "gateway" / "test_table.py"
    table.write_text(table.read_text().replace("DOORS = [", "DOORS = list(["))
    before = state(checkout)
    assert main(["service", "wishlist"], {}, checkout) == 2
    assert "tests/gateway/test_table.py has no place" in capsys.readouterr().err
    assert state(checkout) == before
