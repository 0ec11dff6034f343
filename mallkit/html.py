"""Descriptions written by others, made safe to show: a small allow-list of HTML, and the plain text of it."""

from html import escape
from html.parser import HTMLParser

import nh3

TAGS = frozenset(
    {"a", "b", "br", "em", "h2", "h3", "h4", "i", "li", "ol", "p", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
)
"""What may stay; any other tag goes and its text stays."""

GONE_WITH_CONTENT = frozenset(
    {
        "embed", "frame", "frameset", "iframe", "math", "noembed", "noframes", "noscript", "object", "plaintext", "script",
        "select", "style", "svg", "template", "textarea", "title", "xmp",
    }
)  # fmt: skip
"""Tags whose content is no text for a reader, or is read by other rules than HTML's own."""

MARKED = frozenset("<&\0")
"""Without one of these a text is its own plain text."""

BLOCKS = TAGS - {"a", "b", "em", "i", "strong"}
"""Tags that end a word in the plain text."""


ROUNDS = 6
"""Crossed tags settle after three at most, as far as random ones showed."""


def safe_html(text: str) -> str:
    """The allowed part of `text`, well-formed; links lead to http and https only and say `rel="nofollow noopener noreferrer"`.

    Cleaning what is clean changes nothing: the next reader sees the tree that was checked. What never settles becomes its plain text.
    """
    for _ in range(ROUNDS):
        cleaned = _cleaned(text)
        if cleaned == text:
            return text
        text = cleaned
    return _cleaned(escape(plain_text(text), quote=False))


def plain_text(html: str) -> str:
    """The words of `html` without any tag, for search and previews: text, no HTML, so escape it where it is shown."""
    if MARKED.isdisjoint(html):  # nothing to take away: a thirtieth of the time
        return " ".join(html.split())
    words = _Words()
    words.feed(_cleaned(html))
    words.close()
    return " ".join("".join(words.parts).split())


def _cleaned(text: str) -> str:
    return nh3.clean(
        text.replace("\0", ""),
        tags=set(TAGS),
        clean_content_tags=set(GONE_WITH_CONTENT),
        attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
        attribute_filter=_attribute,
        url_schemes={"http", "https"},
        link_rel="nofollow noopener noreferrer",
    )


def _attribute(_tag: str, name: str, value: str) -> str | None:
    """Links are absolute: a relative one would lead into our own pages. Spans are small numbers."""
    if name == "rel":  # ours: what the text said was dropped before
        return value
    if name == "href":
        return value if value.lower().startswith(("http://", "https://")) else None
    return value if value.isascii() and value.isdigit() and len(value) <= 2 else None  # noqa: PLR2004 - 99 cells are plenty


class _Words(HTMLParser):
    """Collects the text between tags; only ever fed what was cleaned."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in BLOCKS:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)
