"""Scenarios from text to what is played: each kind of line, and what a faulty one does to the rest."""

from datetime import date
from decimal import Decimal

import pytest
from golden_cases import compiled, compiled_text

from dsl.found.report import as_text
from dsl.graph import (
    Amount,
    Arithmetic,
    Attribute,
    Day,
    Duration,
    Flag,
    InSegment,
    Known,
    Money,
    Negative,
    Number,
)
from dsl.graph import Text as Words
from dsl.graph.scenario import (
    Changes,
    Choice,
    Clicks,
    ExpectArm,
    ExpectCount,
    ExpectFinished,
    ExpectHolds,
    ExpectIn,
    ExpectLeft,
    ExpectNoSend,
    ExpectSend,
    ExpectSkipped,
    Line,
    Occurs,
    Opens,
    Profile,
    Record,
    Requests,
    Scenario,
    Several,
    Withdraws,
    Wording,
)

FLOWS = """\
flow case
    topic news
    start on order_placed
    start by request
    send first as hello
    wait 1 day as pause_
    split half
        50% short
            send second
        50% long
    finish as bought
"""
HEAD = """
scenario "a buyer"
    flow case
    contact
        agreed to news
        agreed to measurement
"""


def played(text: str) -> Scenario:
    """The one scenario of a text behind the flows."""
    found = compiled_text(FLOWS + text)
    assert as_text(found.findings, found.sources) == ""
    (scenario,) = found.scenarios
    return scenario


def line(words: str) -> Line:
    """The last of the lines, behind one of each that must come before."""
    before = "    at 2026-03-02 10:00 order_placed\n    after 1 day expect send second\n"
    return played(HEAD + before + f"    {words}\n").lines[-1]


def test_the_head_says_who_and_what() -> None:
    """Flows, choices, attributes with their values, agreements and tags, and where it stands."""
    found = played(
        """
scenario "  a buyer  "
    flow case
    choose long of half
    contact
        first_name "Anna"
        birthday 1990-03-02
        vip yes
        budget 5 EUR + 4.90 EUR
        visits -2
        language "lv"
        time_zone "Europe/Riga"
        agreed to news
        tagged "tea"
    at 2026-03-02 10:00 expect no send
"""
    )
    assert (found.name, found.file, found.line) == ("a buyer", "case.flow", 13)
    assert (found.flows, found.choices) == (("case",), (Choice("long", "half"),))
    assert found.profile == Profile(
        (
            ("first_name", Words("Anna")),
            ("birthday", Day(date(1990, 3, 2))),
            ("vip", Flag(True)),
            (
                "budget",
                Arithmetic("+", Amount(Money(Decimal(5), "EUR")), Amount(Money(Decimal("4.90"), "EUR"))),
            ),
            ("visits", Negative(Number(Decimal(2)))),
            ("language", Words("lv")),
            ("time_zone", Words("Europe/Riga")),
        ),
        ("news",),
        ("tea",),
    )


def test_a_line_has_its_time_and_its_words() -> None:
    """`at` and `after` stand in front of acts and expectations alike; the text is as written."""
    found = played(
        HEAD
        + """\
    at 2026-03-02 10:00 order_placed  # the first one
    after 1 day 2 hours expect send second
    expect 2 emails
"""
    )
    assert [(each.line, each.at, each.after) for each in found.lines] == [
        (18, "2026-03-02T10:00", None),
        (19, None, Duration(days=1, seconds=7200)),
        (20, None, None),
    ]
    assert [each.text for each in found.lines] == [
        "at 2026-03-02 10:00 order_placed",
        "after 1 day 2 hours expect send second",
        "expect 2 emails",
    ]


@pytest.mark.parametrize(
    ("words", "does"),
    [
        ("order_placed", Occurs("order_placed")),
        ("order_placed late by 2 days", Occurs("order_placed", late=Duration(days=2))),
        ('subscribed with topic "news"', Occurs("subscribed", (("topic", Words("news")),))),
        ("opens hello", Opens("hello")),
        ("clicks hello", Clicks("hello")),
        ('clicks hello link "/offer"', Clicks("hello", "/offer")),
        ("withdraws news", Withdraws("news")),
        ('set contact.city to "Rīga"', Changes("city", Words("Rīga"))),
        ("set contact.city to unknown", Changes("city", None)),
        ("start flow case", Requests("case")),
        ("expect send second", ExpectSend("second")),
        ("expect no send", ExpectNoSend()),
        ("expect no send second", ExpectNoSend("second")),
        ("expect 1 email", ExpectCount(1)),
        ("expect 0 emails", ExpectCount(0)),
        ("expect skipped second because topic_cap", ExpectSkipped("second", "topic_cap")),
        ("expect in pause_", ExpectIn("pause_")),
        ("expect left", ExpectLeft()),
        ("expect finished", ExpectFinished()),
        ("expect finished as bought", ExpectFinished("bought")),
        ("expect arm short of half", ExpectArm("short", "half")),
        ("expect contact.city is unknown", ExpectHolds(Known(Attribute("city"), negated=True))),
        ("expect in segment quiet_people", ExpectHolds(InSegment("quiet_people"))),
    ],
)
def test_each_act_and_expectation(words: str, does: object) -> None:
    """One line of the reference each."""
    assert line(words).does == does


def test_lists_and_records() -> None:
    """What an event holds may be a list of records, broken within its brackets."""
    does = line(
        """order_placed with total 19.80 EUR, items [
            (sku "a1", quantity 2, price 9.90 EUR),
            (sku "b2")]"""
    ).does
    assert does == Occurs(
        "order_placed",
        (
            ("total", Amount(Money(Decimal("19.80"), "EUR"))),
            (
                "items",
                Several(
                    (
                        Record(
                            (
                                ("sku", Words("a1")),
                                ("quantity", Number(Decimal(2))),
                                ("price", Amount(Money(Decimal("9.90"), "EUR"))),
                            )
                        ),
                        Record((("sku", Words("b2")),)),
                    )
                ),
            ),
        ),
    )


def test_the_words_of_a_mail() -> None:
    """Lines below `expect send`, each with its own place."""
    does = line('expect send second\n        subject is not "Hi"\n        text starts with "Dear"').does
    assert does == ExpectSend(
        "second", (Wording("subject", "is not", "Hi", 21), Wording("text", "starts with", "Dear", 22))
    )


@pytest.mark.parametrize("path", ["case.flow", "scenarios/buyers.flow"])
def test_a_fault_in_a_scenario_stops_no_program(path: str) -> None:
    """The faulty one is left out, whatever is wrong with it; the others are played."""
    good = HEAD + "    at 2026-03-02 10:00 order_placed\n    expect 1 email\n"
    bad = [
        good.replace("a buyer", "unknown name").replace("expect 1", "expect send thrd\n    expect 1"),
        good.replace("a buyer", "no such line").replace("expect 1 email", "1 mail should go"),
        good.replace("a buyer", "a tab").replace("    expect", "\texpect"),
        '\nscenario "nothing below"\n',
    ]
    found = compiled(("flows.flow", FLOWS.encode()), (path, (good + "".join(bad)).encode()))
    assert {each.span.file for each in found.findings} == {path}
    assert len({each.code for each in found.findings}) >= 4
    assert found.stopping == ()
    assert found.program is not None
    assert [each.name for each in found.scenarios] == ["a buyer"]


def test_whatever_is_no_declaration_in_the_folder_of_scenarios_is_a_test() -> None:
    """A misspelt `scenario`, or a file that is no text, stops nothing there; a flow in it still counts."""
    flows = ("flows.flow", FLOWS.encode())
    for data in (b'scenari "x"\n    flow case\n', "scenario".encode("utf-16"), b"    expect left\n"):
        found = compiled(flows, ("scenarios/x.flow", data))
        assert found.findings
        assert found.program is not None
        assert compiled(flows, ("x.flow", data)).program is None
    broken = b"flow other\n    start on order_placd\n    send third\n"
    assert compiled(flows, ("scenarios/x.flow", broken)).program is None


def test_a_fault_in_a_flow_leaves_nothing_to_test() -> None:
    """Without a program no scenario can be played; and the fault is told once, not at each line of a test."""
    text = FLOWS.replace("send second", "sennd second") + HEAD
    found = compiled_text(text + "    at 2026-03-02 10:00 order_placed\n    expect send second\n")
    assert [each.code for each in found.findings] == ["E102"]
    assert (found.program, found.scenarios) == (None, ())


def test_words_of_scenarios_are_free_for_fields_and_attributes() -> None:
    """Only names of declared things must keep clear of the words that begin a line."""
    found = compiled_text(
        """event after_sale
    opens number
    expect text
    at_ date
contact
    clicks number
    arm    text
flow case
    topic news
    start on after_sale
    send first as left
scenario "fields"
    flow case
    contact
        clicks 3
        arm "left"
        agreed to news
    at 2026-03-02 10:00 after_sale with opens 3, expect "x"
    expect send left
    expect contact.arm is "left"
"""
    )
    assert as_text(found.findings, found.sources) == ""
    assert len(found.scenarios) == 1
    assert [each.code for each in compiled_text("event opens\n").findings] == ["E207"]


@pytest.mark.parametrize(
    "start",
    [
        "start on date contact.birthday every year at 09:00",
        "start every monday at 09:00 for segment quiet_people",
        "start on joining segment quiet_people",
    ],
)
def test_a_mail_of_a_flow_that_begins_as_time_passes_may_be_opened(start: str) -> None:
    """No act need stand above: days, dates and segments bring mails by themselves."""
    flow = FLOWS.replace("start on order_placed", start).replace("    start by request\n", "")
    acts = "    at 2026-03-02 08:00 expect no send\n    at 2026-03-09 10:00 expect send hello\n"
    found = compiled_text(flow + HEAD + acts + "    after 1 hour opens hello\n    expect in pause_\n")
    assert "E610" not in {each.code for each in found.findings}
    assert [each.name for each in found.scenarios] == ["a buyer"]
