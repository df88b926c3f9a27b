"""Reading: what the grammar takes, and how reading goes on behind a fault."""

import logging

import pytest
from golden_cases import compiled, compiled_text
from lark import Lark, logger

from dsl.compile import Compiled
from dsl.graph import Compare, Field, Send, Wait
from dsl.read.words import DECLARATIONS, EXAMPLES, HEADS, STEPS


def codes(found: Compiled) -> list[str]:
    return [finding.code for finding in found.findings]


def flow(*lines: str) -> str:
    return "\n".join(
        ["flow case", "    topic news", "    start on order_placed", *(f"    {line}" for line in lines)]
    )


def test_the_grammar_is_without_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    """Lark would settle a conflict silently in favour of shifting; there is none to settle."""
    from importlib.resources import files

    from dsl.read.parser import Lines

    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.DEBUG, logger=logger.name):
            Lark(
                files("dsl").joinpath("grammar.lark").read_text("utf-8"),
                parser="lalr",
                postlex=Lines(),
                debug=True,
            )
    finally:
        logger.removeHandler(caplog.handler)
    assert [record.message for record in caplog.records if "conflict" in record.message.casefold()] == []


def test_a_fault_in_one_declaration_hides_none_in_another() -> None:
    """Each of three declarations has a fault, and each is told, in one go."""
    found = compiled_text(
        "segment a\n    count of order_placd > 1\n\n"
        "flow b\n    topic news\n    start on order_placed\n    send first with\n    send secnd\n\n"
        "event c\n    total mony\n"
    )
    assert codes(found) == ["E201", "E101", "E501", "E208"]


def test_every_fault_of_a_long_flow_is_told() -> None:
    """Two hundred, each in its own step, of which none hides another."""
    lines = [
        line for number in range(200) for line in (f"wait {number + 1} days", f"sned first as m{number}")
    ]
    assert codes(compiled_text(flow(*lines))) == ["E102"] * 200


def test_a_fault_in_a_line_hides_none_below_it() -> None:
    """A block whose opener cannot be read is read all the same."""
    found = compiled_text(
        flow("if order_placed any", "    send frist", "else", "    if any order_placd", "        send first")
    )
    assert codes(found) == ["E101", "E501", "E201"]


@pytest.mark.parametrize(
    "word",
    [
        "name",
        "at",
        "for",
        "price",
        "total",
        "count",
        "time",
        "event",
        "send",
        "split",
        "per",
        "coupon",
        "off",
        "to",
        "date",
        "when",
        "until",
        "times",
        "quiet",
        "code",
        "priority",
        "valid",
    ],
)
def test_keywords_are_free_as_fields(word: str) -> None:
    """A field may be called like a step or a header line; only words of conditions are taken."""
    found = compiled_text(f"event visit\n    {word}_of text\n    {word if word != 'at' else 'at_'} text\n")
    assert codes(found) == []


def test_keywords_are_free_as_fields_in_conditions() -> None:
    """Where a name is asked for, a keyword is one."""
    found = compiled_text(
        "event visit\n    topic text\n    count number\n    time text\n\n"
        'segment x\n    any visit where (topic is "a" and count > 3)\n'
        '        or count of visit where time is "b" > 2\n'
    )
    assert codes(found) == []


def test_words_of_lines_are_free_as_attributes() -> None:
    """Behind a point every word is a name, also where the line could go on with that word."""
    found = compiled_text(
        "contact\n    to text\n    at date\n    until number\n    coupon text\n    every text\n    up text\n"
        "\n"
        "flow case\n    topic news\n    start on date contact.at every year 1 day before at 09:00\n"
        "    leave when contact.until > 3\n"
        "    set contact.to to contact.every\n    set contact.coupon to last order_placed.coupon\n"
        "    wait until contact.at at 10:00\n    wait until contact.up is known up to 2 days\n"
        "    repeat up to 2 times\n        wait 1 day\n        until contact.until > 3\n    send first\n"
    )
    assert [code for code in codes(found) if code != "W209"] == []


def test_any_letter_may_stand_in_a_name() -> None:
    """Names in Latvian, Finnish, Uzbek, Russian; composed and decomposed letters are one."""
    found = compiled_text(
        'topic jaunumi_rīts\n    for service\n\nsegment ri\u0304dzinieki\n    contact.city is "Rīga"\n\n'
        "segment käyttäjät\n    in segment rīdzinieki\n\nsegment пользователи\n    in segment käyttäjät\n"
    )
    assert codes(found) == []


def test_lines_are_continued_by_brackets_and_by_words() -> None:
    """Four ways to break a line give one condition."""
    one = 'any order_placed where (total > 5 EUR and coupon is "a") and contact.city in ["Rīga", "Ogre"]'
    broken = (
        "any order_placed\n        where (\n            total > 5 EUR # a comment\n\n"
        '            and coupon is "a"\n        )\n'
        '        and contact.city in [\n          "Rīga",\n          "Ogre"]'
    )
    first, second = (compiled_text(f"segment x\n    {text}\n").program for text in (one, broken))
    assert first is not None
    assert second is not None
    assert first.segments == second.segments


def test_comments_and_blank_lines_change_no_digest() -> None:
    """What a graph is does not depend on how its text is laid out."""
    plain = compiled_text(flow("send first", "wait 1 week", "send second")).program
    other = compiled_text(
        "# a comment\r\n"
        + flow("send first   # another", "", "wait 1 week", "  # odd depth", "send second").replace(
            "\n", "\r\n"
        )
    ).program
    assert plain is not None
    assert other is not None
    assert plain.flows[0].digest == other.flows[0].digest


def test_a_hash_within_a_text_is_no_comment() -> None:
    """Comments begin outside of quotes."""
    program = compiled_text(flow('send first with colour "#c0ffee" # brown')).program
    assert program is not None
    node = program.flows[0].nodes[0]
    assert isinstance(node, Send)
    assert [getattr(value, "value", None) for _, value in node.values] == ["#c0ffee"]


def test_columns_are_those_of_the_file() -> None:
    """Tabs, byte order marks and mended spellings shift no place."""
    text = (
        "\ufeffflow case\n\ttopic news\n\tstart on order_placed\n\tif last x.y == 1 && any y\n\t\tsend first"
    )
    found = compiled(("case.flow", text.encode()))
    shown = [(each.code, each.span.line, each.span.column, each.span.end_column) for each in found.findings]
    assert shown == [
        ("E107", 2, 1, 2),
        ("E201", 4, 10, 11),
        ("E111", 4, 14, 16),
        ("E111", 4, 19, 21),
        ("E201", 4, 26, 27),
    ]


def test_durations_keep_their_three_parts() -> None:
    """Months, days and elapsed time do not mix."""
    program = compiled_text(
        flow("send first", "wait 1 year 2 months 1 week 3 days 4 hours 5 minutes", "send second")
    ).program
    assert program is not None
    wait = program.flows[0].nodes[1]
    assert isinstance(wait, Wait)
    assert (wait.duration.months, wait.duration.days, wait.duration.seconds) == (14, 10, 14_700)


def test_a_wait_for_takes_or_as_another_event() -> None:
    """Outside of brackets `or` parts events; within them it belongs to the condition."""
    program = compiled_text(
        flow(
            "wait for order_paid where (total > 5 EUR or total < 1 EUR)",
            '        or order_shipped where carrier is "x" up to 1 day',
            "send first",
        )
    ).program
    assert program is not None
    node = program.flows[0].nodes[0]
    heard = getattr(node, "hears", ())
    assert [each.event for each in heard] == ["order_paid", "order_shipped"]
    assert isinstance(heard[1].where, Compare)
    assert heard[1].where.left == Field(("carrier",))


def test_every_first_word_has_an_example() -> None:
    """The help of a line that cannot be read shows how such a line reads."""
    assert [word for word in (*DECLARATIONS, *HEADS, *STEPS) if word not in EXAMPLES] == []
