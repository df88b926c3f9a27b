"""Small parts of the pages: the text of a flow, links of a mail, pages of a list."""

from typing import cast
from zoneinfo import ZoneInfo

import pytest
from starlette.requests import Request

from engine.core.bundle import Entry
from engine.insight.records import Mark, Records
from engine.insight.story import Names
from engine.mail.foreign import Foreign
from web.studio.flow_text import coloured, flows_in
from web.studio.log import runs_of
from web.studio.mail_parts import in_scheme, links_in, preview
from web.studio.paging import Paging, asked_page
from web.studio.snapshot import Snapshot
from web.studio.sources import LogLeaf

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
    assert '<span class="line in0"><span class="remark"># What it is for.</span></span>' in shown
    assert '<span class="line in0"><b>flow</b> one ' in shown
    assert "One &amp; &lt;two&gt;" in shown
    assert '    <b>topic</b> news   <span class="remark"># a remark</span>' in shown
    quoted = str(coloured('    send "#not a remark"'))
    assert quoted == (
        '<span class="line in1">    <b>send</b> <span class="text">&#34;#not a remark&#34;</span></span>'
    )


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


def mail(html: str, plain: str) -> Foreign:
    return Foreign("", "", "", "", "", None, plain, html)


def test_the_line_beside_a_subject_is_the_hidden_one_of_the_mail() -> None:
    """As mail programs show it, without what only fills it up; else the text begins."""
    hidden = (
        '<body class="room"><div style="display:none;max-height:0">98 per cent &amp; more.&#847;</div><p>Hi'
    )
    assert preview(mail(hidden, "kafija: name on the cup")) == "98 per cent & more."
    assert (
        preview(mail("<body><p>Hi</p>", "kafija: https://kafija.example/ Hello\nyou")) == "kafija: Hello you"
    )


def test_a_logo_is_no_link_of_a_mail() -> None:
    """The first one, to the front page; further ones stay."""
    page = "https://kafija.example"
    assert links_in(f'<a href="{page}/">kafija</a><a href="{page}/a">A</a><a href="{page}/">Shop</a>') == [
        ("A", f"{page}/a"),
        ("Shop", f"{page}/"),
    ]


def test_a_preview_is_light_or_dark_whatever_the_browser_likes() -> None:
    """Its own rules for both are settled; the rest stays as it is."""
    css = "@media (prefers-color-scheme: dark) { a {} } "
    css += "@media (max-width: 9px) and (prefers-color-scheme:light) {}"
    assert in_scheme(css, "dark") == (
        "@media (min-width: 0) { a {} } @media (max-width: 9px) and (max-width: 0) {}"
    )
    assert in_scheme(css, "light").startswith("@media (max-width: 0) { a {} }")


def test_runs_of_leaves_about_nobody_are_one_line() -> None:
    """Three and more; what is about somebody always stands by itself."""
    about = ["", "", "", "", "a", "", "", "a", "a", "a"]
    leaves = [LogLeaf(9 - at, 0, "decisions", "", who) for at, who in enumerate(about)]
    assert [len(run.leaves) for run in runs_of(leaves)] == [4, 1, 1, 1, 1, 1, 1]


class Growing:
    """Records to which something is added before each look; counting them takes `cost` seconds."""

    def __init__(self, cost: float) -> None:
        self.cost, self.now, self.counts, self.size = cost, 100.0, 0, 0

    def mark(self) -> Mark:
        self.size += 1
        return Mark(self.size, 0)

    def lines(self) -> list[Entry]:
        self.counts += 1
        self.now += self.cost
        return []


@pytest.mark.parametrize(("cost", "rest"), [(0.01, 0.05), (1.0, 5.0), (8.0, 10.0)])
def test_while_the_journal_grows_it_is_counted_now_and_then(cost: float, rest: float) -> None:
    """The longer a count takes, the longer it is kept, for ten seconds at most."""
    records = Growing(cost)
    snapshot = Snapshot(Names({}, {}, {}, lambda *_: ""), ZoneInfo("UTC"), lambda: records.now)
    for moment, counts in ((0.0, 1), (rest * 0.9, 1), (rest * 0.2, 2)):
        records.now += moment
        snapshot.of(cast(Records, records))
        assert records.counts == counts
