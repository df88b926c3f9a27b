"""Amounts, dates and times in letters, as the reader's language writes them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from babel import Locale
from person import MONDAY, at
from written_letter import BODY, DECISION, letter, letters

from dsl.graph import Money
from engine.core.bundle import replace
from engine.mail.letters import LetterFault

SHOWN = "{{ trigger.total | money }}|{{ trigger.day | date }}|{{ trigger.at | date }}|{{ trigger.at | time }}"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "€1,234.50|24 December 2026|2 March 2026|09:00"),
        ("lv", "1\u00a0234,50\u00a0€|2026. gada 24. decembris|2026. gada 2. marts|09:00"),
        ("fi", "1\u00a0234,50\u00a0€|24. joulukuuta 2026|2. maaliskuuta 2026|9.00"),
        ("uz", "1\u00a0234,50\u00a0€|24-dekabr, 2026|2-mart, 2026|09:00"),
        ("en-US", "$1,234.50|December 24, 2026|March 2, 2026|9:00\u202fAM"),
    ],
)
def test_money_dates_and_times_as_the_language_writes_them(language: str, text: str) -> None:
    """On the contact's clock; by CLDR."""
    made = letters(
        ("en", "lv", "fi", "uz", "en-US"),
        **dict.fromkeys(("tips", "tips__lv", "tips__fi", "tips__uz", "tips__en-US"), SHOWN),
    )
    currency = "USD" if language == "en-US" else "EUR"
    trigger = {"total": Money(Decimal("1234.5"), currency), "day": date(2026, 12, 24), "at": MONDAY}
    found = made.letter(replace(BODY, attributes={"language": language}, trigger=trigger), DECISION)
    assert found.text.strip() == text


STYLES = (
    '{{ trigger.day | date("long") }}|{{ trigger.day | date("short") }}|{{ trigger.day | date("weekday") }}'
)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "24 December 2026|24/12/2026|Thursday 24 December"),
        ("lv", "2026. gada 24. decembris|24.12.26|ceturtdiena, 24. decembris"),
        ("fi", "24. joulukuuta 2026|24.12.2026|torstai 24. joulukuuta"),
        ("uz", "24-dekabr, 2026|24/12/26|payshanba, 24-dekabr"),
    ],
)
def test_a_date_has_three_styles(language: str, text: str) -> None:
    """Each with CLDR's own words and order."""
    made = letters(
        ("en", "lv", "fi", "uz"),
        **dict.fromkeys(("tips", "tips__lv", "tips__fi", "tips__uz"), STYLES),
    )
    body = replace(BODY, attributes={"language": language}, trigger={"day": date(2026, 12, 24)})
    assert made.letter(body, DECISION).text.strip() == text


@pytest.mark.parametrize("language", ["en", "lv", "fi", "uz"])
def test_day_and_month_have_the_names_of_cldr(language: str) -> None:
    """On each day of a year."""
    shown = '{{ trigger.day | date("weekday") }}|{{ trigger.day | date }}'
    made = letters(("en", "lv", "fi", "uz"), **{"tips": shown, f"tips__{language}": shown})
    locale = Locale.parse(language)
    for number in range(0, 365, 17):
        day = date(2026, 1, 1) + timedelta(number)
        body = replace(BODY, attributes={"language": language}, trigger={"day": day})
        weekday, long = made.letter(body, DECISION).text.strip().split("|")
        assert locale.days["stand-alone"]["wide"][day.weekday()].casefold() in weekday.casefold()
        assert locale.months["format"]["wide"][day.month] in weekday
        assert locale.months["format"]["wide"][day.month] in long
        assert str(day.year) in long
        assert str(day.year) not in weekday


@pytest.mark.parametrize(
    ("language", "euros", "soms"),
    [
        ("en", "€49.90", "UZS49,900.00"),
        ("lv", "49,90\u00a0€", "49\u00a0900,00\u00a0UZS"),
        ("fi", "49,90\u00a0€", "49\u00a0900,00\u00a0UZS"),
        ("uz", "49,90\u00a0€", "49\u00a0900,00\u00a0soʻm"),
    ],
)
def test_money_is_written_as_each_language_writes_it(language: str, euros: str, soms: str) -> None:
    """Sign, comma and place by CLDR; so‘m with its letter."""
    shown = "{{ euros | money }}|{{ soms | money }}"
    made = letters(("en", "lv", "fi", "uz"), **{"tips": shown, f"tips__{language}": shown})
    values = {"euros": Money(Decimal("49.90"), "EUR"), "soms": Money(Decimal(49900), "UZS")}
    body = replace(BODY, attributes={"language": language}, values=values)
    assert made.letter(body, DECISION).text.strip() == f"{euros}|{soms}"


@pytest.mark.parametrize(
    ("zone", "shown"), [("Asia/Tashkent", "12:00"), ("Mars/Base", "09:00"), (7, "09:00")]
)
def test_times_are_on_the_contact_s_clock(zone: Any, shown: str) -> None:
    """The project's, if the contact's is no zone."""
    found = letter(
        "{{ trigger.at | time }}", attributes={"time_zone": zone}, trigger={"at": at("2026-03-02T07:00")}
    )
    assert found.text.startswith(shown)


def test_money_without_a_filter_reads_as_money() -> None:
    """Plain, but not as a program would write it."""
    assert (
        letter("{{ trigger.total }}", trigger={"total": Money(Decimal("4.90"), "EUR")}).text == "4.90 EUR\n"
    )


@pytest.mark.parametrize("filter_", ["money", "date", "time"])
def test_a_fault_names_the_kind_of_a_value_and_not_the_value(filter_: str) -> None:
    """The value may be someone's name, and faults go into the log."""
    with pytest.raises(LetterFault, match="was given a text, which is no") as caught:
        letter("{{ trigger.name | " + filter_ + " }}", trigger={"name": "Anna Bērziņa"})
    assert "Anna" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "{{ trigger.name | money }}",
        "{{ trigger.name | date }}",
        "{{ trigger.day | time }}",
        "{{ trigger.name | time }}",
    ],
)
def test_a_filter_on_the_wrong_value_is_a_fault(text: str) -> None:
    """Not a mail with nonsense in it."""
    with pytest.raises(LetterFault, match=r"template `tips` \(en\)"):
        letter(text, trigger={"name": "Anna", "day": date(2026, 1, 1)})
