"""Conditions on opens and clicks, which are known only of people who agreed to measurement."""

from collections.abc import Callable
from typing import Any

import pytest
from asked import holds
from flows import loaded
from person import DAY, HOUR, Person

MEASURED = [
    "any email_opened",
    "no email_opened",
    "no email_clicked in last 30 days",
    "count of email_opened is 0",
    "count of email_opened >= 0",
    "count of email_clicked < 5",
    "last email_opened.at is unknown",
]


def mailed(consents: bool) -> Callable[[Person], object]:
    """Someone who opened a mail, with or without having agreed to measurement."""

    def past(person: Person) -> None:
        if consents:
            person.agrees("measurement")
        person.pass_(DAY).happens("email_opened", flow="asks", step="x", template="x", topic="news")

    return past


@pytest.mark.parametrize("condition", MEASURED[:-1])
def test_without_consent_to_measurement_opens_are_unknown_not_absent(condition: str) -> None:
    """Each of `any`, `no` and comparisons of their counts is no."""
    assert not holds(condition, mailed(False))


@pytest.mark.parametrize(
    ("condition", "expected"), list(zip(MEASURED, [True, False, True, False, True, True, False], strict=True))
)
def test_with_consent_they_are_what_they_are(condition: str, expected: bool) -> None:
    """The same questions, answered."""
    assert holds(condition, mailed(True)) is expected


def test_opened_and_clicked_ask_for_a_mail_of_this_journey() -> None:
    """With consent only; a click on another link, or on another mail, is none."""
    flow = """
flow asks "Asks"
    topic news
    start on checkout_started
    enter every time

    send tips
    wait 1 day
    if opened tips and clicked tips link "https://kafija.example/a" and clicked tips
        finish as met
    finish as unmet
"""
    tips: dict[str, Any] = {"flow": "asks", "step": "tips", "template": "tips", "topic": "news"}
    for consents, link, before, expected in (
        (True, "https://kafija.example/a", False, "met"),
        (False, "https://kafija.example/a", False, "unmet"),
        (True, "https://kafija.example/b", False, "unmet"),
        (True, "https://kafija.example/a", True, "unmet"),
    ):
        person = Person(loaded(flow)).agrees("news")
        if consents:
            person.agrees("measurement")
        if before:
            person.happens("email_opened", **tips).happens("email_clicked", link=link, **tips).pass_(HOUR)
        person.happens("checkout_started").pass_(HOUR)
        if not before:
            person.happens("email_opened", **tips).happens("email_clicked", link=link, **tips)
        assert person.pass_(DAY).story("asks")[-1] == f"finished {expected}"
