"""`time zone`: the flow's clock for waits, `today`, `at` and its own quiet; limits stay on the contact's
(language reference, §4 Header lines)."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from flows import loaded
from person import DAY, HOUR, MONDAY, Person, at

TOKYO = ZoneInfo("Asia/Tokyo")


def shown(moment: int, zone: ZoneInfo = TOKYO) -> str:
    """What a clock there shows."""
    return f"{datetime.fromtimestamp(moment / 1000, zone):%Y-%m-%d %H:%M}"


def flow(steps: str, header: str = 'time zone "Asia/Tokyo"') -> str:
    return f"""
flow alpha "Alpha"
    topic news
    start on order_placed
    enter every time
    {header}

    {steps}
"""


@pytest.mark.parametrize(
    ("wait", "until"),
    [
        ("wait 1 day at 10:00", "2026-03-04 10:00"),
        ("wait until 10:00", "2026-03-03 10:00"),
        ("wait until monday at 10:00", "2026-03-09 10:00"),
        ("wait until 2026-03-20", "2026-03-20 00:00"),
        ("wait until 2026-03-20 at 09:30", "2026-03-20 09:30"),
        ("wait 1 month", "2026-04-02 16:00"),
    ],
)
def test_waits_go_by_the_flow_s_clock(wait: str, until: str) -> None:
    """It is four in the afternoon in Tokyo, nine in the morning in Riga."""
    text = flow(f"{wait}\n    send hello")
    anna = Person(loaded(text)).agrees("news").learns(time_zone="Europe/Riga").happens("order_placed")
    assert shown(MONDAY) == "2026-03-02 16:00"
    assert shown(anna.journey("alpha").due) == until


def test_a_wait_up_to_days_goes_by_the_flow_s_clock() -> None:
    """Clocks go forward in Riga in the night to 29 March, and never in Tokyo: a day has 24 hours there."""
    start = at("2026-03-28T08:00")
    text = flow("wait for order_paid up to 1 day\n    send hello")
    anna = Person(loaded(text), now=start).agrees("news").happens("order_placed")
    assert anna.journey("alpha").due == start + DAY
    text = flow("wait for order_paid up to 1 day\n    send hello", "time zone of contact")
    anna = Person(loaded(text), now=start).agrees("news").happens("order_placed")
    assert anna.journey("alpha").due == start + 23 * HOUR


def test_today_is_that_of_the_flow() -> None:
    """At 16:30 UTC it is tomorrow in Tokyo."""
    text = flow("if today is 2026-03-03\n        finish as tomorrow")
    anna = Person(loaded(text), now=at("2026-03-02T16:30")).agrees("news").happens("order_placed")
    assert anna.story("alpha")[-1] == "finished tomorrow"


def test_conditions_on_starts_go_by_the_flow_s_clock() -> None:
    """`today` in them is the flow's."""
    text = """
flow alpha "Alpha"
    start on order_placed where today is 2026-03-03
    time zone "Asia/Tokyo"
    wait 1 day
flow beta "Beta"
    start on order_placed where today is 2026-03-03
    wait 1 day
"""
    anna = Person(loaded(text), now=at("2026-03-02T16:30")).happens("order_placed")
    assert [journey.flow for journey in anna.bundle.journeys] == ["alpha"]


def test_segments_go_by_the_contact_s_clock() -> None:
    """Whoever asks for them: a person is in one or not."""
    text = """
segment tomorrow "Tomorrow"
    today is 2026-03-03
flow alpha "Alpha"
    start on order_placed
    time zone "Asia/Tokyo"
    if in segment tomorrow
        finish as member
    finish as stranger
"""
    anna = Person(loaded(text), now=at("2026-03-02T16:30")).happens("order_placed")
    assert anna.story("alpha")[-1] == "finished stranger"


def test_starts_on_dates_go_by_the_flow_s_clock() -> None:
    """Nine in Tokyo, wherever the person is."""
    text = """
flow birthday "Birthday"
    topic news
    start on date contact.birthday every year at 09:00
    time zone "Asia/Tokyo"
    send hello
"""
    anna = Person(loaded(text)).agrees("news").learns(birthday=date(1990, 3, 5), time_zone="Europe/Riga")
    assert shown(anna.bundle.dates["birthday"]) == "2026-03-05 09:00"


def test_the_flow_s_quiet_is_on_its_clock_and_the_project_s_on_the_contact_s() -> None:
    """Nine in the morning in Riga is four in the afternoon in Tokyo."""
    text = flow("send hello", 'time zone "Asia/Tokyo"\n    quiet 15:00 to 18:00')
    anna = Person(loaded(text)).agrees("news").happens("order_placed")
    assert shown(anna.journey("alpha").due) == "2026-03-02 18:00"
    text = "limits\n    quiet 08:00 to 11:00\n" + flow("send hello")
    anna = Person(loaded(text)).agrees("news").happens("order_placed")
    assert shown(anna.journey("alpha").due, ZoneInfo("Europe/Riga")) == "2026-03-02 11:00"


def test_limits_count_the_contact_s_days() -> None:
    """A mail at midnight in Tokyo leaves the day in Riga as full as it was."""
    text = "limits\n    at most 1 email per day, else wait up to 2 days\n" + flow("send hello")
    anna = Person(loaded(text), now=at("2026-03-02T14:30")).agrees("news").happens("order_placed")
    assert anna.mails == ["hello"]
    anna.pass_(HOUR).happens("order_placed")  # half past midnight in Tokyo, half past five in Riga
    assert anna.mails == ["hello"]
    assert shown(anna.journey("alpha").due, ZoneInfo("Europe/Riga")) == "2026-03-03 00:00"


def test_a_moment_written_in_a_condition_is_on_the_flow_s_clock() -> None:
    """Nine in Tokyo is two in Riga."""
    text = flow("wait until now > 2026-03-03 09:00 up to 3 days\n    send hello")
    anna = Person(loaded(text)).agrees("news").happens("order_placed").pass_(2 * DAY)
    [met] = [entry.at for entry in anna.entries if entry.what == "met"]
    assert shown(met - 1) == "2026-03-03 09:00"


def test_a_coupon_ends_on_the_flow_s_clock() -> None:
    """Two days over the change of Riga's clocks are 48 hours in Tokyo."""
    coupon = 'coupon comeback "15%"\n    15% off\n    valid 2 days\n    code "B-{random 8}"\n'
    text = coupon + flow("send hello with code coupon comeback")
    start = at("2026-03-28T08:00")
    anna = Person(loaded(text), now=start).agrees("news").happens("order_placed")
    [made] = [effect.body for effect in anna.effects if effect.kind == "coupon"]
    assert made.until == start + 2 * DAY
