"""The pages hang together: each is reached, and all links lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
INDEX = DOCS / "README.md"
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").rglob("*.md"))
    if "node_modules" not in path.parts
)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[str]:
    """The targets of a page's links within the project; what stands in examples is no link."""
    found = _LINK.findall(_FENCE.sub("", page.read_text("utf-8")))
    return [each for each in found if "://" not in each and not each.startswith("mailto:")]


def anchors(page: Path) -> set[str]:
    """What a link can name behind `#`: the headings, as code hosts spell them."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """To files that are there, and to headings that they have."""
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_the_index_names_every_page() -> None:
    """Once each, so that no page is an orphan; the README leads to the index."""
    named = [link for link in links(INDEX) if link.endswith(".md")]
    assert sorted(named) == sorted(set(named))
    assert set(named) == {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {"README.md"}
    assert "docs/README.md" in links(ROOT / "README.md")


def test_the_index_says_what_a_page_is_about() -> None:
    """A line each, below a heading."""
    lines = INDEX.read_text("utf-8").splitlines()
    assert all(re.fullmatch(r"#+ .+|- \[[\w.-]+\]\([\w./-]+\): .+|", line) for line in lines)
