"""docs/requirements.md and the marks in the tests tell the same."""

from pathlib import Path

import pytest

from tests.architecture.requirements_table import LAST, ROOT, TABLE, StrayMarkError, marked, rewritten, rows

REGENERATE = "bring the table up to date: python -m tests.architecture.requirements_table"


def test_the_table_holds_every_requirement_once_in_its_own_words() -> None:
    found = rows(TABLE.read_text(encoding="utf-8"))
    assert [number for number, _, _ in found] == list(range(1, LAST + 1))
    assert all(words.strip() == words and len(words) > 3 for _, words, _ in found)


def test_every_marked_test_stands_in_the_table_and_nothing_else_does() -> None:
    told = {(number, test) for number, _, tests in rows(TABLE.read_text(encoding="utf-8")) for test in tests}
    shown = {(number, test) for number, tests in marked(ROOT / "tests").items() for test in tests}
    assert shown - told == set(), f"marked, but not in the table; {REGENERATE}"
    assert told - shown == set(), f"in the table, but no such marked test; {REGENERATE}"


def test_the_writer_changes_nothing_in_a_table_that_is_right() -> None:
    text = TABLE.read_text(encoding="utf-8")
    assert rewritten(text, marked(ROOT / "tests")) == text, REGENERATE


def test_the_writer_fills_the_third_column_and_leaves_the_rest() -> None:
    text = "# Title\n\n| 3 | Log out | later |\n| 4 | Tokens | `tests/a.py::test_gone` |\nbelow\n"
    after = rewritten(text, {3: ["tests/a.py::test_x", "tests/b.py::test_y"]})
    assert after == "# Title\n\n| 3 | Log out | `tests/a.py::test_x`<br>`tests/b.py::test_y` |\n| 4 | Tokens | later |\nbelow\n"
    assert rows(after) == [(3, "Log out", ["tests/a.py::test_x", "tests/b.py::test_y"]), (4, "Tokens", [])]


def test_marks_are_found_on_functions_methods_and_classes(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(
        "import pytest\n"
        "@pytest.mark.requirement(1, 2)\n@pytest.mark.parametrize('x', [1])\nasync def test_a(x): ...\n"
        "@pytest.mark.requirement(2)\nclass TestB:\n    @pytest.mark.requirement(3)\n    def test_c(self): ...\n"
    )
    names = {1: ["test_a.py::test_a"], 2: ["test_a.py::test_a", "test_a.py::TestB"], 3: ["test_a.py::TestB::test_c"]}
    assert marked(tmp_path, tmp_path) == names


@pytest.mark.parametrize(
    "text",
    [
        "@pytest.mark.requirement(1)\ndef helper(): ...\n",
        "pytestmark = pytest.mark.requirement(1)\n",
        "@pytest.mark.requirement()\ndef test_a(): ...\n",
        "@pytest.mark.requirement(213)\ndef test_a(): ...\n",
        "@pytest.mark.requirement(0)\ndef test_a(): ...\n",
        "@pytest.mark.requirement(NUMBER)\ndef test_a(): ...\n",
        "@pytest.mark.requirement(1, 1)\ndef test_a(): ...\n",
    ],
)
def test_a_mark_that_says_nothing_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "test_a.py").write_text(text)
    with pytest.raises(StrayMarkError, match=r"test_a\.py"):
        marked(tmp_path, tmp_path)
