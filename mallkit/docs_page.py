"""The page that shows an OpenAPI document: one self-contained file that works offline and lets a reader try every endpoint."""

import base64
import hashlib
from functools import cache
from html import escape
from pathlib import Path
from string import Formatter

STATIC = Path(__file__).parent / "static"


def page(title: str, openapi_url: str) -> bytes:
    """HTML that draws the document at `openapi_url` (same origin). Its policy allows no other script and no other host."""
    style, script = _static("docs.css"), _static("docs.js")
    policy = (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    values = {"title": escape(title), "openapi_url": escape(openapi_url), "policy": policy, "style": style, "script": script}
    return Formatter().vformat(_static("docs.html"), (), values).encode()


@cache
def _static(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
