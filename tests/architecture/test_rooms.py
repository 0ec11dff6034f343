"""The shape of the tree: no stray rooms, no long files, every module says what it is for."""

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 300
ROOMS = {
    "__init__.py", "__main__.py", "app.py", "consumers.py", "domain.py", "domain", "handlers.py", "jobs.py", "persons.py", "ports.py",
    "repository.py", "repository", "settings.py", "use_cases.py", "use_cases", "views.py",
}  # fmt: skip
ADAPTERS = {
    "svc_auth": {"issuer.py", "keyring.py", "passwords.py", "tries.py", "guest_carts.py", "opening.py", "addresses.py", "ringfile.py"},
    "svc_payment": {"providers"},
    "svc_user": {"keepers.py"},
    "svc_cart": {"faces.py", "rates.py"},
    "svc_product": {"rates.py"},
}
"""Rooms that only one service has: each an adapter with a name of its own."""


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "--", *patterns], cwd=ROOT, check=True, capture_output=True)
    return [ROOT / line for line in listed.stdout.decode().splitlines() if (ROOT / line).is_file()]


def test_every_service_has_the_same_rooms() -> None:
    strays = [
        str(path.relative_to(ROOT))
        for path in tracked("svc_*/**.py")
        if path.relative_to(ROOT).parts[1] not in ROOMS | ADAPTERS.get(path.relative_to(ROOT).parts[0], set())
    ]
    assert strays == []


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = {str(path.relative_to(ROOT)): lines for path in tracked("*.py") if (lines := len(path.read_text().splitlines())) > LONGEST}
    assert long == {}


def test_every_module_says_in_its_first_sentence_what_it_is_for() -> None:
    silent = [str(path.relative_to(ROOT)) for path in tracked("*.py") if ast.get_docstring(ast.parse(path.read_text())) is None]
    assert silent == []


def test_nothing_committed_names_a_machine_or_a_registry() -> None:
    words = ("/wo" + "rk/", "/ro" + "ot/", "--index" + "-url", "extra" + "-index")
    found = []
    for path in tracked():
        if path.suffix in {".py", ".md", ".toml", ".lock", ".json", ".yaml", ".sh", ""}:
            text = path.read_text(errors="replace")
            found += [f"{path.relative_to(ROOT)}: {word}" for word in words if word in text]
    assert found == []
