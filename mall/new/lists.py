"""The lists in which a service stands besides its own files: parts, contracts, ports, linters, doors, documents."""

import re
from collections.abc import Callable
from pathlib import Path

from mall.new.names import Named
from mall.new.rooms import ROOMS

LAST_SERVICE = "checkout"
"""The service behind which a new one is put."""
Edit = Callable[[str, Named], str]


class CannotAdd(Exception):
    """A list is not as it is expected; the text names it."""


def entered(service: Named, root: Path) -> dict[str, str]:
    """Path in the checkout → its new text. Raises CannotAdd for a file that has no place for the service."""
    changed = {}
    for path, edit in EDITS.items():
        text = (root / path).read_text(encoding="utf-8")
        after = edit(text, service)
        if after == text:
            raise CannotAdd(f"{path} has no place for another service")
        changed[path] = after
    return changed


def _contract(text: str, service: Named) -> str:
    return re.sub(r"^(SERVICES = \(.*)\)$", rf'\1, "{service.name}")', text, count=1, flags=re.MULTILINE)


def _part(text: str, service: Named) -> str:
    line = f'    Part("{service.name}", "svc_{service.name}", 1),'
    return re.sub(rf'^(    Part\("{LAST_SERVICE}", .*\n)', rf"\1{line}\n", text, flags=re.MULTILINE)


def _linted(text: str, service: Named) -> str:
    """Beside the last service, wherever it stands: as a package, or with one of the rooms that the new one has too."""

    def beside(found: re.Match[str]) -> str:
        room = found[1]
        there = not room or room[1:] in ROOMS
        return f'{found[0]}, "svc_{service.name}{room}"' if there else found[0]

    return re.sub(rf'"svc_{LAST_SERVICE}((?:\.\w+)?)"', beside, text)


def _dev(text: str, service: Named) -> str:
    return _before_bank(text, f"[{service.name}]\nport = {service.port}\n\n")


def _test(text: str, service: Named) -> str:
    return _before_bank(text, f"[{service.name}]\nport = {service.test_port}\n\n")


def _online(text: str, service: Named) -> str:
    line = rf'^({LAST_SERVICE} = "http://{LAST_SERVICE}:\d+"\n)'
    text = re.sub(line, rf'\1{service.name} = "http://{service.name}:{service.port}"\n', text, flags=re.MULTILINE)
    return text.replace("[audit]\n", f"[{service.name}]\nport = {service.port}\n\n[audit]\n", 1)


def _before_bank(text: str, table: str) -> str:
    return text.replace("[bank]\n", f"{table}[bank]\n", 1)


def _example(text: str, service: Named) -> str:
    return re.sub(rf"^(# gateway .*\b{LAST_SERVICE}\b)", rf"\1 {service.name}", text, count=1, flags=re.MULTILINE)


def _door(text: str, service: Named) -> str:
    return text.replace("DOORS = [\n", f'DOORS = [\n    ("POST", "/api/v1/{service.name}", SIGNED_IN),\n', 1)


def _readme(text: str, service: Named) -> str:
    return re.sub(rf"^(\| {LAST_SERVICE} \| \d+ \|.*\n)", rf"\1| {service.name} | {service.port} | entries |\n", text, flags=re.MULTILINE)


EDITS: dict[str, Edit] = {
    "contracts/__init__.py": _contract,
    "mall/parts.py": _part,
    "pyproject.toml": _linted,
    "conf/dev.toml": _dev,
    "conf/test.toml": _test,
    "conf/online.toml": _online,
    ".env.example": _example,
    "tests/gateway/test_table.py": _door,
    "README.md": _readme,
}
