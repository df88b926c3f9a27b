"""What stands before a place in a file, and what the grammar would take there."""

import pytest

from dsl.before import Before, before
from dsl.found.source import read_source

CURSOR = "▮"


def at_cursor(text: str) -> Before | None:
    """What stands before the sign `▮` in a text."""
    ahead, _, behind = text.partition(CURSOR)
    source, _ = read_source("example.flow", (ahead + behind).encode())
    return before(source, ahead.count("\n") + 1, len(ahead.rsplit("\n", 1)[-1]) + 1)


def found(text: str) -> Before:
    there = at_cursor(text)
    assert there is not None
    return there


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("▮", {"_FLOW", "_TOPIC", "_SCENARIO"}),
        ("flow a\n    ▮", {"_SEND", "_TOPIC", "_START", "_WAIT_FOR_BEST_TIME"}),
        ("flow a\n    if any x\n        ▮", {"_SEND", "FINISH"}),
        ("flow a\n    start ▮", {"_ON", "_BY_REQUEST", "_FLOW", "_ON_DATE"}),
        ("flow a\n    send x with items trigger.▮", {"NAME"}),
        ("flow a\n    if clicked ▮", {"NAME"}),
        ("contact\n    plan ▮", {"NAME", "_LIST_OF", "_ONE_OF"}),
        ('scenario "x"\n    at 2026-03-02 10:00 ▮', {"NAME", "_EXPECT", "_OPENS"}),
        ("segment x\n    ▮", {"HISTORY", "NO", "IN_SEGMENT"}),
    ],
)
def test_the_grammar_says_what_comes_next(text: str, choices: set[str]) -> None:
    """By the state of its parser, in every declaration."""
    assert choices <= found(text).choices


@pytest.mark.parametrize(
    "above",
    [
        "    sendd hello",
        "    wait 2,5 days",
        "    if any\n        send hello",
        '    tell "open',
        "        topic too_deep",
        "    split x\n        50% a",
    ],
)
def test_faults_in_the_lines_above_do_not_matter(above: str) -> None:
    """They are mended as the parser mends them."""
    there = found(f"flow a\n{above}\n    wait 1 day\n    send h▮")
    assert there.choices >= {"NAME"}
    assert (there.head, there.name, there.typed, there.column) == ("flow", "a", "h", 10)


def test_a_flow_without_a_name_is_read_too() -> None:
    """Somebody begins below."""
    assert "_SEND" in found("flow\n    se▮").choices


def test_the_words_of_the_line_come_with_their_places() -> None:
    """Those of a line that goes on below, too."""
    there = found("flow a\n    leave on order_placed\n        where total > 3 EUR and ▮")
    assert [(word.text, word.line, word.column) for word in there.words] == [
        ("leave", 2, 5),
        ("on", 2, 11),
        ("order_placed", 2, 14),
        ("where", 3, 9),
        ("total", 3, 15),
        (">", 3, 21),
        ("3 EUR", 3, 23),
        ("and", 3, 29),
    ]


def test_the_lines_on_which_a_line_hangs_are_known() -> None:
    """Outermost first, without the declaration."""
    there = found("flow a\n    wait 1 day\n    split x\n        50% a\n            ▮")
    assert there.above == ("split x", "50% a")
    assert not there.opens


def test_a_text_that_is_open_is_told() -> None:
    """With what is typed of it."""
    there = found('flow a\n    if contact.city is "Rī▮')
    assert (there.quoted, there.typed, there.column) == (True, "Rī", 24)
    assert [word.text for word in there.words][-1] == "is"


@pytest.mark.parametrize("text", ["# send ▮", "flow a\n    send x # ▮", "    orphan ▮"])
def test_nothing_is_offered_in_a_comment_or_below_nothing(text: str) -> None:
    """There is no line to go on with."""
    assert at_cursor(text) is None
