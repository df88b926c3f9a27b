"""What editors say of each word of the language: complete, and the same as the language page."""

import re
from pathlib import Path

import pytest

from dsl.phrases import phrases, spelled
from dsl.reference import Entry, entries

PAGE = Path(__file__).parents[2] / "docs" / "language.md"
_CODE = re.compile(r"`([^`]+)`")


def rows() -> dict[str, list[str]]:
    """The rows of all tables of the page that begin with a form, without those of the shop's events."""
    page = PAGE.read_text("utf-8").split("## What people agree to", 1)[1]
    found = {}
    for line in page.splitlines():
        if line.startswith("| `"):
            form, *cells = [
                cell.strip() for cell in line.strip().removesuffix("|").removeprefix("|").split(" | ")
            ]
            found[form] = cells
    return found


def test_every_word_of_the_grammar_is_explained() -> None:
    """A word that the grammar learns is red here until it has an entry."""
    told = {word for entry in entries() for word in entry.words}
    told |= {word for entry in entries() for word in re.findall(r"\w+", entry.begins)}
    missing = {
        phrase
        for choices in phrases().values()
        for phrase in choices
        if phrase not in told and not set(phrase.split()) <= told
    }
    assert missing == set()


def test_the_tables_of_the_page_say_the_same() -> None:
    """Whoever changes a row of docs/language.md changes dsl/reference.toml too, and the other way round."""
    table = rows()
    for entry in entries():
        if entry.row:
            assert entry.form in table, f"docs/language.md has no row {entry.form}"
            assert [entry.says, entry.without][: len(table[entry.form])] == table[entry.form]


def test_every_row_about_a_line_is_an_entry() -> None:
    """But for those that show several ways to write one line."""
    told = {entry.form for entry in entries() if entry.row}
    assert {form for form in rows() if form not in told} == {
        "`wait until 10:00`, `wait until monday at 10:00`",
        "`wait until 2027-01-06 at 18:00`, `wait until contact.trip at 09:00`",
        "`wait until no cart_updated in last 1 hour up to 1 day`",
        '`subscribed with topic "news"`, `unsubscribed with topic "news"`',
    }


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.begins or entry.words[0])
def test_a_form_holds_the_words_that_it_explains(entry: Entry) -> None:
    """Else it stands beside the wrong word."""
    for word in (entry.begins, *entry.words):
        assert all(part in f"{entry.form} {entry.says}" for part in word.split())


def test_patterns_are_spelled_out() -> None:
    """Choices, optional parts and blanks; what a pattern only looks at is left out."""
    assert spelled(r"is +(not +)?(known|unknown)\b") == (
        "is not known",
        "is not unknown",
        "is known",
        "is unknown",
    )
    assert spelled(r"emails?\b") == ("emails", "email")
    assert spelled(r"coupon\b(?= +(?!(is|in)\b)[^\W\d])") == ("coupon",)
