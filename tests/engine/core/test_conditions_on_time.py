"""Conditions on days, years and spans, on the contact's clock."""

from datetime import date

import pytest
from asked import asking, holds, nobody
from flows import loaded
from person import HOUR, Person, at


@pytest.mark.parametrize(
    ("birthday", "today", "years"),
    [
        (date(2000, 2, 29), "2026-02-27", 25),
        (date(2000, 2, 29), "2026-02-28", 26),  # falls on the 28th in other years
        (date(2000, 2, 29), "2028-02-28", 27),
        (date(2000, 2, 29), "2028-02-29", 28),
        (date(2000, 3, 1), "2026-02-28", 25),
        (date(2000, 3, 1), "2026-03-01", 26),
        (date(2000, 12, 31), "2000-12-31", 0),
    ],
)
def test_years_since_a_date_are_whole_years(birthday: date, today: str, years: int) -> None:
    """By the days on the contact's clock."""
    moment = (
        at(f"{today}T00:00") - 2 * HOUR if today < "2026-03-29" else at(f"{today}T00:00")
    )  # 00:00 in Riga
    past = lambda person: person.learns(birthday=birthday)  # noqa: E731
    assert holds(f"years since contact.birthday is {years}", past, moment)


def test_a_moment_against_a_date_compares_the_moment_s_day() -> None:
    """On the contact's clock: 22:30 UTC is the next day in Riga."""
    past = lambda person: person.learns(renewal=at("2026-02-01T22:30"))  # noqa: E731
    assert holds("contact.renewal is 2026-02-02", past)
    assert not holds("contact.renewal is 2026-02-01", past)
    assert holds("contact.renewal is not 2026-02-01", past)
    assert holds("contact.renewal <= 2026-02-02", past)


@pytest.mark.parametrize(
    ("event", "span", "last", "over"),  # Riga's clock, in UTC
    [
        ("2026-03-01T07:00", "1 hour", "2026-03-01T07:59", "2026-03-01T08:00"),
        ("2026-03-01T07:00", "1 day", "2026-03-02T06:59", "2026-03-02T07:00"),
        ("2026-03-28T07:00", "1 day", "2026-03-29T05:59", "2026-03-29T06:00"),
        ("2026-03-28T07:00", "24 hours", "2026-03-29T06:59", "2026-03-29T07:00"),
        ("2026-01-31T08:00", "1 month", "2026-02-28T07:59", "2026-02-28T08:00"),
        ("2026-02-28T08:00", "1 month", "2026-03-28T07:59", "2026-03-28T08:00"),
        ("2026-02-28T08:00", "1 month", "2026-03-28T07:59", "2026-03-29T00:00"),  # and does not come back
        ("2024-02-29T08:00", "1 year", "2025-02-28T07:59", "2025-02-28T08:00"),
    ],
)
def test_an_event_is_in_the_last_d_until_d_has_passed(event: str, span: str, last: str, over: str) -> None:
    """As a wait of D that began with it would end."""
    for moment, expected in ((at(last), True), (at(over), False)):
        rules = loaded(asking(f"any order_placed in last {span}"))
        person = Person(rules, now=at(event))
        person.happens("order_placed", at=at(event)).until(moment).happens("checkout_started")
        assert person.story("asks")[-1] == f"finished {'met' if expected else 'unmet'}"


def test_a_window_follows_the_contact_to_another_clock() -> None:
    """In Riga a day of 23 hours had passed since the first order; where the contact is now, it has not."""
    person = Person(loaded(asking("count of order_placed in last 1 day is 2")), now=at("2026-03-28T08:00"))
    person.happens("order_placed").until(at("2026-03-29T07:30")).happens("order_placed")
    assert person.happens("checkout_started").story("asks")[-1] == "finished unmet"
    person.learns(time_zone="UTC").happens("checkout_started")
    assert person.story("asks")[-1] == "finished met"


def test_nothing_of_the_future_is_in_a_span() -> None:
    """A condition looks back only: an event is recorded at most at the present moment."""
    assert not holds("any checkout_started where at > now", nobody)
