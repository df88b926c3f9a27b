"""Plain HTML is read by one pattern to what Python's own parser hears."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.templates.tags import TagReader

TAGS = (
    *("<p>", "</p>", '<P CLASS="a">', "</P>", "<br/>", "<br\t/>", '<a\nhref="x&amp;y">', '<a\u00a0href="x">'),
    *("<td hidden>", '<a b="1"c="2">', "<a b='1'>", "<a b=1>", '<a b = "1">', "<x-y>", '<a x:y="1">'),
    *("<style>", "</style>", "<title>", "</title>", "<script>", "</script>", "<textarea>", "</textarea>"),
)
SIGNS = *"<!-- --> <!doctype <? ?> </ /> < > = & &# &amp; &amp &nbsp; &#57344; word é".split(), '"', " ", "\n"
PIECES = (*TAGS, *SIGNS)
Heard = list[tuple[object, ...]]


class Ours(TagReader):
    def __init__(self) -> None:
        super().__init__()
        self.heard: Heard = []

    def open_tag(self, tag: str, attributes: list[tuple[str, str | None]], text: str) -> None:
        self.heard.append(("open", tag, [(name, value or "") for name, value in attributes], text))

    def handle_endtag(self, tag: str) -> None:
        self.heard.append(("end", tag))

    def handle_data(self, data: str) -> None:
        self.heard.append(("text", data))

    def handle_comment(self, data: str) -> None:
        self.heard.append(("comment", data))


class Theirs(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.heard: Heard = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = [(name, value or "") for name, value in attrs]
        self.heard.append(("open", tag, given, self.get_starttag_text()))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.heard.append(("end", tag))

    def handle_data(self, data: str) -> None:
        self.heard.append(("text", data))

    def handle_comment(self, data: str) -> None:
        self.heard.append(("comment", data))


def heard(reader: Ours | Theirs, *pieces: str) -> Heard:
    for piece in pieces:
        reader.feed(piece)
    reader.close()
    return reader.heard


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), max_size=4))
def test_any_html_is_heard_as_python_hears_it(pieces: list[str]) -> None:
    """Piece by piece, whatever stands in them and wherever they are cut."""
    assert heard(Ours(), *pieces) == heard(Theirs(), *pieces)


@pytest.mark.parametrize(
    "html",
    [
        '<p class="a" hidden>Words &amp; more<br/>\n<a href="x?a=1&amp;b=2">x</a></p>',
        '<P>x</P><TD WIDTH="1">',
    ],
)
def test_plain_html_needs_no_other_parser(html: str) -> None:
    """Tags, their values in double quotes, and text."""
    reader = Ours()
    assert reader._plain(html) == len(html)
    assert reader.heard == heard(Theirs(), html)


@pytest.mark.parametrize(
    ("plain", "rest"),
    [
        ("<p>", "<!-- x --><p>"),
        ("a<p>", "<style>p { color: red }</style>"),
        ("<p>", "<a href=x>"),
        ("<p>", "a & b"),
    ],
)
def test_what_is_written_otherwise_is_left_to_python(plain: str, rest: str) -> None:
    """Comments, elements that hold no tags, values without quotes, and signs that may go on."""
    assert Ours()._plain(plain + rest) == len(plain)
    assert heard(Ours(), plain + rest) == heard(Theirs(), plain + rest)
