"""Pictures of others: shapes come through, everything else is refused with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallkit.svg import MOST_CHARS, MOST_DEPTH, MOST_ELEMENTS, svg_fault

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400">'


def drawn(inside: str) -> str:
    return f"{HEAD}{inside}</svg>"


GOOD = [
    '<?xml version="1.0" encoding="UTF-8"?>\n' + drawn('<rect width="4" height="4" fill="#fff"/>'),
    drawn(
        '<title>A pot &amp; a plant: "clay"</title><g transform="rotate(-28 200 200)"><path d="M1,2c-3.5 4e1z" stroke="rgb(1, 2, 3)"/></g>'
    ),
    drawn('<defs><linearGradient id="a"><stop offset="10%" stop-color="red"/></linearGradient></defs><circle r="3" fill="url(#a)"/>'),
    drawn('<text x="1" font-family="sans-serif">茶 <tspan dx="2">tea</tspan></text>'),
    "\ufeff" + drawn(""),
]

BAD = [
    "<script>alert(1)</script>",
    '<script href="https://evil.example/x.js"/>',
    '<circle onload="alert(1)"/>',
    '<circle ONLOAD="alert(1)"/>',
    "<foreignObject><p>x</p></foreignObject>",
    '<image href="https://evil.example/x.png"/>',
    '<use href="#a"/>',
    '<a href="javascript:alert(1)"><circle r="4"/></a>',
    '<circle xlink:href="#a" xmlns:xlink="http://www.w3.org/1999/xlink"/>',
    '<g xmlns:x="http://www.w3.org/1999/xhtml"><x:script>alert(1)</x:script></g>',
    '<g xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></g>',
    "<style>@import url(https://evil.example/x.css);</style>",
    '<circle style="fill:url(https://evil.example/x)"/>',
    '<circle class="x"/>',
    '<circle fill="url(https://evil.example/x)"/>',
    '<circle fill="url(other.svg#a)"/>',
    '<circle fill="url(#a) url(//evil.example)"/>',
    '<circle fill="u&#114;l(//evil.example)"/>',
    '<animate attributeName="href" values="javascript:alert(1)"/>',
    '<set attributeName="onload" to="alert(1)"/>',
    "<!-- --><circle/>",
    "<title><![CDATA[</title><script>alert(1)</script>]]></title>",
    "<?xml-stylesheet href='https://evil.example/x.css'?>",
    "loose text",
    '<circle r="1" r="2"/>',
    "<circle>",
    "<title>&unknown;</title>",
    '<iframe src="x"/>',
    "<filter><feImage/></filter>",
]

WHOLE = [
    "",
    "   ",
    "<svg/>",
    "<html/>",
    '<svg xmlns="http://www.w3.org/1999/xhtml"/>',
    '<s:svg xmlns:s="http://www.w3.org/2000/svg"/>',
    drawn("") + "<script/>",
    '<!DOCTYPE svg SYSTEM "file:///etc/passwd">' + drawn(""),
    '<!DOCTYPE svg [<!ENTITY a "b">]>' + drawn("<title>&a;</title>"),
    '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + drawn("<title>&b;&b;&b;</title>"),
    '<?xml version="1.0" encoding="utf-7"?>' + drawn(""),
    '<?xml version="1.0" encoding="iso-2022-jp"?>' + drawn(""),
    "\ud800",
    drawn(" " * MOST_CHARS),
    drawn("<g>" * MOST_DEPTH + "</g>" * MOST_DEPTH),
    drawn("<g/>" * MOST_ELEMENTS),
]


@pytest.mark.parametrize("text", GOOD)
def test_shapes_and_words_come_through(text: str) -> None:
    assert svg_fault(text) is None


@pytest.mark.parametrize("inside", BAD)
def test_what_runs_loads_or_is_read_differently_is_refused(inside: str) -> None:
    assert svg_fault(drawn(inside))


@pytest.mark.parametrize("text", WHOLE)
def test_what_is_no_plain_picture_is_refused(text: str) -> None:
    assert svg_fault(text)


def test_the_line_is_told() -> None:
    assert svg_fault(f"{HEAD}\n\n<script/></svg>") == "line 3: <script> is not allowed"


@given(st.text(max_size=60))
def test_any_text_inside_is_taken_or_refused(inside: str) -> None:
    assert svg_fault(drawn(f"<title>{inside}</title>")) != ""
