"""What a scenario may expect: where it holds, where it does not, and in which words it fails."""

from pathlib import Path

import pytest
from scenes import WELCOME, played, stall_with, the, why


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
    assert why(outcome) == (
        "The mail `hello` could not be: template `hello` (en): `first_name` is shown, but not known for this "
        "person; write `| default(…)` behind it."
    )


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
