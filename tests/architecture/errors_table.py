"""The list of refusals, made from the contracts: `python -m tests.architecture.errors_table` writes docs/api/errors.md anew."""

import sys
from pathlib import Path

from gateway.app import TELLING
from gateway.problems import Described, described

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api" / "errors.md"
HEAD = """# Refusals

Every answer that is not 2xx is `application/problem+json` (see [conventions](conventions.md)). This list is made from the contracts
(`python -m tests.architecture.errors_table`); a running mall tells the same at the `type` itself: `GET /problems/payment/card-invalid`.
The seven-digit numbers collide between services: `service` stands beside `code` in every answer, and `type` is unique. Which calls may
answer with a refusal stands in `/docs`.

"""


def refusals() -> list[Described]:
    """All that the gateway may pass on, by type."""
    return sorted(described(TELLING).values(), key=lambda told: told.type)


def page() -> str:
    """The document."""
    lines = ["| type | number | status | message | meaning | remedy |", "|---|---|---|---|---|---|"]
    for told in refusals():
        cells = (f"`{told.type}`", str(told.code or ""), str(told.status), told.title, told.meaning, told.remedy)
        lines.append(f"| {' | '.join(' '.join(cell.split()) for cell in cells)} |".replace("  ", " "))
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{len(refusals())} refusals\n")
