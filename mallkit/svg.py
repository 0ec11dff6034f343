"""Pictures drawn by others, checked before they are kept: SVG of shapes and colours, nothing that runs, loads or refers elsewhere."""

import re
from collections.abc import Mapping
from typing import NoReturn
from xml.parsers import expat

MOST_CHARS = 20_000
MOST_ELEMENTS = 2_000
MOST_DEPTH = 24
SVG = "http://www.w3.org/2000/svg"

ELEMENTS = frozenset(
    {
        "circle", "clipPath", "defs", "desc", "ellipse", "g", "line", "linearGradient", "path", "polygon", "polyline",
        "radialGradient", "rect", "stop", "svg", "text", "title", "tspan",
    }
)  # fmt: skip
WORDS = frozenset({"desc", "text", "title", "tspan"})
"""Elements that may hold text."""

ATTRIBUTES = frozenset(
    {
        "aria-hidden", "aria-label", "clip-path", "clip-rule", "clipPathUnits", "cx", "cy", "d", "dominant-baseline", "dx", "dy", "fill",
        "fill-opacity", "fill-rule", "font-family", "font-size", "font-style", "font-weight", "fx", "fy", "gradientTransform",
        "gradientUnits", "height", "id", "letter-spacing", "offset", "opacity", "pathLength", "points", "preserveAspectRatio", "r",
        "role", "rotate", "rx", "ry", "shape-rendering", "spreadMethod", "stop-color", "stop-opacity", "stroke", "stroke-dasharray",
        "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity", "stroke-width",
        "text-anchor", "transform", "version", "viewBox", "width", "x", "x1", "x2", "y", "y1", "y2",
    }
)  # fmt: skip
PLAIN = re.compile(r"[A-Za-z0-9_\s.,()%+#-]*", re.ASCII)
"""Numbers, names, colours, path and transform lists; no colon, slash or semicolon."""
OWN_PAINT = re.compile(r"url\(#[A-Za-z0-9_-]+\)", re.ASCII)
LABELS = frozenset({"aria-label"})
"""Attributes that hold a sentence."""


def svg_fault(text: str) -> str | None:
    """Why `text` is no picture that is safe to serve and to put into a page, with its line; None when it is one."""
    if len(text) > MOST_CHARS:
        return f"the picture is longer than {MOST_CHARS} characters"
    try:
        _Picture().read(text)
    except _Fault as fault:
        return str(fault)
    return None


class _Fault(Exception):
    """Ends the walk."""


class _Picture:
    """Walks the document once. Whatever an HTML parser would read otherwise than an XML parser (comments, CDATA, prefixes) is refused."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.elements = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.XmlDeclHandler = self._declaration
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._words
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._doctype
        self.parser.ProcessingInstructionHandler = self._instruction
        self.parser.CommentHandler = self._comment
        self.parser.StartCdataSectionHandler = self._cdata

    def read(self, text: str) -> None:
        try:
            self.parser.Parse(text.encode(), True)  # noqa: FBT003 - expat takes it by position
        except expat.ExpatError as error:
            self._refuse(f"not well-formed: {expat.ErrorString(error.code)}")
        except UnicodeEncodeError:
            self._refuse("not Unicode text")

    def _refuse(self, reason: str) -> NoReturn:
        message = f"line {self.parser.CurrentLineNumber}: {reason}"
        raise _Fault(message)

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.elements += 1
        if self.elements > MOST_ELEMENTS or len(self.open) >= MOST_DEPTH:
            self._refuse(f"more than {MOST_ELEMENTS} elements, or nested deeper than {MOST_DEPTH}")
        if not self.open and (name != "svg" or attributes.get("xmlns") != SVG):
            self._refuse(f'the document is not <svg xmlns="{SVG}">')
        if name not in ELEMENTS:
            self._refuse(f"<{name[:40]}> is not allowed")
        self.open.append(name)
        for attribute, value in attributes.items():
            self._attribute(attribute, value)

    def _attribute(self, name: str, value: str) -> None:
        if name == "xmlns" and value == SVG:
            return
        if name not in ATTRIBUTES:
            self._refuse(f"the attribute {name[:40]} is not allowed")
        if name in LABELS or OWN_PAINT.fullmatch(value):
            return
        if not PLAIN.fullmatch(value) or "url" in value.lower():
            self._refuse(f"the value of {name} is not allowed: {value[:40]!r}")

    def _end(self, _name: str) -> None:
        self.open.pop()

    def _words(self, words: str) -> None:
        if words.strip() and self.open[-1] not in WORDS:
            self._refuse(f"text inside <{self.open[-1]}>")

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() != "utf-8":
            self._refuse("another encoding than UTF-8 is declared")

    def _doctype(self, *_: object) -> None:
        self._refuse("DOCTYPE and ENTITY are not allowed")

    def _instruction(self, *_: object) -> None:
        self._refuse("processing instructions are not allowed")

    def _comment(self, _: str) -> None:
        self._refuse("comments are not allowed")

    def _cdata(self) -> None:
        self._refuse("CDATA is not allowed")
