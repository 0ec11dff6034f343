"""The borders between the modules are checked: whoever crosses one is told so by `make check`. And interfaces stand in one place."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contracts import SERVICES
from tests.architecture.test_rooms import ROOT, tracked

CROSSINGS = {
    "svc_cart/views.py": ("import svc_user.domain", "Services do not import each other"),
    "mallkit/ids.py": ("import contracts.order", "The kit knows no service"),
    "svc_user/domain.py": ("import socket", "Rules, ports and use cases touch no I/O library"),
    "svc_product/handlers.py": ("import svc_product.repository.stock", "Handlers, consumers and jobs do not reach repositories"),
    "gateway/headers.py": ("import mall.parts", "Only the mall command knows all services"),
    "contracts/user.py": ("import sqlite3", "Contracts are pure data"),
    "svc_order/views.py": ("import svc_order.app", "Rooms are layers"),
}
"""File → a line that must not stand in it, and the border that it crosses."""
CLIENTS = {"aiohttp.ClientSession", "aiohttp.request", "httpx", "requests", "urllib.request", "http.client"}
MOCKS = {"mock", "unittest.mock", "pytest_mock", "responses", "aioresponses", "respx"}


def modules(*patterns: str) -> dict[Path, ast.Module]:
    """Parsed, by path."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in tracked(*patterns)}


def imported(module: ast.Module) -> set[str]:
    """Names of modules, and of what is taken out of them."""
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.requirement(182)
def test_every_border_is_guarded(tmp_path: Path) -> None:
    for path in tracked("*.py", "pyproject.toml"):
        there = tmp_path / path.relative_to(ROOT)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, there)
    for name, (line, _) in CROSSINGS.items():
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    linter = str(Path(sys.prefix) / "bin" / "lint-imports")
    told = subprocess.run([linter, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert told.returncode == 1, told.stdout
    kept = [line for line in told.stdout.splitlines() if line.endswith("KEPT")]
    broken = [line for line in told.stdout.splitlines() if line.endswith("BROKEN")]
    assert (kept, len(broken)) == ([], len(CROSSINGS))
    assert [border for _, border in CROSSINGS.values() if not any(line.startswith(border) for line in broken)] == []


@pytest.mark.requirement(157, 200)
def test_what_services_promise_stands_in_contracts_and_nowhere_else() -> None:
    assert {name for name in SERVICES if not (ROOT / "contracts" / f"{name}.py").is_file()} == set()
    declared = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, module in modules("svc_*/**.py", "gateway/*.py", "sandbox_bank/*.py").items()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Endpoint"
    ]
    assert declared == []


@pytest.mark.requirement(157)
def test_services_reach_each_other_by_the_typed_client_only() -> None:
    own = {str(path.relative_to(ROOT)): found for path, module in modules("svc_*/**.py").items() if (found := _used(module) & CLIENTS)}
    assert {name for name in own if not name.startswith("svc_payment/providers/")} == set(), "providers are no services of ours"


def _used(module: ast.Module) -> set[str]:
    """What is imported, and what is taken out of it where it is used."""
    return imported(module) | {ast.unparse(node) for node in ast.walk(module) if isinstance(node, ast.Attribute)}


@pytest.mark.requirement(199)
def test_rules_are_tested_as_they_are_without_mocks() -> None:
    tests = modules("tests/**.py")
    assert [str(path) for path, module in tests.items() if imported(module) & MOCKS] == []
    patched = [
        str(path) for path in tests if path.name != Path(__file__).name and "monkeypatch.setattr" in path.read_text(encoding="utf-8")
    ]
    assert patched == []
    with_rules = {path.relative_to(ROOT).parts[0] for path in tracked("svc_*/domain.py", "svc_*/domain/*.py", "sandbox_bank/domain.py")}
    known = {name.partition(".domain")[0] for module in tests.values() for name in imported(module) if ".domain" in name}
    assert with_rules - known == set(), "services whose rules no test takes in hand"
