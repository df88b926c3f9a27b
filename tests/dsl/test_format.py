"""The canonical form, rule by rule."""

from pathlib import Path
from textwrap import dedent

import pytest
from golden_cases import GOLDEN

import dsl.format.result as result
from dsl.format import FormattingFault, format_source
from dsl.found.finding import Severity

ROOT = Path(__file__).parents[2]
REFERENCE = sorted((Path(__file__).parent / "reference").glob("*.flow"))
CANONICAL = [
    *REFERENCE,
    *sorted((GOLDEN / "good").glob("*.flow")),
    GOLDEN / "schema.flow",
    *sorted((ROOT / "examples").rglob("*.flow")),
    *sorted((ROOT / "virta" / "starter").rglob("*.flow")),
]


def formatted(text: str) -> str:
    done = format_source("a.flow", text.encode(), "EUR")
    assert done.findings == ()
    return done.text


LONG = """
segment a
    count of order_placed in last 90 days between 2 and 20 and contact.city is "a" or contact.city is "%(a)s"
segment b
    any order_placed where items.category contains "%(b)s" in last 90 days and no page_viewed where \
url contains "%(c)s" in last 365 days
segment c
    contact.city in ["%(a)s", "%(a)s", "%(a)s", "%(a)s", "%(a)s"]
flow x
    start on order_placed
    send %(b)s with first_value trigger.total, second_value count of order_placed
"""
BROKEN = """segment a
    count of order_placed in last 90 days between 2 and 20 and contact.city is "a"
        or contact.city is "%(a)s"
segment b
    any order_placed where items.category contains "%(b)s" in last 90 days
        and no page_viewed
            where url contains "%(c)s" in last 365 days
segment c
    contact.city in ["%(a)s", "%(a)s", "%(a)s",
        "%(a)s", "%(a)s"]

flow x
    start on order_placed
    send %(b)s
        with first_value trigger.total, second_value count of order_placed
"""


def given(text: str) -> str:
    return dedent(text).removeprefix("\n")


@pytest.mark.parametrize("path", CANONICAL, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_texts_that_show_the_language_are_canonical(path: Path) -> None:
    """The examples of the reference, of the shop, of a new project and of the tests format to themselves."""
    assert formatted(path.read_text("utf-8")) == path.read_text("utf-8")


def test_indents_are_four_blanks_a_level_and_words_one_blank_apart() -> None:
    """Whatever they were; no blank at the end of a line, one line end at the end of the file."""
    assert formatted(
        given("""
        flow   x   "A  b"
          topic    news
          start on  order_placed   where (total>5EUR and  coupon  is   unknown)
          if contact . city in[ "a" ,"b" ]
             send  hello with  n count  of order_placed-1,m -  2
          else
               split  s
                 60 %  a
                 40%   b


        """)
    ) == given("""
        flow x "A  b"
            topic news
            start on order_placed where (total > 5 EUR and coupon is unknown)
            if contact.city in ["a", "b"]
                send hello with n count of order_placed - 1, m -2
            else
                split s
                    60% a
                    40% b
        """)


def test_words_agree_with_their_numbers() -> None:
    """Both spellings are read; one is written. Amounts stay as they are."""
    assert formatted(
        given("""
        limits
            at most 1 emails per day, else wait up to 2 day
            at most 4 email per 1 weeks
        flow x
            start on order_placed
            wait 1days 12hour
            repeat up to 1 times
                wait 2 hours
            if trigger.total > 49.9 EUR
                finish
        """)
    ) == given("""
        limits
            at most 1 email per day, else wait up to 2 days
            at most 4 emails per 1 week

        flow x
            start on order_placed
            wait 1 day 12 hours
            repeat up to 1 time
                wait 2 hours
            if trigger.total > 49.9 EUR
                finish
        """)


def test_a_flow_stands_between_blank_lines() -> None:
    """With the comments right above it; other declarations may stand close together, and no two blank lines
    follow each other anywhere."""
    assert formatted(
        given("""


        # the shop


        use shop
        topic a
            for marketing
        # the first
        # flow
        flow x
            start on order_placed


            finish



        # below
        segment y
            contact.city is "a"
        """)
    ) == given("""
        # the shop

        use shop
        topic a
            for marketing

        # the first
        # flow
        flow x
            start on order_placed

            finish

        # below
        segment y
            contact.city is "a"
        """)


def test_comments_keep_their_place() -> None:
    """At the depth of the block that they end or of the line that they stand above."""
    assert formatted(
        given("""
        flow x # the flow
          start on order_placed
        #left
          if contact.city is "a"
         # why
              send hello
              # end of then
          # before else
          else
              send bye
              # end of else
          # end of flow
        # of the file
            # as well
        """)
    ) == given("""
        flow x  # the flow
            start on order_placed
            #left
            if contact.city is "a"
                # why
                send hello
                # end of then
            # before else
            else
                send bye
                # end of else
            # end of flow
        # of the file
        # as well
        """)


def test_comments_at_the_end_of_lines_keep_a_straight_column() -> None:
    """Two blanks at least; neighbours that were not in one column are brought to one. What goes on below such
    a comment, in its column, stays there."""
    assert formatted(
        given("""
        flow x
            start on order_placed           # kept
            enter every time                # as it was
                                            # and more

            wait 1 day # a
            send hello    # b

            wait 2 days# c
            send bye
        """)
    ) == given("""
        flow x
            start on order_placed           # kept
            enter every time                # as it was
                                            # and more

            wait 1 day  # a
            send hello  # b

            wait 2 days  # c
            send bye
        """)


def test_a_comment_follows_a_line_that_is_broken() -> None:
    """It does not stay at the end of where the long line was, nor does what hangs from it."""
    asked = ["any order_placed in last 30 days"] * 4
    long = f"    if {' or '.join(asked)}"
    text = f"flow x\n{long}  # a\n{' ' * len(long)}  # b\n        finish\n"
    broken = "\n            or ".join(asked)
    last = f"            or {asked[0]}"
    assert formatted(text) == (f"flow x\n    if {broken}  # a\n{' ' * len(last)}  # b\n        finish\n")


def test_types_stand_in_one_column() -> None:
    """The author's, if there was one; else two blanks behind the longest name. Each block has its own."""
    assert formatted(
        given("""
        contact
          city     text
          visits   number

        event bought
          total money
          discount   money
          items list of
             sku text
             name text
        """)
    ) == given("""
        contact
            city     text
            visits   number

        event bought
            total     money
            discount  money
            items     list of
                sku text
                name text
        """).replace("        sku text\n        name text", "        sku   text\n        name  text")


def test_lines_stay_broken_where_their_author_broke_them() -> None:
    """One level deeper, two where a block follows; comments between stay between."""
    assert formatted(
        given("""
        segment a
            any order_placed
              # also
                and contact.city is "a" # here
               or (contact.city is "b"
                  and contact.city
                is known)
        flow x
            start on order_placed
            if any order_placed
              and contact.city is "a"
                send hello
        """)
    ) == given("""
        segment a
            any order_placed
                # also
                and contact.city is "a"  # here
                or (contact.city is "b"
                    and contact.city
                    is known)

        flow x
            start on order_placed
            if any order_placed
                    and contact.city is "a"
                send hello
        """)


def test_long_lines_are_broken_before_their_loosest_words() -> None:
    """All `or` before any `and`, the `where` of an `and` below it, and never the `and` of a `between`."""
    names = {"a": "a" * 20, "b": "b" * 30, "c": "c" * 60}
    assert formatted(LONG % names) == BROKEN % names


def test_what_stands_in_quotes_and_comments_is_left() -> None:
    """Blanks, tabs, signs and words in them are the author's."""
    text = 'flow x "a  # b\tc"\n    start on order_placed\n    tell "a@b.example" "  { x }"  #\tc  "d  e\n'
    assert formatted(text) == text


def test_tabs_and_special_blanks_are_mended() -> None:
    """What `virta check` asks to write instead of them is written."""
    assert formatted(
        "flow x\n\tstart on\u00a0order_placed\n\tif\tcontact.city is known\n\t\tfinish\n"
    ) == given("""
        flow x
            start on order_placed
            if contact.city is known
                finish
        """)


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", "  \r\n"])
def test_nothing_stays_nothing(text: str) -> None:
    """An empty file has no line."""
    assert formatted(text) == ""


def test_comments_alone_are_a_file() -> None:
    """At the left edge."""
    assert formatted("\n  # a\n\n\n# b") == "# a\n\n# b\n"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"flow x\n  sned  y\n", "E102"),
        (b"use shop\n \xff\n", "E109"),
        (b"flow x\n    start on order_placed\n  finish\n", "E103"),
        (b"\xff\xfea", "E109"),
    ],
)
def test_a_text_with_faults_comes_back_with_its_findings(data: bytes, code: str) -> None:
    """As it was."""
    done = format_source("a.flow", data, "EUR")
    assert done.text == data.decode("utf-8", "replace")
    assert code in [each.code for each in done.findings if each.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('segment a\n    contact.city is "c"\n', "mean something else"),
        ("segment a\n    contact.city is\n", "could not be read"),
        ('segment a\n    contact.city is "b"\n', "lack a comment"),
    ],
)
def test_a_defect_of_the_formatter_is_no_one_elses(
    wrong: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads its own text again before it gives it out."""
    monkeypatch.setattr(result, "shown", lambda rows: wrong)
    with pytest.raises(FormattingFault, match=told):
        format_source("a.flow", b'segment a\n    contact.city is "b"  # c\n', "EUR")


def test_comments_above_all_are_at_the_left_edge() -> None:
    """They hang from no line of code, however they are indented."""
    assert formatted(" # a\n # b\nuse shop\n") == "# a\n# b\nuse shop\n"
