"""README and docs speak of what there is: links, files, make targets, settings, ports, accounts, refusals."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mall import journey
from mall.parts import PARTS
from mall.plan import OF_THE_COMMAND
from mallkit.settings import Common
from mallkit.sources import is_neighbour
from tests.architecture import errors_table
from tests.architecture.examples import DOCUMENTS, IS, SENT, SHELLS, examples
from tests.architecture.test_rooms import ROOT, tracked

README = ROOT / "README.md"
TROUBLESHOOTING = ROOT / "docs" / "troubleshooting.md"
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|``[^`].*?``|`[^`\n]+`", re.DOTALL)
REFUSING = (
    "mall/preflight.py", "mall/plan.py", "mall/broker.py", "mallkit/settings.py", "mallkit/sources.py", "mallkit/sqlite_schema.py",
    "mallkit/eventing.py", "svc_auth/settings.py", "svc_auth/ringfile.py", "mall/drills/allowed.py",
)  # fmt: skip
"""Modules whose sentences are told to whoever starts the mall."""
documents = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def code(path: Path) -> list[str]:
    """Code spans and blocks."""
    return [found.strip("`") for found in CODE.findall(text(path))]


def table(path: Path, heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its head."""
    rows = re.findall(r"^\|(.*)\|$", text(path).partition(f"\n{heading}\n")[2].partition("\n## ")[0], flags=re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in rows[2:]]


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", text(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.requirement(209, 210)
@documents
def test_every_link_leads_somewhere(document: Path) -> None:
    broken = []
    for link in LINK.findall(text(document)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@documents
def test_every_file_that_is_named_is_there(document: Path) -> None:
    tops = {path.relative_to(ROOT).parts[0] for path in tracked()}
    named = {word for span in code(document) for word in re.findall(r"(?<![\w./<>-])[\w.-]+/[\w./*{}<>-]*", span)}
    paths = {word for word in named if word.split("/")[0] in tops and not set(word) & set("*{}<>")}
    assert {path for path in paths if not (ROOT / path).exists()} == set()


@pytest.mark.requirement(197)
def test_every_make_target_that_is_named_is_there_and_explained() -> None:
    told = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    targets = {line.split("\t")[0] for line in told.splitlines()}
    named = {target for path in DOCUMENTS for span in code(path) for target in re.findall(r"(?:^|\s)make ([a-z-]+)", span)}
    assert {"up", "test", "check", "bench"} <= named <= targets


def test_every_setting_that_is_named_is_one() -> None:
    fields = {f"MALL_{field}".upper() for field in Common.__struct_fields__} | {"MALL_ENV", *OF_THE_COMMAND}
    for part in PARTS:
        settings = __import__(f"{part.module}.settings", fromlist=["Settings"]).Settings
        fields |= {f"MALL_{part.name}_{field}".upper() for field in settings.__struct_fields__}
    named = {name for path in DOCUMENTS for name in re.findall(r"MALL_[A-Z][A-Z_]*[A-Z]", text(path)) if not is_neighbour(name)}
    assert named - fields == {"MALL_ORDER_PROT"}, "the example of a misspelt one"


def test_the_readme_tells_the_ports_and_accounts_that_there_are() -> None:
    conf = tomllib.loads((ROOT / "conf" / "dev.toml").read_text(encoding="utf-8"))
    told = {cells[0]: int(cells[1]) for cells in table(README, "## What runs where")}
    assert told == {name: values["port"] for name, values in conf.items() if "port" in values}
    for email, password in (journey.SHOPPER, journey.OPERATOR, journey.ADMIN):
        assert f"`{email}` / `{password}`" in text(README)


def test_the_examples_of_events_stand_in_the_code() -> None:
    examples = re.findall(r"```python\n(.*?)```", text(ROOT / "docs" / "kit" / "events.md"), re.DOTALL)
    homes = (ROOT / "contracts" / "payment.py", ROOT / "svc_order" / "consumers.py")
    assert [example in text(home) for example, home in zip(examples, homes, strict=True)] == [True, True]
    assert 'listens={"payment": payment},\n        consumers=(consumers,),' in text(ROOT / "svc_order" / "app.py")


def test_every_feature_names_its_code_and_its_tests() -> None:
    rows = table(README, "## Features")
    assert len(rows) > 10
    for feature, built, tested in rows:
        assert LINK.findall(built), feature
        assert LINK.findall(tested), feature
        assert all(link.startswith("tests/") for link in LINK.findall(tested)), feature


@pytest.mark.requirement(212)
def test_the_readme_has_its_figures_its_limits_and_its_licence() -> None:
    assert text(README).count("<!-- measured -->") == text(README).count("<!-- /measured -->") == 1
    assert "\n## Limits\n" in text(README)
    assert "MIT License" in text(ROOT / "LICENSE")


@documents
def test_every_request_and_every_json_document_is_in_a_block_that_is_run(document: Path) -> None:
    """The README's journey and tests/journeys/test_docs.py run them."""
    for example in examples(document):
        assert not example.asks or example.language in SHELLS, example.body
        assert example.language != "json" or IS.fullmatch(example.note) or SENT.fullmatch(example.note), example.body
        assert example.language or not example.body.lstrip().startswith(("{", "[")), (
            f"a document in JSON without its language:\n{example.body}"
        )


@pytest.mark.requirement(118, 185)
def test_every_refusal_stands_in_the_docs_and_every_number_with_its_remedy() -> None:
    assert text(errors_table.PAGE) == errors_table.page(), "bring it up to date: python -m tests.architecture.errors_table"
    numbered = [told for told in errors_table.refusals() if told.code is not None]
    assert {4001001, 4001002, 4001003, 4001004, 4001005, 4004001, 4005001, 4005002, 4005003, 4005004, 5001001} == {
        told.code for told in numbered
    }
    assert [told.type for told in numbered if not (told.title and told.meaning and told.remedy)] == []


def sentences(path: Path) -> Iterator[str]:
    """What a module says to people: of each text the longest part without values, if it has two words or more."""
    module = ast.parse(text(path))
    silent = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}  # docstrings
    silent |= {id(part) for node in ast.walk(module) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value for part in node.values if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            parts = [node.value]
        else:
            continue
        longest = max(parts, key=len, default="")
        if re.search(r"[a-z]+ [a-z]+ ", longest) and not longest.isupper():
            yield longest.replace("`", "").strip(" ();:,.[")


@pytest.mark.requirement(145)
@pytest.mark.parametrize("module", REFUSING)
def test_every_refusal_to_start_is_explained(module: str) -> None:
    explained = " ".join(text(TROUBLESHOOTING).replace("`", "").split())
    told = set(sentences(ROOT / module))
    assert told
    assert {sentence for sentence in told if sentence not in explained} == set()
