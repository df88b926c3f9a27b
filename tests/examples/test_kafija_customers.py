"""Flows of the coffee shop for those who have bought: days to remember, the best, and the silent."""

from datetime import date
from typing import Any

import pytest
from baskets import order
from customer import Customer


class TestWinBack:
    def silent(self) -> Customer:
        """Ordered on 2 March, was delivered to, and was heard of no more."""
        customer = Customer("offers", "news").does("order_placed", **order())
        return customer.does("order_shipped", order_id="K1").does("order_delivered", order_id="K1")

    def test_after_three_mails_it_unsubscribes(self) -> None:
        """90 days of silence, then a letter each week, then two weeks, then both topics at once."""
        customer = self.silent().waits(days=120)
        assert customer.timetable("win_back") == [
            ("we_miss_you", "2026-06-01 10:00"),
            ("fewer_letters", "2026-06-08 10:00"),
            ("last_letter", "2026-06-15 10:00"),
        ]
        assert customer.withdrawn == ["offers", "news"]
        assert not customer.bundle.agreed & {"news", "offers"}
        mails = len(customer.mails)
        assert len(customer.waits(days=200).mails) == mails

    def test_only_the_last_letter_has_a_code(self) -> None:
        """15% off, for coming back."""
        customer = self.silent().waits(days=120)
        assert [name for name, _ in customer.codes if name == "comeback"] == ["comeback"]
        last = next(mail for mail in customer.mails if mail.template == "last_letter")
        assert ("comeback", last.values["code"]) in customer.codes

    @pytest.mark.parametrize(
        ("event", "data"),
        [
            ("order_placed", order("K2")),
            ("asked_to_stay", {"url": "https://kafija.example/stay"}),
            (
                "email_clicked",
                {"flow": "win_back", "template": "we_miss_you", "link": "https://kafija.example"},
            ),
        ],
    )
    def test_a_sign_of_life_ends_it(self, event: str, data: dict[str, Any]) -> None:
        """An order, a click, or the button that says so; nothing is withdrawn then."""
        customer = self.silent().until("2026-06-09 12:00").does(event, **data)
        assert customer.end_of("win_back")[0] == "left"
        customer.waits(days=40)
        assert [name for name, _ in customer.timetable("win_back")] == ["we_miss_you", "fewer_letters"]
        assert customer.withdrawn == []

    def test_who_never_bought_is_not_won_back(self) -> None:
        """Silence needs something before it."""
        assert Customer("news").waits(days=200).timetable("win_back") == []


class TestBirthday:
    def test_a_code_on_the_morning_and_the_same_one_ten_days_later(self) -> None:
        """Every year anew."""
        customer = Customer("offers").is_known_by(birthday=date(1990, 4, 7)).waits(days=500)
        assert customer.timetable("birthday") == [
            ("birthday_gift", "2026-04-07 09:00"),
            ("birthday_reminder", "2026-04-17 10:00"),
            ("birthday_gift", "2027-04-07 09:00"),
            ("birthday_reminder", "2027-04-17 10:00"),
        ]
        codes = [mail.values["code"] for mail in customer.mails]
        assert codes[0] == codes[1] != codes[2] == codes[3]
        assert "birthday_code" not in customer.bundle.attributes

    def test_who_has_ordered_is_not_reminded(self) -> None:
        """The present is used, or not needed."""
        customer = Customer("offers").is_known_by(birthday=date(1990, 4, 7)).until("2026-04-10 12:00")
        customer.does("order_placed", **order()).waits(days=30)
        assert customer.timetable("birthday") == [("birthday_gift", "2026-04-07 09:00")]

    def test_a_birthday_on_29_february_falls_on_the_28th(self) -> None:
        """In years that have no 29th."""
        customer = Customer("offers").is_known_by(birthday=date(1992, 2, 29)).until("2027-03-01 12:00")
        assert customer.timetable("birthday") == [("birthday_gift", "2027-02-28 09:00")]

    def test_without_a_birthday_nothing_happens(self) -> None:
        """Nobody is asked for it either."""
        assert Customer("offers").waits(days=400).timetable("birthday") == []


class TestAnniversary:
    def test_each_year_on_the_day_of_the_first_order(self) -> None:
        """With the number of years and parcels, and a code of its own."""
        customer = Customer("offers").does("order_placed", **order("K1")).waits(days=100)
        customer.does("order_placed", **order("K2")).waits(days=700)
        letters = [mail for mail in customer.mails if mail.template == "anniversary"]
        assert customer.timetable("anniversary") == [
            ("anniversary", "2027-03-02 09:00"),
            ("anniversary", "2028-03-02 09:00"),
        ]
        assert [(mail.values["years"], mail.values["parcels"]) for mail in letters] == [(1, 2), (2, 2)]
        assert letters[0].values["code"] != letters[1].values["code"]


class TestBestCustomer:
    def test_three_hundred_euros_within_a_year_bring_a_letter_on_a_tuesday(self) -> None:
        """A tag and a note to the team come at once, and all of it once only."""
        customer = Customer("offers").is_known_by(first_name="Anna")
        customer.does("order_placed", **order("K1", "180")).waits(days=30)
        assert not customer.is_in("best_customer")
        customer.does("order_placed", **order("K2", "120"))
        assert customer.tags == ["best"]
        assert [text for text in customer.told if text.startswith("Anna has become")]
        customer.waits(days=10)
        assert customer.timetable("best_customer") == [("best_customer", "2026-04-07 10:00")]
        customer.does("order_placed", **order("K3", "500")).waits(days=800)
        customer.does("order_placed", **order("K4", "500")).waits(days=30)
        assert len(customer.timetable("best_customer")) == 1

    def test_what_was_spent_longer_ago_than_a_year_does_not_count(self) -> None:
        """The window moves on."""
        customer = Customer("offers").does("order_placed", **order("K1", "200")).waits(days=366)
        assert customer.does("order_placed", **order("K2", "200")).waits(days=10).tags == []
