"""The examples of the documents: fenced blocks with the language and the note that stand with them.

A shell block that asks the mall is run by `tests/journeys/test_docs.py`; one JSON block is what the note before it says:
`<!-- is contracts.bank_webhook.BankNews -->` or `<!-- POST /api/v1/coupons as operator: 201 -->`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.test_rooms import ROOT

FENCE = re.compile(r"^(?:<!-- (?P<note>.*?) -->\n)?(?P<indent> *)```(?P<language>\w*)\n(?P<body>.*?)^ *```$", re.DOTALL | re.MULTILINE)
SHELLS = frozenset({"bash", "sh"})
ASKS = re.compile(r"\bcurl\b")
IS = re.compile(r"is (?P<module>[\w.]+)\.(?P<name>\w+)")
SENT = re.compile(r"(?P<method>POST|PUT|PATCH) (?P<path>/\S*) as (?P<who>\w+): (?P<status>\d{3})")
DOCUMENTS = sorted((ROOT / "README.md", *(ROOT / "docs").rglob("*.md")))


@dataclass(frozen=True, slots=True)
class Example:
    """A fenced block; `note` is the comment in the line before it."""

    document: Path
    language: str
    note: str
    body: str

    @property
    def asks(self) -> bool:
        """Whether it sends requests."""
        return ASKS.search(self.body) is not None


def examples(document: Path) -> list[Example]:
    """In their order."""
    found = FENCE.finditer(document.read_text(encoding="utf-8"))
    return [Example(document, each["language"], each["note"] or "", each["body"]) for each in found]


def scripts() -> dict[Path, str]:
    """The shell blocks that ask the mall, one script a document; the README's journey has a test of its own."""
    told = {
        document: [each.body for each in examples(document) if each.language in SHELLS and each.asks]
        for document in DOCUMENTS
        if document.name != "README.md"
    }
    return {document: "\n".join(bodies) for document, bodies in told.items() if bodies}


def documents_of_json() -> list[Example]:
    """Every JSON block."""
    return [each for document in DOCUMENTS for each in examples(document) if each.language == "json"]
