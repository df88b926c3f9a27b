"""Small parts of the pages: the text of a flow, links of a mail, pages of a list."""

import pytest
from starlette.requests import Request

from web.studio.flow_text import coloured, flows_in
from web.studio.mailbox import links_in
from web.studio.paging import Paging, asked_page

FILE = """use shop

# What it is for.
flow one "One & <two>"
    topic news   # a remark
    send hello

    wait 1 day
# Another one.
flow two
    send "#not a remark"
topic news
    for marketing
"""


def test_each_flow_is_cut_out_with_the_remarks_above_it() -> None:
    """Blank lines within it stay; what stands behind it does not belong to it."""
    found = dict(flows_in(FILE.splitlines()))
    assert list(found) == ["one", "two"]
    assert found["one"].startswith("# What it is for.\nflow one")
    assert found["one"].endswith("\n\n    wait 1 day")
    assert found["two"] == '# Another one.\nflow two\n    send "#not a remark"'


def test_the_text_of_a_flow_is_coloured_and_escaped() -> None:
    """First words, quoted words and remarks are marked; nothing of it is HTML of its own."""
    shown = str(coloured(dict(flows_in(FILE.splitlines()))["one"]))
    assert '<span class="remark"># What it is for.</span>\n<b>flow</b> one ' in shown
    assert "One &amp; &lt;two&gt;" in shown
    assert '    <b>topic</b> news   <span class="remark"># a remark</span>' in shown
    quoted = str(coloured('    send "#not a remark"'))
    assert quoted == '    <b>send</b> <span class="text">&#34;#not a remark&#34;</span>'


def test_links_are_listed_once_each_with_their_words() -> None:
    """Pictures by their alternative text; no mail addresses, no scripts."""
    page = "https://kafija.example"
    html = (
        f'<a href="{page}/a"><img alt="Kettle"></a><a href="{page}/b">To <b>b</b></a>'
        '<a href="javascript:alert(1)">no</a><a href="mailto:x@example.com">no</a>'
        f'<a href="{page}/b">again</a>'
    )
    assert links_in(html) == [
        ("Kettle", "https://kafija.example/a"),
        ("To b", "https://kafija.example/b"),
    ]


@pytest.mark.parametrize(
    ("asked", "number", "first"),
    [("1", 1, 0), ("3", 3, 20), ("99", 3, 20), ("0", 1, 0), ("x", 1, 0), ("²", 1, 0)],
)
def test_every_page_number_gives_a_page_that_there_is(asked: str, number: int, first: int) -> None:
    """25 things, ten a page: nonsense is page one, what is beyond the end is the last."""
    request = Request({"type": "http", "query_string": f"page={asked}".encode(), "headers": []})
    paging = Paging.of(25, asked_page(request), 10)
    assert (paging.number, paging.pages) == (number, 3)
    assert paging.part(range(25))[0] == first


def test_an_empty_list_has_one_empty_page() -> None:
    """And no way on."""
    paging = Paging.of(0, 1, 10)
    assert (paging.number, paging.pages, list(paging.part([]))) == (1, 1, [])
