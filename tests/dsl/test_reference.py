"""What editors say of each word of the language: complete, and the same as the language page."""

import re
from pathlib import Path

import pytest

from dsl.read.phrases import phrases, spelled
from dsl.reference import Entry, entries

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("language.md", "conditions.md", "testing.md")
_TABLE = re.compile(r"^\| (?:line|step|written)\b.*\n\|[-|]+\n((?:\|.*\n)+)", re.MULTILINE)


def rows() -> dict[str, list[list[str]]]:
    """By its form, the cells of each row of the tables of lines, steps and conditions on the pages about the
    language. A form may stand in several tables, for different things."""
    found: dict[str, list[list[str]]] = {}
    for page in PAGES:
        for table in _TABLE.findall((DOCS / page).read_text("utf-8")):
            for line in table.splitlines():
                form, *cells = [cell.strip() for cell in line.removesuffix("|")[1:].split(" | ")]
                found.setdefault(form, []).append(cells)
    return found


def form_of(entry: Entry) -> str:
    """The form as it stands in a table."""
    return entry.form if "`" in entry.form else f"`{entry.form}`"


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


def test_the_tables_of_the_pages_say_the_same() -> None:
    """Whoever changes a row changes dsl/reference.toml too, and the other way round."""
    table = rows()
    for entry in entries():
        if entry.row:
            told = table.get(form_of(entry), [])
            assert told, f"no page has a row {form_of(entry)}"
            assert any([entry.says, entry.without][: len(cells)] == cells for cells in told), entry.form


def test_every_row_about_a_line_is_an_entry() -> None:
    """But for what stands in a scenario in a sense of its own."""
    told = [(form_of(entry), entry.says) for entry in entries() if entry.row]
    table = rows()
    assert len(table) > 100
    assert {
        form for form, all_cells in table.items() for cells in all_cells if (form, cells[0]) not in told
    } == {
        "`agreed to NAME` below `contact`",
        '`tagged "NAME"` below `contact`',
        '`subscribed with topic "news"`',
        '`unsubscribed with topic "news"`',
        '`email_bounced with kind "hard"`, `email_complained`',
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
