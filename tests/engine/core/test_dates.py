"""Starts on a date: birthdays, renewals, anniversaries (language reference, §4 Header lines)."""

from datetime import date

import pytest
from flows import loaded
from person import DAY, HOUR, NEVER, Person, at

BIRTHDAY = """
flow birthday "Birthday"
    start on date contact.birthday every year {offset} at 09:00
    enter every time

    send gift
        topic news
"""


def flow(offset: str = "") -> str:
    return BIRTHDAY.format(offset=offset)


def test_a_birthday_starts_the_flow_every_year() -> None:
    """At nine on the contact's own clock; nothing is polled in between."""
    anna = Person(loaded(flow())).learns(birthday=date(1990, 4, 10), time_zone="Asia/Tashkent")
    assert anna.next_due() == at("2026-04-10T04:00")
    anna.until(at("2026-04-10T04:00") - 1)
    assert anna.mails == []
    anna.until(at("2026-04-10T04:00"))
    assert anna.mails == ["gift"]
    assert anna.next_due() == at("2027-04-10T04:00")
    assert anna.until(at("2029-01-01T00:00")).mails == ["gift"] * 3


@pytest.mark.parametrize(
    ("offset", "moment"),
    [
        ("3 days before", "2026-04-07T06:00"),
        ("1 week after", "2026-04-17T06:00"),
        ("1 month before", "2026-03-10T07:00"),  # on the wall clock: winter time
    ],
)
def test_an_offset_lies_before_or_behind_the_date(offset: str, moment: str) -> None:
    """On the calendar, at the same time of day."""
    anna = Person(loaded(flow(offset))).learns(birthday=date(1990, 4, 10))
    assert anna.next_due() == at(moment)


def test_an_offset_may_reach_into_another_year() -> None:
    """The birthday of January, told of in December."""
    anna = Person(loaded(flow("1 month before")), now=at("2026-12-01T00:00"))
    anna.learns(birthday=date(1990, 1, 3))
    assert anna.next_due() == at("2026-12-03T07:00")
    assert anna.until(at("2026-12-03T07:00")).next_due() == at("2027-12-03T07:00")


def test_29_february_falls_on_the_28th_in_other_years() -> None:
    """And on the 29th where there is one."""
    anna = Person(loaded(flow())).learns(birthday=date(2000, 2, 29))
    starts = []
    for _ in range(3):
        starts.append(anna.next_due())
        anna.until(anna.next_due())
    assert starts == [at("2027-02-28T07:00"), at("2028-02-29T07:00"), at("2029-02-28T07:00")]


def test_a_date_learned_too_late_waits_for_next_year() -> None:
    """A quarter of an hour behind nine is too late."""
    anna = Person(loaded(flow()), now=at("2026-03-02T07:15")).learns(birthday=date(1990, 3, 2))
    assert anna.next_due() == at("2027-03-02T07:00")


def test_every_year_begins_with_the_first_anniversary() -> None:
    """The day itself is none, whether it lies behind or ahead."""
    anna = Person(loaded(flow())).learns(birthday=date(2026, 3, 5))
    assert anna.next_due() == at("2027-03-05T07:00")


def test_a_changed_date_arms_anew_and_an_unknown_one_not_at_all() -> None:
    """What was armed before is forgotten."""
    anna = Person(loaded(flow())).learns(birthday=date(1990, 4, 10)).learns(birthday=date(1990, 5, 10))
    assert anna.next_due() == at("2026-05-10T06:00")
    assert anna.learns(birthday=None).next_due() == NEVER
    assert anna.pass_(400 * DAY).mails == []


def test_a_move_of_the_clock_arms_anew() -> None:
    """Nine o'clock is earlier in Tashkent."""
    anna = Person(loaded(flow())).learns(birthday=date(1990, 4, 10)).learns(time_zone="Asia/Tashkent")
    assert anna.next_due() == at("2026-04-10T04:00")


def test_an_event_at_that_very_moment_does_not_swallow_the_start() -> None:
    """The event is first, the timer second, also when the event changes what is known."""
    anna = Person(loaded(flow())).learns(birthday=date(1990, 4, 10))
    anna.now = at("2026-04-10T06:00")
    anna.learns(city="Riga")
    assert anna.next_due() == anna.now
    assert anna.until(anna.now).mails == ["gift"]


def test_a_timer_that_comes_late_still_starts_the_flow_once() -> None:
    """After an outage of two days, whatever comes first."""
    for wake in ("event", "timer"):
        anna = Person(loaded(flow())).learns(birthday=date(1990, 4, 10))
        anna.now = at("2026-04-12T06:00")
        if wake == "event":
            anna.happens("cart_updated")
        assert anna.until(anna.now).mails == ["gift"]


def test_a_date_without_every_year_starts_once() -> None:
    """A renewal: three days before the moment's day; one that is over starts nothing."""
    text = """
flow renewal "Renewal"
    start on date contact.renewal 3 days before at 10:00
    enter every time

    send reminder
        topic news
"""
    anna = Person(loaded(text)).learns(renewal=at("2026-03-31T22:30"))  # 1 April in Riga
    assert anna.next_due() == at("2026-03-29T07:00")
    assert anna.pass_(800 * DAY).mails == ["reminder"]
    bert = Person(loaded(text)).learns(renewal=at("2026-03-03T21:00"))
    assert bert.next_due() == NEVER


def test_a_date_may_come_from_history() -> None:
    """A year after the first order, whatever was ordered since."""
    text = """
flow anniversary "Anniversary"
    start on date first order_placed.at every year at 10:00
    enter every time

    send thanks
        topic news
"""
    anna = Person(loaded(text)).happens("order_placed", order_id="1")
    anna.pass_(30 * DAY).happens("order_placed", order_id="2")
    assert anna.next_due() == at("2027-03-02T08:00")
    assert anna.until(at("2027-03-02T08:00")).mails == ["thanks"]


def test_the_entry_rules_hold() -> None:
    """Marketing flows start for people only who may be mailed; `enter once` is once."""
    text = """
flow birthday "Birthday"
    topic news
    start on date contact.birthday every year at 09:00
    enter once

    send gift
"""
    anna = Person(loaded(text)).learns(birthday=date(1990, 4, 10)).pass_(60 * DAY)
    assert anna.story("birthday") == ["not_entered not_subscribed"]
    anna.agrees("news").pass_(1000 * DAY)
    assert anna.mails == ["gift"]
    assert "not_entered entered_before" in anna.story("birthday")


def test_a_flow_that_is_new_is_armed_with_the_next_word_from_the_contact() -> None:
    """And an edited one anew."""
    other = loaded("flow other\n    start on price_dropped\n\n    send missed\n        topic news\n")
    anna = Person(other).learns(birthday=date(1990, 4, 10))
    assert anna.next_due() == NEVER
    anna.loaded = loaded(flow())
    assert anna.happens("cart_updated").next_due() == at("2026-04-10T06:00")
    anna.loaded = loaded(flow("1 day before"))
    assert anna.happens("cart_updated").next_due() == at("2026-04-09T06:00")
    assert anna.pass_(60 * DAY + HOUR).mails == ["gift"]


HOMES = {"Riga": "Europe/Riga", "New York": "America/New_York", "Tashkent": "Asia/Tashkent"}


@pytest.mark.parametrize("until", ["2026-03-03T07:30", "2026-03-03T12:00"])
def test_a_birthday_comes_once_to_one_who_travels(until: str) -> None:
    """Nine o'clock strikes again further west, on the same day."""
    anna = Person(loaded(flow())).learns(birthday=date(1990, 3, 3), time_zone=HOMES["Riga"])
    anna.until(at(until)).learns(time_zone=HOMES["New York"])
    assert anna.until(at("2026-03-05T00:00")).mails == ["gift"]
    assert anna.next_due() == at("2027-03-03T14:00")
    anna.learns(time_zone=HOMES["Riga"])
    assert anna.until(at("2027-03-04T00:00")).mails == ["gift"] * 2


def test_a_birthday_is_not_lost_on_the_way_east() -> None:
    """Where nine o'clock is over on arrival, the start comes at once."""
    anna = Person(loaded(flow())).learns(birthday=date(1990, 3, 3), time_zone=HOMES["New York"])
    anna.until(at("2026-03-03T10:30")).learns(time_zone=HOMES["Riga"])
    assert anna.next_due() == anna.now
    assert anna.learns(city="Riga").until(at("2026-03-10T00:00")).mails == ["gift"]
    assert anna.next_due() == at("2027-03-03T07:00")


@pytest.mark.parametrize(("seen", "hour"), [("2026-03-03T08:30", "12:00"), ("2026-03-03T06:30", "08:00")])
def test_a_flow_whose_hour_is_edited_on_the_day_starts_once(seen: str, hour: str) -> None:
    """Whether the old hour is over and the new one is not, or the other way round."""
    anna = Person(loaded(flow())).learns(birthday=date(1990, 3, 3)).until(at(seen))
    anna.loaded = loaded(flow().replace("09:00", hour))
    anna.happens("cart_updated")
    assert anna.until(at("2026-03-04T00:00")).mails == ["gift"]


def test_the_moment_of_a_renewal_is_one_on_every_clock() -> None:
    """Even where it lies on another day."""
    text = flow().replace("contact.birthday every year", "contact.renewal 3 days before")
    anna = Person(loaded(text)).learns(renewal=at("2026-03-31T22:30"), time_zone=HOMES["New York"])
    assert anna.until(at("2026-03-28T20:00")).mails == ["gift"]
    assert anna.learns(time_zone=HOMES["Tashkent"]).pass_(10 * DAY).mails == ["gift"]


def test_a_start_on_what_was_looked_at_is_forgotten_with_it() -> None:
    """Withdrawing personalisation leaves nothing armed."""
    text = flow().replace("contact.birthday every year", "last product_viewed.at 7 days after")
    anna = Person(loaded(text)).agrees("personalisation").happens("product_viewed", sku="A")
    assert anna.next_due() < NEVER
    anna.withdraws("personalisation")
    assert anna.next_due() == NEVER
    assert anna.pass_(9 * DAY).mails == []


@pytest.mark.parametrize(("days", "mails"), [(400, ["gift"]), (300, [])])
def test_a_date_is_over_when_its_event_leaves_the_span(days: int, mails: list[str]) -> None:
    """By time alone, without another word from the contact."""
    text = flow().replace("contact.birthday", f"last order_placed.at in last {days} days")
    anna = Person(loaded(text)).happens("order_placed")
    assert anna.pass_(800 * DAY).mails == mails
    assert anna.next_due() == NEVER
