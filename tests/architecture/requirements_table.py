"""Which test shows which requirement: reads the marks from the test tree, and writes them into docs/requirements.md.

`python -m tests.architecture.requirements_table` brings the table up to date; the words of the requirements stand in the table alone.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "requirements.md"
LAST = 212
LATER = "later"
_ROW = re.compile(r"\| (?P<number>\d+) \| (?P<words>[^|]+) \| (?P<shown>[^|]*) \|")
_TEST = re.compile(r"`(tests/[^`]+)`")


class StrayMarkError(Exception):
    """A mark that says nothing: not on a test, or without plain numbers of the list."""


def marked(folder: Path, root: Path = ROOT) -> dict[int, list[str]]:
    """Requirement → the tests below `folder` that carry its number, as pytest names them. Raises StrayMarkError."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for path in sorted(folder.rglob("*.py")):
        where = path.relative_to(root).as_posix()
        for name, number in _marks(ast.parse(path.read_text(encoding="utf-8")), where):
            found[number].append(f"{where}::{name}")
    return dict(found)


def _marks(module: ast.Module, where: str) -> Iterator[tuple[str, int]]:
    calls = {id(node): node for node in ast.walk(module) if isinstance(node, ast.Call) and _is_mark(node)}
    for name, decorators in _tests(module.body):
        for call in (calls.pop(id(decorator)) for decorator in decorators if id(decorator) in calls):
            yield from ((name, number) for number in _numbers(call, where))
    if calls:
        lines = sorted(node.lineno for node in calls.values())
        message = f"{where}: requirement marks that are on no test, lines {lines}"
        raise StrayMarkError(message)


def _is_mark(call: ast.Call) -> bool:
    return ast.unparse(call.func) == "pytest.mark.requirement"


def _tests(body: Sequence[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Sequence[ast.expr]]]:
    """Test functions and classes by pytest's names, with their decorators."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield prefix + node.name, node.decorator_list
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield prefix + node.name, node.decorator_list
            yield from _tests(node.body, f"{prefix}{node.name}::")


def _numbers(call: ast.Call, where: str) -> list[int]:
    values = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    numbers = [value for value in values if isinstance(value, int) and 1 <= value <= LAST]
    if not numbers or len(numbers) != len(call.args) or len(set(numbers)) != len(numbers):
        message = f"{where}, line {call.lineno}: a requirement mark takes different whole numbers from 1 to {LAST}"
        raise StrayMarkError(message)
    return numbers


def rows(text: str) -> list[tuple[int, str, list[str]]]:
    """Number, words, and the tests named in the third column; none where it says later."""
    found = [(int(row["number"]), row["words"], row["shown"]) for row in map(_ROW.fullmatch, text.splitlines()) if row]
    return [(number, words, [] if shown == LATER else _TEST.findall(shown) or [shown]) for number, words, shown in found]


def rewritten(text: str, shown: dict[int, list[str]]) -> str:
    """The same document, its third column as the tests say; lines that are no row stay."""

    def fill(row: re.Match[str]) -> str:
        tests = "<br>".join(f"`{test}`" for test in shown.get(int(row["number"]), []))
        return f"| {row['number']} | {row['words']} | {tests or LATER} |"

    return "".join(_ROW.sub(fill, line) for line in text.splitlines(keepends=True))


def main() -> int:
    """Writes the table; tells how many requirements are shown by a test."""
    shown = marked(ROOT / "tests")
    TABLE.write_text(rewritten(TABLE.read_text(encoding="utf-8"), shown), encoding="utf-8")
    sys.stdout.write(f"{len(shown)} of {LAST} requirements are shown by a test\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
