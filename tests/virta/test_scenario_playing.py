"""Scenarios are played as the language reference says."""

from pathlib import Path

import pytest
from scenes import MEASURED, played, stall_with, the, why

WELCOME = """
scenario "welcome"
    flow welcome
    at 2026-03-02 10:00 subscribed with topic "news"
"""


@pytest.mark.parametrize(
    ("lines", "holds"),
    [
        ("    expect send hello", True),
        ("    expect send come_again", False),
        ("    after 3 days expect send come_again", True),
        ("    after 71 hours expect send come_again", False),
        ("    after 1 day order_placed\n    expect finished as bought", True),
        ("    after 4 days expect finished as bought", False),
        ("    after 1 day order_placed\n    expect left", False),
        ("    after 1 day withdraws news\n    expect left", True),
        ('    after 1 day unsubscribed with topic "news"\n    expect left', True),
        ("    expect 1 email", True),
        ("    expect 0 emails", False),
        ("    after 4 days expect 2 emails", True),
        ("    expect agreed to news", True),
        ("    expect not agreed to news", False),
        ("    expect contact.first_name is unknown", True),
        ('    set contact.first_name to "Anna"\n    expect contact.first_name is "anna"', True),
        ("    after 4 days expect in come_again", False),
    ],
)
def test_an_expectation_holds_or_fails(tmp_path: Path, lines: str, holds: bool) -> None:
    """Each kind of expectation, once where it holds and once where it does not."""
    outcome = the(played(tmp_path, WELCOME + lines))
    assert (outcome.failure is None) is holds, outcome.failure


def test_what_was_agreed_to_beforehand_starts_nothing(tmp_path: Path) -> None:
    """The welcome flow starts on `subscribed`; a contact who had agreed already is not welcomed."""
    outcome = the(
        played(
            tmp_path,
            """
scenario "known already"
    flow welcome
    contact
        agreed to news
    at 2026-03-02 10:00 expect agreed to news
    after 4 days expect 0 emails
""",
        )
    )
    assert outcome.failure is None, outcome.failure


def test_only_the_flows_named_run(tmp_path: Path) -> None:
    """An order thanks nobody while `thanks` stands still."""
    both = """
scenario "{}"
    {}
    at 2026-03-02 10:00 order_placed with order_id "7", total 4.50 EUR
    expect {} email{}
"""
    alone = both.format("alone", "flow cart", 0, "s")
    named = both.format("named", "flow cart\n    flow thanks", 1, "")
    assert [why(outcome) for outcome in played(tmp_path, alone, named)] == ["", ""]


def test_nothing_of_a_scenario_reaches_the_next(tmp_path: Path) -> None:
    """The same scenario ten times, with an order that would end the second journey if it were known."""
    text = """
scenario "{}"
    flow welcome
    at 2026-03-02 10:00 subscribed with topic "news"
    expect send hello
    after 1 day order_placed with order_id "7"
    expect 1 email
    expect count of order_placed is 1
"""
    outcomes = played(tmp_path, *(text.format(number) for number in range(10)))
    assert [why(outcome) for outcome in outcomes] == [""] * 10


def test_a_mail_answers_for_one_line(tmp_path: Path) -> None:
    """`expect no send` means: none beside those that were expected; the same mail is not found twice."""
    twice = WELCOME + "    expect send hello\n    expect send hello\n"
    fine = WELCOME.replace('"welcome"', '"fine"') + (
        "    expect send hello\n    expect no send\n    after 1 day expect no send\n"
    )
    unexpected = WELCOME.replace('"welcome"', '"unexpected"') + "    expect no send\n"
    assert [bool(why(outcome)) for outcome in played(tmp_path, twice, fine, unexpected)] == [
        True,
        False,
        True,
    ]


def test_the_span_begins_with_the_last_line_that_has_a_time(tmp_path: Path) -> None:
    """What happened at that line's moment belongs to it, and what was before does not."""
    belongs = WELCOME + "    after 1 hour expect send hello\n"
    before = WELCOME.replace('"welcome"', '"before"') + (
        "    after 1 hour expect in wait_1\n    after 1 hour expect send hello\n"
    )
    outcomes = played(tmp_path, belongs, before)
    assert why(outcomes[0]) == ""
    assert "It went out earlier: 2026-03-02 10:00." in why(outcomes[1])


def test_the_clock_is_the_contacts_own(tmp_path: Path) -> None:
    """`at` is a moment of the contact's zone, and so are the times of a failure."""
    outcome = the(
        played(
            tmp_path,
            """
scenario "far away"
    flow welcome
    contact
        time_zone "Pacific/Auckland"
    at 2026-03-02 10:00 subscribed with topic "news"
    expect 0 emails
""",
        )
    )
    assert why(outcome) == "1 mail went out: `hello` (2026-03-02 10:00)."
    assert outcome.failure is not None
    assert outcome.failure.clock == "Pacific/Auckland"
    assert [told.hour for told in outcome.failure.story] == ["10:00"] * len(outcome.failure.story)


def test_what_is_due_at_a_moment_is_done_before_it_is_judged_and_after_what_happens(tmp_path: Path) -> None:
    """Event, then timer: an order at the end of the wait is heard, and a mail due at the moment has gone."""
    heard = WELCOME + "    after 3 days order_placed\n    expect finished as bought\n"
    gone = WELCOME.replace('"welcome"', '"gone"') + "    after 3 days expect send come_again\n"
    assert [why(outcome) for outcome in played(tmp_path, heard, gone)] == ["", ""]


def test_opens_and_clicks_go_through_the_links_of_the_mail(tmp_path: Path) -> None:
    """They count for those who agreed to it, and not within ten seconds."""
    flow = """
flow curious
    topic news
    start on subscribed where topic is "news"
    leave on email_clicked

    send linked
    wait for email_opened up to 3 days
        on email_opened
            finish as seen
"""
    text = """
scenario "{}"
    flow curious
    {}
    at 2026-03-02 10:00 subscribed with topic "news"
    {}
"""
    measured = "contact\n        agreed to cups\n        agreed to measurement"
    cases = {
        "opens": (measured, "after 1 hour opens linked\n    expect finished as seen"),
        "clicks": (measured, "after 1 hour clicks linked\n    expect left"),
        "a link": (measured, 'after 1 hour clicks linked link "menu"\n    expect left'),
        "no such link": (measured, 'after 1 hour clicks linked link "nowhere"\n    expect left'),
        "too soon": (measured, "opens linked\n    expect finished as seen"),
    }
    template = (
        '---\nsubject: Linked\n---\n<p><a href="https://stall.example/menu">Menu</a> '
        '<a href="{{ links.unsubscribe }}">Unsubscribe</a> {{ sender.name }}, {{ sender.imprint }}</p>\n'
    )
    cups = '\ntopic cups "Cups"\n    for marketing\n    consent "I want news of cups."\n'
    stall = stall_with(tmp_path)
    (stall / "templates" / "linked.html").write_text(template, "utf-8")
    texts = [text.format(name, *case) for name, case in cases.items()]
    came = [why(each) for each in played(tmp_path, *texts, flows=flow + cups, toml=MEASURED)]
    assert came[:3] == ["", "", ""]
    assert came[3] == (
        "The mail `linked` has no link with “nowhere” in its address. Its links: https://stall.example/menu."
    )
    assert "within 10 seconds counts as a machine's doing" in came[4]


def test_returns_reach_the_flows_and_the_gate(tmp_path: Path) -> None:
    """A hard bounce and a complaint stop all marketing; a soft bounce stops nothing."""
    text = WELCOME.replace('"welcome"', '"{}"') + "    after 1 hour {}\n    after 4 days expect {} email{}\n"
    outcomes = played(
        tmp_path,
        text.format("hard", 'email_bounced with kind "hard"', 1, ""),
        text.format("soft", 'email_bounced with kind "soft"', 2, "s"),
        text.format("spam", "email_complained", 1, ""),
    )
    assert [why(outcome) for outcome in outcomes] == ["", "", ""]


def test_a_late_event_starts_nothing_and_ends_journeys(tmp_path: Path) -> None:
    """An event that arrives more than 24 hours late is history, and is heard by waits."""
    text = """
scenario "{}"
    flow {}
    contact
        agreed to news
    at 2026-03-02 10:00 {}
    expect {} email{}
"""
    outcomes = played(
        tmp_path,
        text.format("late", "cart", 'cart_updated late by 2 days with cart_id "7"', 0, "s"),
        text.format("in time", "cart", 'cart_updated late by 20 hours with cart_id "7"', 1, ""),
    )
    assert [why(outcome) for outcome in outcomes] == ["", ""]


def test_a_split_takes_its_first_arm_unless_another_is_chosen(tmp_path: Path) -> None:
    """Whatever the weights are, and nobody is held out."""
    flow = """
flow lots
    topic news
    start on order_placed
    holdout 50%

    split lot
        1% rare
            finish as rare
        99% usual
            finish as usual
"""
    text = """
scenario "{0}"
    flow lots
    {1}
    contact
        agreed to news
    at 2026-03-02 10:00 order_placed
    expect arm {0} of lot
    expect finished as {0}
"""
    outcomes = played(
        tmp_path,
        text.format("rare", ""),
        text.format("usual", "choose usual of lot"),
        flows=flow,
    )
    assert [why(outcome) for outcome in outcomes] == ["", ""]
    arms = [[each.arm for each in outcome.reached if each.arm] for outcome in outcomes]
    assert arms == [["rare"], ["usual"]]


def test_a_template_that_fails_is_a_failure_in_words(tmp_path: Path) -> None:
    """It names the mail and what is wrong; a traceback shows nowhere."""
    stall = stall_with(tmp_path)
    broken = (stall / "templates" / "hello.html").read_text("utf-8")
    (stall / "templates" / "hello.html").write_text(
        broken.replace("<p>Hello", "<p>{{ 1 / (contact.first_name | length) }} Hello"), "utf-8"
    )
    text = """
scenario "broken"
    flow welcome
    contact
        first_name ""
    at 2026-03-02 10:00 subscribed with topic "news"
    after 1 day expect 1 email
"""
    outcome = the(played(tmp_path, text))
    assert why(outcome).startswith("The mail `hello` could not be: template `hello`")


def test_a_sign_up_that_cannot_be_is_told_in_words(tmp_path: Path) -> None:
    """Who agreed already has nothing to confirm, and nobody withdraws what was not agreed to."""
    again = WELCOME + '    after 1 day subscribed with topic "news"\n'
    nothing = """
scenario "nothing to take back"
    flow welcome
    at 2026-03-02 10:00 withdraws news
"""
    outcomes = played(tmp_path, again, nothing)
    assert why(outcomes[0]) == "They agree to `news` already, so there is nothing to confirm."
    assert why(outcomes[1]) == "They have not agreed to `news`, so there is nothing to take back."


def test_the_same_scenario_gives_the_same_outcome(tmp_path: Path) -> None:
    """Codes, keys and stories are the same in every run."""
    text = WELCOME + "    expect 0 emails\n"
    first = the(played(tmp_path / "a", text))
    second = the(played(tmp_path / "b", text))
    assert first.failure is not None
    assert first.failure == second.failure


def test_purposes_are_agreed_to_and_taken_back_as_topics_are(tmp_path: Path) -> None:
    """On the preferences page, and confirmed by mail."""
    text = """
scenario "measured for a day"
    flow welcome
    contact
        agreed to news
    at 2026-03-02 10:00 subscribed with topic "measurement"
    expect agreed to measurement
    after 1 day withdraws measurement
    expect not agreed to measurement and agreed to news
"""
    assert why(the(played(tmp_path, text, toml=MEASURED))) == ""


def test_zero_is_an_amount_where_one_is_given(tmp_path: Path) -> None:
    """`0` needs no currency, in lists neither."""
    text = """
scenario "free of charge"
    flow welcome
    at 2026-03-02 10:00 order_placed with total 0, items [(sku "gift", price 0)]
    expect last order_placed.total is 0 EUR and last order_placed.total < 1 EUR
    expect sum of order_placed.items.price is 0 EUR
"""
    assert why(the(played(tmp_path, text))) == ""


def test_who_agrees_to_a_purpose_alone_cannot_sign_up(tmp_path: Path) -> None:
    """The consent service says so, and the scenario fails with its words."""
    text = """
scenario "alone"
    flow welcome
    contact
        agreed to measurement
    at 2026-03-02 10:00 expect 0 emails
"""
    assert why(the(played(tmp_path, text, toml=MEASURED))) == (
        "The consent service does not take this sign-up: "
        "A sign-up names at least one topic that mails are about."
    )


def test_a_purpose_alone_stands_on_the_form_of_the_first_sign_up(tmp_path: Path) -> None:
    """So the very first mail of a newcomer may be opened."""
    text = (
        WELCOME.replace("    at 2026", "    contact\n        agreed to measurement\n    at 2026", 1)
        + """\
    expect agreed to measurement
    after 1 hour opens hello
    expect any email_opened
"""
    )
    assert why(the(played(tmp_path, text, toml=MEASURED))) == ""


def test_a_flow_that_starts_by_request_is_asked_to(tmp_path: Path) -> None:
    """As the API does it; one that starts otherwise does not begin."""
    flow = """
flow asked
    topic news
    start by request

    send hello
"""
    text = """
scenario "asked"
    flow asked
    contact
        agreed to news
    at 2026-03-02 10:00 start flow asked
    expect send hello
"""
    assert why(the(played(tmp_path, text, flows=flow))) == ""


def test_a_webhook_is_called_nowhere(tmp_path: Path) -> None:
    """The step is taken, without a secret and without an address that answers."""
    flow = """
webhook till
    url "https://till.invalid/hook"
    secret env NOBODY_HAS_SET_THIS

flow ringing
    topic news
    start on order_placed

    call till with total trigger.total
    finish as rung
"""
    text = """
scenario "rung"
    flow ringing
    contact
        agreed to news
    at 2026-03-02 10:00 order_placed with total 4.50 EUR
    expect finished as rung
"""
    outcome = the(played(tmp_path, text, flows=flow))
    assert why(outcome) == ""
    assert "call_1" in [each.step for each in outcome.reached]


@pytest.mark.parametrize(
    ("wording", "came"),
    [
        ('subject is "order 7"', ""),
        ('subject starts with "Order"', ""),
        ('text contains "Thank you!"', ""),
        ('text ends with "Square 1, Riga"', ""),
        ('subject is not "Order 7"', "Its subject is “Order 7”."),
        ('subject contains "8"', "Its subject is “Order 7”."),
        (
            'text contains "sorry"',
            "Its text is “Thank you! Coffee stall, Coffee stall, Example Square 1, Riga”.",
        ),
    ],
)
def test_the_wording_of_a_mail_is_that_of_the_letter(tmp_path: Path, wording: str, came: str) -> None:
    """The subject and the text part, as they were handed to the mail server."""
    text = f"""
scenario "thanks"
    flow thanks
    at 2026-03-02 10:00 order_placed with order_id "7"
    expect send order_thanks
        {wording}
"""
    assert why(the(played(tmp_path, text))) == came


def test_a_template_that_fails_may_be_expected(tmp_path: Path) -> None:
    """By its reason, as any other skip."""
    stall = stall_with(tmp_path)
    path = stall / "templates" / "hello.html"
    path.write_text(path.read_text("utf-8").replace("<p>Hello", "<p>{{ 1 / 0 }} Hello"), "utf-8")
    outcome = the(played(tmp_path, WELCOME + "    expect skipped hello because template_failed\n"))
    assert why(outcome) == ""


def test_lines_out_of_order_are_a_failure_in_words(tmp_path: Path) -> None:
    """Where a contact's zone changes on the way, a moment may lie before the one above it."""
    outcome = the(
        played(
            tmp_path,
            """
scenario "travels"
    flow welcome
    contact
        time_zone "America/New_York"
    at 2026-03-02 10:00 set contact.time_zone to "Pacific/Auckland"
    at 2026-03-02 11:00 expect no send
""",
        )
    )
    assert why(outcome).startswith("This line lies before the one above it.")
