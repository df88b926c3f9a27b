"""Explanations are told to people, to pages and to programs."""

from pathlib import Path

import pytest

from dsl.found.explained import (
    GROUPS,
    as_data,
    as_markdown,
    as_table,
    as_terminal_text,
    filled,
    nearest_codes,
)
from dsl.found.explanation import explained_codes, explanation

PAGES = [explanation(code) for code in explained_codes()]
ROOT = Path(__file__).parents[2]


def test_every_code_belongs_to_a_group() -> None:
    """So that none is missing from the tables."""
    assert [page.code for page in PAGES if page.code[:2] not in GROUPS] == []


def test_the_page_of_findings_is_that_of_the_explanations(update: bool) -> None:
    """`make findings` writes it."""
    path = ROOT / "docs" / "findings.md"
    if update:
        path.write_text(as_markdown(PAGES), "utf-8")
    assert path.read_text("utf-8") == as_markdown(PAGES)


def test_a_page_in_a_terminal_is_as_wide_as_asked() -> None:
    """Paragraphs are filled anew, examples stand as they are, indented."""
    told = as_terminal_text(explanation("E402"), 60)
    assert told.startswith(
        "E402 A mail has no topic\n\nA topic is what people agreed to, and the consent service\n"
    )
    paragraphs = told.partition("\nWrong\n")[0].removeprefix("E402 A mail has no topic\n")
    assert max(map(len, paragraphs.splitlines())) <= 60
    assert "\nRight\n\n    flow thank_you\n        topic news\n" in told
    assert "\x1b" not in told


def test_colours_paint_and_change_no_word() -> None:
    """Without the codes for colours the text is the plain one."""
    page = explanation("W203")
    bright = as_terminal_text(page, 80, colour=True)
    for style in ("1", "1;33", "1;31", "1;32", "36"):
        assert f"\x1b[{style}m" in bright or style == "36"
    for code in ("0", "1", "1;31", "1;32", "1;33", "36"):
        bright = bright.replace(f"\x1b[{code}m", "")
    assert bright == as_terminal_text(page, 80)


def test_a_file_of_an_example_is_named_unless_it_is_the_flow() -> None:
    """Also when it is saved in another encoding."""
    assert "\n    templates/first.html:\n" in as_terminal_text(explanation("E505"), 80)
    assert "\n    saved as cp1257:\n" in as_terminal_text(explanation("E109"), 80)
    assert "example.flow" not in as_terminal_text(explanation("E402"), 80)


def test_the_table_has_every_code_once() -> None:
    """With its title, in the order of the codes."""
    lines = [line.split(maxsplit=1) for line in as_table(PAGES).splitlines() if line.startswith("  ")]
    assert lines == [[page.code, page.title] for page in PAGES]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("E1O1", "E101"),
        ("W101", "E101"),
        ("101", "E101"),
        ("E1011", "E101"),
        ("ZZZ", None),
        ("", None),
    ],
)
def test_a_code_that_there_is_not_brings_the_nearest(asked: str, meant: str | None) -> None:
    """The same number under the other letter first, then what is spelled nearly so."""
    near = nearest_codes(asked, explained_codes())
    assert (near[0] if near else None) == meant
    assert len(near) <= 3


def test_words_between_backquotes_stay_together() -> None:
    """A line to write is not broken in two."""
    assert filled("Write it so: `wait 2 days at 10:00`.", 20) == "Write it so:\n`wait 2 days at 10:00`."


def test_data_has_all_parts() -> None:
    """As the page of commands promises."""
    told = as_data(explanation("W221"))
    assert list(told) == ["code", "severity", "title", "text", "wrong", "right"]
    assert (told["code"], told["severity"]) == ("W221", "warning")
    assert [each["path"] for each in told["wrong"]] == ["templates/first.html"]
    assert "\n" not in told["text"]
