"""A table of awkward times with the right answers worked out by hand from what governments decreed: gaps,
overlaps, half hours, 29 February, ends of months, zones far from UTC (language reference, §§1, 3 and 4)."""

from datetime import date

import pytest
from flows import loaded
from person import DAY, MINUTE, Person, at

FLOW = """
flow alpha "Alpha"
    start on cart_updated
    enter every time

    {wait}
"""
LETTER = """
flow alpha "Alpha"
    topic news
    start on cart_updated
    enter every time

    send hello
"""


def rows(table: str) -> list[list[str]]:
    """The cells of a table. All times are as the clock there shows them, with its offset."""
    lines = [line.partition("#")[0] for line in table.splitlines()]
    return [[cell.strip() for cell in line.split("|")] for line in lines if line.strip()]


def instant(text: str) -> int:
    """A time with its offset, in ms."""
    clock, sign, offset = text[:16], text[16], text[17:]
    hours, _, minutes = offset.partition(":")
    ahead = (int(hours) * 60 + int(minutes or 0)) * MINUTE
    return at(clock) - (ahead if sign == "+" else -ahead)


WAITS = """
    # Morocco goes back an hour for Ramadan, from +01 to +00, and forward again behind it
    Africa/Casablanca   | wait 1 day                   | 2026-02-14T02:30+01    | 2026-02-15T02:30+01  # twice
    Africa/Casablanca   | wait until 02:30             | 2026-03-21T12:00+00    | 2026-03-22T03:00+01
    # Lord Howe Island moves by half an hour
    Australia/Lord_Howe | wait until 02:15             | 2026-10-03T12:00+10:30 | 2026-10-04T02:30+11
    Australia/Lord_Howe | wait until 01:45             | 2026-04-04T12:00+11    | 2026-04-05T01:45+11
    Australia/Lord_Howe | wait 1 day                   | 2026-04-04T02:15+11    | 2026-04-05T02:15+10:30
    # Troll, in the Antarctic, moves by two hours
    Antarctica/Troll    | wait until 02:59             | 2026-03-28T12:00+00    | 2026-03-29T03:00+02
    Antarctica/Troll    | wait until 01:30             | 2026-10-24T12:00+02    | 2026-10-25T01:30+02
    # Egypt took summer time up again in 2023: on its first day midnight is skipped
    Africa/Cairo        | wait until 00:30             | 2023-04-27T12:00+02    | 2023-04-28T01:00+03
    Africa/Cairo        | wait until friday            | 2023-04-27T12:00+02    | 2023-04-28T01:00+03
    Africa/Cairo        | wait until 23:30             | 2023-10-26T12:00+03    | 2023-10-26T23:30+03  # twice
    Africa/Cairo        | wait until friday            | 2023-10-26T12:00+03    | 2023-10-27T00:00+02
    # Greenland goes on a Saturday at 22:00, and in 2023 did not go back
    America/Nuuk        | wait until 22:30             | 2023-03-25T12:00-03    | 2023-03-25T23:00-02
    America/Nuuk        | wait 1 day                   | 2023-10-28T12:00-02    | 2023-10-29T12:00-02
    # since 2024 the gap ends at midnight: Saturday's half past eleven is Sunday's midnight
    America/Nuuk        | wait until saturday at 23:30 | 2024-03-30T12:00-02    | 2024-03-31T00:00-01
    America/Nuuk        | wait 1 day at 23:30          | 2024-03-29T23:30-02    | 2024-03-31T00:00-01
    America/Nuuk        | wait until saturday at 23:30 | 2024-10-26T12:00-01    | 2024-10-26T23:30-01
    # Mexico gave summer time up in October 2022
    America/Mexico_City | wait 1 day                   | 2022-10-30T01:30-06    | 2022-10-31T01:30-06
    America/Mexico_City | wait 6 months                | 2022-10-29T12:00-05    | 2023-04-29T12:00-06
    # Jordan and Syria stayed at +03 for good in October 2022
    Asia/Amman          | wait 1 day                   | 2022-10-27T12:00+03    | 2022-10-28T12:00+03
    Asia/Damascus       | wait 1 day                   | 2022-10-27T23:30+03    | 2022-10-28T23:30+03
    Asia/Damascus       | wait until friday            | 2022-03-24T12:00+02    | 2022-03-25T01:00+03
    # Kazakhstan went from +06 to +05 at midnight behind 29 February 2024: that day had 25 hours
    Asia/Almaty         | wait 1 day                   | 2024-02-28T23:30+06    | 2024-02-29T23:30+06
    Asia/Almaty         | wait until 23:30             | 2024-02-29T23:30+06    | 2024-03-01T23:30+05
    Asia/Almaty         | wait 1 day at 00:00          | 2024-02-28T23:00+06    | 2024-03-01T00:00+05
    Asia/Almaty         | wait 1 month                 | 2024-01-31T12:00+06    | 2024-02-29T12:00+06
    # the Yukon, and Paraguay, changed the law and not the clock
    America/Whitehorse  | wait 1 day                   | 2020-10-31T12:00-07    | 2020-11-01T12:00-07
    America/Asuncion    | wait 8 months                | 2024-10-15T12:00-03    | 2025-06-15T12:00-03
    # Samoa has no summer time any more, Casey has changed by three hours at one minute past midnight
    Pacific/Apia        | wait 1 day                   | 2021-09-25T12:00+13    | 2021-09-26T12:00+13
    Antarctica/Casey    | wait until 00:30             | 2020-10-03T12:00+08    | 2020-10-04T03:01+11
    # Cuba and Chile go at midnight
    America/Havana      | wait until sunday            | 2026-03-07T12:00-05    | 2026-03-08T01:00-04
    America/Havana      | wait until sunday at 00:30   | 2026-10-31T12:00-04    | 2026-11-01T00:30-04
    America/Santiago    | wait until sunday            | 2026-09-05T12:00-04    | 2026-09-06T01:00-03
    # 29 February and ends of months
    UTC                 | wait 1 year                  | 2024-02-29T12:00+00    | 2025-02-28T12:00+00
    UTC                 | wait 4 years                 | 2024-02-29T12:00+00    | 2028-02-29T12:00+00
    UTC                 | wait 1 month 1 day           | 2025-01-31T12:00+00    | 2025-03-01T12:00+00
    UTC                 | wait 13 months               | 2027-01-31T12:00+00    | 2028-02-29T12:00+00
    UTC                 | wait 1 month at 12:00        | 2027-01-31T12:00+00    | 2027-02-28T12:00+00
    UTC                 | wait 1 month at 11:59        | 2027-01-31T12:00+00    | 2027-03-01T11:59+00
    # beside midnight
    Pacific/Kiritimati  | wait until 00:00             | 2026-12-31T23:59+14    | 2027-01-01T00:00+14
    Pacific/Kiritimati  | wait until 00:00             | 2027-01-01T00:00+14    | 2027-01-02T00:00+14
    Pacific/Pago_Pago   | wait 1 day at 00:00          | 2028-02-28T00:00-11    | 2028-02-29T00:00-11
    Asia/Kathmandu      | wait 1 day at 00:00          | 2028-02-28T00:01+05:45 | 2028-03-01T00:00+05:45
"""


@pytest.mark.parametrize(("zone", "wait", "start", "end"), rows(WAITS))
def test_a_wait_ends_at(zone: str, wait: str, start: str, end: str) -> None:
    """On the contact's own clock."""
    anna = Person(loaded(FLOW.format(wait=wait)), now=instant(start)).learns(time_zone=zone)
    assert anna.happens("cart_updated").journey("alpha").due == instant(end)


QUIET = """
    Europe/Riga         | 21:00 to 08:00 | 2026-03-28T23:00+02    | 2026-03-29T08:00+03  # 8 hours
    Europe/Riga         | 21:00 to 08:00 | 2026-10-24T23:00+03    | 2026-10-25T08:00+02  # 10 hours
    Europe/Riga         | 21:00 to 03:30 | 2026-03-28T23:00+02    | 2026-03-29T04:00+03  # ends in a gap
    Europe/Riga         | 03:30 to 05:00 | 2026-03-29T04:00+03    | 2026-03-29T05:00+03  # begins in one
    Europe/Riga         | 03:10 to 03:50 | 2026-03-29T04:00+03    | 2026-03-29T04:00+03  # is never there
    Europe/Riga         | 21:00 to 03:30 | 2026-10-25T03:10+03    | 2026-10-25T03:30+03
    Europe/Riga         | 21:00 to 03:30 | 2026-10-25T03:10+02    | 2026-10-25T03:30+02  # quiet again
    Africa/Cairo        | 22:00 to 00:30 | 2023-04-27T23:00+02    | 2023-04-28T01:00+03
    America/Nuuk        | 20:00 to 23:30 | 2024-03-30T22:00-02    | 2024-03-31T00:00-01
    Asia/Almaty         | 23:00 to 07:00 | 2024-02-29T23:00+06    | 2024-03-01T07:00+05
    Australia/Lord_Howe | 22:00 to 02:15 | 2026-10-03T23:00+10:30 | 2026-10-04T02:30+11
    UTC                 | 00:00 to 23:59 | 2028-02-29T00:00+00    | 2028-02-29T23:59+00
"""


@pytest.mark.parametrize(("zone", "quiet", "held", "free"), rows(QUIET))
def test_quiet_ends_at(zone: str, quiet: str, held: str, free: str) -> None:
    """A mail that wants to go then goes at the first moment that is not quiet."""
    text = f"limits\n    quiet {quiet}\n" + LETTER
    anna = Person(loaded(text), now=instant(held)).agrees("news").learns(time_zone=zone)
    anna.happens("cart_updated").until(instant(free) - 1)
    assert anna.mails == ([] if instant(free) > instant(held) else ["hello"])
    assert anna.until(instant(free)).mails == ["hello"]


LIMITS = """
    Asia/Almaty    | day      | 2024-02-29T00:30+06 | 2024-02-29T23:30+05 | 2024-03-01T00:00+05
    Africa/Cairo   | day      | 2023-04-27T12:00+02 | 2023-04-27T23:59+02 | 2023-04-28T01:00+03
    America/Havana | day      | 2026-11-01T00:10-04 | 2026-11-01T23:59-05 | 2026-11-02T00:00-05
    Pacific/Apia   | week     | 2026-03-02T00:00+13 | 2026-03-08T23:59+13 | 2026-03-09T00:00+13
    America/Nuuk   | week     | 2024-03-25T00:00-02 | 2024-03-31T23:59-01 | 2024-04-01T00:00-01
    UTC            | week     | 2026-12-28T00:00+00 | 2027-01-03T23:59+00 | 2027-01-04T00:00+00
    UTC            | month    | 2028-02-01T00:00+00 | 2028-02-29T23:59+00 | 2028-03-01T00:00+00
    Asia/Beirut    | month    | 2024-03-31T01:00+03 | 2024-03-31T23:59+03 | 2024-04-01T00:00+03
    Europe/Riga    | 1 day    | 2026-03-28T03:30+02 | 2026-03-29T02:59+02 | 2026-03-29T04:00+03
    Europe/Riga    | 1 day    | 2026-10-24T12:00+03 | 2026-10-25T11:59+02 | 2026-10-25T12:00+02
    Europe/Riga    | 24 hours | 2026-10-24T12:00+03 | 2026-10-25T10:59+02 | 2026-10-25T11:00+02
    UTC            | 1 month  | 2027-01-31T12:00+00 | 2027-02-28T11:59+00 | 2027-02-28T12:00+00
"""


@pytest.mark.parametrize(("zone", "unit", "first", "full", "free"), rows(LIMITS))
def test_a_limit_of_one_is_full_until(zone: str, unit: str, first: str, full: str, free: str) -> None:
    """Days, weeks and months are the calendar's on the contact's clock; a length rolls on."""
    text = f"limits\n    at most 1 email per {unit}\n" + LETTER
    anna = Person(loaded(text), now=instant(first)).agrees("news").learns(time_zone=zone)
    mails = [len(anna.until(instant(moment)).happens("cart_updated").mails) for moment in (first, full, free)]
    assert mails == [1, 1, 2]


BIRTHDAYS = """
    UTC                | 2000-02-29 | at 09:00                | 2026-06-01T00:00+00 | 2027-02-28T09:00+00
    UTC                | 2000-02-29 | at 09:00                | 2027-06-01T00:00+00 | 2028-02-29T09:00+00
    UTC                | 2000-03-01 | 1 day before at 09:00   | 2027-06-01T00:00+00 | 2028-02-29T09:00+00
    UTC                | 2000-03-31 | 1 month before at 09:00 | 2026-06-01T00:00+00 | 2027-02-28T09:00+00
    UTC                | 2000-01-31 | 1 month after at 09:00  | 2026-06-01T00:00+00 | 2027-02-28T09:00+00
    UTC                | 2000-01-01 | 1 day before at 23:59   | 2026-06-01T00:00+00 | 2026-12-31T23:59+00
    # on the day itself the time is skipped, three days before it is not
    Europe/Riga        | 2000-03-29 | at 03:30                | 2026-01-01T00:00+00 | 2026-03-29T04:00+03
    Europe/Riga        | 2000-03-29 | 3 days before at 03:30  | 2026-01-01T00:00+00 | 2026-03-26T03:30+02
    Europe/Riga        | 2000-10-25 | at 03:30                | 2026-01-01T00:00+00 | 2026-10-25T03:30+03
    Africa/Cairo       | 2000-04-28 | at 00:00                | 2023-01-01T00:00+00 | 2023-04-28T01:00+03
    America/Nuuk       | 2000-03-30 | at 23:30                | 2024-01-01T00:00+00 | 2024-03-31T00:00-01
    Pacific/Kiritimati | 2000-01-01 | at 00:00                | 2026-06-01T00:00+00 | 2027-01-01T00:00+14
    Mars/Base          | 2000-04-10 | at 09:00                | 2026-01-01T00:00+00 | 2026-04-10T09:00+03
"""


@pytest.mark.parametrize(("zone", "born", "start", "now", "begins"), rows(BIRTHDAYS))
def test_a_birthday_begins_at(zone: str, born: str, start: str, now: str, begins: str) -> None:
    """`start on date contact.birthday every year`, so much before or after it."""
    text = f"flow alpha\n    start on date contact.birthday every year {start}\n\n    wait 1 day\n"
    anna = Person(loaded(text), now=instant(now)).learns(birthday=date.fromisoformat(born), time_zone=zone)
    assert anna.next_due() == instant(begins)


CONDITIONS = """
    # a day that lost an hour, and one that has one more
    Europe/Riga        | any order_placed in last 1 day            | 2026-03-29T11:59+03 | 2026-03-29T12:00+03
    Europe/Riga        | no order_placed in last 1 day             | 2026-03-29T12:00+03 | 2026-03-29T11:59+03
    Europe/Riga        | any order_placed in last 24 hours         | 2026-03-29T12:59+03 | 2026-03-29T13:00+03
    # X + D < now: not at the very moment
    Europe/Riga        | time since last order_placed.at > 1 day   | 2026-03-29T12:01+03 | 2026-03-29T12:00+03
    Europe/Riga        | time since last order_placed.at > 1 month | 2026-04-28T12:01+03 | 2026-04-28T12:00+03
    UTC                | years since contact.birthday is 26        | 2027-02-27T23:59+00 | 2027-02-28T00:00+00
    UTC                | years since contact.birthday is 28        | 2028-02-29T00:00+00 | 2028-02-28T23:59+00
    Pacific/Kiritimati | today is 2027-01-01                       | 2027-01-01T00:00+14 | 2026-12-31T23:59+14
    Africa/Cairo       | today is 2026-04-24                       | 2026-04-24T01:00+03 | 2026-04-23T23:59+02
"""


@pytest.mark.parametrize(("zone", "asked", "yes", "no"), rows(CONDITIONS))
def test_a_condition_holds_at(zone: str, asked: str, yes: str, no: str) -> None:
    """Someone born on 29 February 2000, who bought at noon of 28 March 2026."""
    text = f"flow alpha\n    start on cart_updated\n\n    if {asked}\n        finish as so\n    finish\n"
    for moment, said in ((yes, "finished so"), (no, "finished")):
        anna = Person(loaded(text), now=instant("2026-03-28T12:00+02") - 30 * DAY)
        anna.learns(time_zone=zone, birthday=date(2000, 2, 29)).until(instant("2026-03-28T12:00+02"))
        anna.happens("order_placed").until(instant(moment)).happens("cart_updated")
        assert anna.story("alpha")[-1] == said
