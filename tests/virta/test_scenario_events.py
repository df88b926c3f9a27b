"""What may happen in a scenario: opens, returns, late events, sign-ups and requests."""

from pathlib import Path

from scenes import MEASURED, WELCOME, played, stall_with, the, why


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
