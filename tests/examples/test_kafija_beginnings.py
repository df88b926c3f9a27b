"""Flows of the coffee shop for people who have just come: welcome, the guide, a new subscription."""

from datetime import date

from baskets import euros, order
from customer import Customer

PLAN = {"plan": "250 g, every two weeks", "first_bag": date(2026, 3, 10), "price": euros("11.90")}


class TestWelcome:
    def test_it_writes_on_days_0_2_4_and_6_with_the_offer_last(self) -> None:
        """The gift at once, the others at ten in the morning; only the last one has a code."""
        customer = Customer("offers", "news").waits(days=30)
        assert customer.timetable("welcome") == [
            ("welcome_gift", "2026-03-02 10:00"),
            ("our_story", "2026-03-04 10:00"),
            ("what_others_drink", "2026-03-06 10:00"),
            ("first_order_offer", "2026-03-08 10:00"),
        ]
        assert [name for name, _ in customer.codes] == ["first10"]
        assert customer.mails[-1].values["code"] == customer.codes[0][1]

    def test_who_buys_gets_brewing_numbers_and_no_offer(self) -> None:
        """An order on the third day changes the rest."""
        customer = Customer("offers", "news").waits(days=3).does("order_placed", **order()).waits(days=30)
        assert [name for name, _ in customer.timetable("welcome")] == [
            "welcome_gift",
            "our_story",
            "better_cups",
        ]
        assert customer.codes == []

    def test_the_offer_needs_the_topic_offers(self) -> None:
        """Who agreed to letters alone gets three of them; the fourth is a recorded skip."""
        customer = Customer("news").waits(days=30)
        assert len(customer.timetable("welcome")) == 3
        assert ("first_order_offer", "no_consent") in customer.skipped

    def test_who_withdraws_hears_nothing_more(self) -> None:
        """The journey ends with the consent."""
        customer = Customer("news").waits(days=1).withdraws("news").waits(days=30)
        assert customer.templates == ["welcome_gift"]
        assert customer.end_of("welcome") == ("left", "topic_withdrawn")


class TestGuide:
    def test_four_chapters_on_days_0_3_7_and_12(self) -> None:
        """For who asked for it."""
        assert Customer("guide").waits(days=30).timetable("guide") == [
            ("guide_water", "2026-03-02 10:00"),
            ("guide_grind", "2026-03-05 10:00"),
            ("guide_beans", "2026-03-09 10:00"),
            ("guide_first_bag", "2026-03-14 10:00"),
        ]

    def test_an_order_ends_it(self) -> None:
        """Who has our coffee gets other letters."""
        customer = Customer("guide").waits(days=4).does("order_placed", **order()).waits(days=30)
        assert [name for name, _ in customer.timetable("guide")] == ["guide_water", "guide_grind"]

    def test_who_has_bought_before_does_not_enter(self) -> None:
        """A lead is somebody who has not."""
        customer = Customer().does("order_placed", **order()).agrees("guide").waits(days=30)
        assert customer.timetable("guide") == []


class TestOnboarding:
    def test_days_0_3_7_14_and_30(self) -> None:
        """Two service mails, three letters."""
        customer = Customer("news", at="2026-01-05 10:00").waits(days=56)
        customer.does("subscription_started", **PLAN).waits(days=60)
        assert customer.timetable("onboarding") == [
            ("subscription_begins", "2026-03-02 10:00"),
            ("subscription_changes", "2026-03-05 10:00"),
            ("subscription_brewing", "2026-03-09 10:00"),
            ("subscription_roasters", "2026-03-16 10:00"),
            ("subscription_month", "2026-04-01 10:00"),
        ]

    def test_who_wants_no_letters_gets_the_service_alone(self) -> None:
        """The letters are skipped, and the journey goes on to its end."""
        customer = Customer().does("subscription_started", **PLAN).waits(days=60)
        assert customer.templates == ["subscription_begins", "subscription_changes"]
        assert [template for template, _ in customer.skipped] == [
            "subscription_brewing",
            "subscription_roasters",
            "subscription_month",
        ]
        assert customer.end_of("onboarding") == ("finished", "")

    def test_ending_the_subscription_ends_it(self) -> None:
        """At once."""
        customer = Customer("news").does("subscription_started", **PLAN).waits(days=1)
        customer.does("subscription_ended").waits(days=60)
        assert [name for name, _ in customer.timetable("onboarding")] == ["subscription_begins"]
