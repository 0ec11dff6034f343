"""The page is one file: nothing is loaded from elsewhere, and its own policy allows just what stands in it."""

import base64
import hashlib
from html.parser import HTMLParser

from mallkit.docs_page import page


class Reader(HTMLParser):
    """Keeps the tags with their attributes and the text inside style and script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser."""
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        """Called by the parser."""
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        """Called by the parser."""
        self.texts[self._inside] = self.texts.get(self._inside, "") + data

    def only(self, tag: str) -> dict[str, str | None]:
        """The attributes of the one tag of that name."""
        [found] = [attributes for name, attributes in self.tags if name == tag]
        return found


def digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_the_policy_allows_exactly_the_script_and_style_that_stand_in_the_page() -> None:
    read = Reader(page("The mall", "/openapi.json").decode())
    [policy] = [attributes["content"] or "" for tag, attributes in read.tags if tag == "meta" and "http-equiv" in attributes]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{digest(read.texts['script'])}'"
    assert rules["style-src"] == f"'sha256-{digest(read.texts['style'])}'"
    assert rules["connect-src"] == "'self'"
    assert "unsafe" not in policy


def test_nothing_is_loaded_from_elsewhere() -> None:
    html = page("The mall", "/openapi.json").decode()
    read = Reader(html)
    assert [attributes[key] for _, attributes in read.tags for key in ("src", "href", "action") if key in attributes] == ["data:,"]
    assert "http://" not in html
    assert "https://" not in html


def test_text_is_never_set_as_markup() -> None:
    script = Reader(page("The mall", "/openapi.json").decode()).texts["script"]
    for dangerous in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser"):
        assert dangerous not in script


def test_title_and_address_are_escaped() -> None:
    html = page('<script>alert("x")</script>{policy}', '/openapi.json?a="><b>').decode()
    assert "<script>alert" not in html
    read = Reader(html)
    assert read.only("body")["data-openapi"] == '/openapi.json?a="><b>'
    assert "{policy}" in read.texts["title"]
