"""Flows of the coffee shop that follow an order: the parcel, the weeks after it, one question."""

from datetime import date
from decimal import Decimal

import pytest
from baskets import order
from customer import Customer


class TestOrderUpdates:
    def test_an_order_is_confirmed_and_told_of_twice_more(self) -> None:
        """At once each time, also at night and also for people who agreed to nothing."""
        customer = Customer(at="2026-03-02 23:00").does("order_placed", **order()).waits(days=2)
        customer.does("order_shipped", order_id="K1", tracking="https://carrier.example/1").waits(days=3)
        customer.does("order_delivered", order_id="K1").waits(days=60)
        assert customer.timetable("order_updates") == [
            ("order_confirmation", "2026-03-02 23:00"),
            ("order_on_its_way", "2026-03-04 23:00"),
            ("order_arrived", "2026-03-07 23:00"),
        ]
        assert customer.mails[1].values["tracking"] == "https://carrier.example/1"
        assert all(mail.service for mail in customer.mails)
        assert customer.told == []

    def test_two_orders_are_told_of_side_by_side(self) -> None:
        """Each event reaches the journey of its own order alone."""
        customer = Customer().does("order_placed", **order("K1")).does("order_placed", **order("K2"))
        customer.waits(days=1).does("order_shipped", order_id="K2")
        assert [(mail.template, mail.trigger["order_id"]) for mail in customer.mails] == [
            ("order_confirmation", "K1"),
            ("order_confirmation", "K2"),
            ("order_on_its_way", "K2"),
        ]

    def test_the_team_hears_of_a_parcel_that_does_not_leave(self) -> None:
        """After five and ten days; when it leaves after all, the customer hears of that."""
        customer = Customer().does("order_placed", **order()).waits(days=11)
        assert customer.told == ["Order K1 has still not left."] * 2
        customer.does("order_shipped", order_id="K1")
        assert customer.templates == ["order_confirmation", "order_on_its_way"]

    def test_a_parcel_that_never_leaves_is_given_up_after_three_rounds(self) -> None:
        """Fifteen days and three notes to the team."""
        customer = Customer().does("order_placed", **order()).waits(days=60)
        assert len(customer.told) == 3
        assert customer.end_of("order_updates") == ("finished", "never_left")

    def test_the_team_hears_of_a_parcel_that_does_not_arrive(self) -> None:
        """Two weeks after it left."""
        customer = Customer().does("order_placed", **order()).waits(days=1)
        customer.does("order_shipped", order_id="K1").waits(days=15)
        assert customer.told == ["Order K1 left two weeks ago and has not arrived."]
        assert customer.end_of("order_updates") == ("finished", "lost")

    def test_a_refunded_order_is_told_of_no_more(self) -> None:
        """The other one is."""
        customer = Customer().does("order_placed", **order("K1")).does("order_placed", **order("K2"))
        customer.does("order_refunded", order_id="K1").waits(days=1)
        customer.does("order_shipped", order_id="K1").does("order_shipped", order_id="K2")
        assert [mail.trigger["order_id"] for mail in customer.mails] == ["K1", "K2", "K2"]

    def test_the_first_order_is_remembered_and_the_second_does_not_replace_it(self) -> None:
        """For the anniversary."""
        customer = Customer().does("order_placed", **order("K1")).waits(days=40)
        customer.does("order_placed", **order("K2"))
        assert customer.bundle.attributes["first_order_on"] == date(2026, 3, 2)


class TestAfterDelivery:
    def bought(self) -> Customer:
        return Customer("news", at="2026-01-05 10:00").waits(days=56).does("order_delivered", order_id="K1")

    def test_tips_come_after_a_week_and_the_request_after_two(self) -> None:
        """At ten in the morning."""
        assert self.bought().waits(days=60).timetable("after_delivery") == [
            ("brewing_tips", "2026-03-09 10:00"),
            ("review_request", "2026-03-16 10:00"),
        ]

    def test_who_has_written_a_review_is_not_asked_for_one(self) -> None:
        """For another order they are."""
        customer = self.bought().waits(days=10).does("review_submitted", order_id="K1", rating=Decimal(4))
        assert [name for name, _ in customer.waits(days=60).timetable("after_delivery")] == ["brewing_tips"]
        other = self.bought().waits(days=10).does("review_submitted", order_id="K9", rating=Decimal(4))
        assert len(other.waits(days=60).timetable("after_delivery")) == 2

    def test_tips_are_not_repeated_within_ninety_days(self) -> None:
        """The review of the second order is asked for all the same."""
        customer = self.bought().waits(days=30).does("order_delivered", order_id="K2").waits(days=60)
        assert [name for name, _ in customer.timetable("after_delivery")] == [
            "brewing_tips",
            "review_request",
            "review_request",
        ]

    def test_a_refund_ends_it(self) -> None:
        """Nobody is asked how a coffee tastes that went back."""
        customer = self.bought().waits(days=1).does("order_refunded", order_id="K1").waits(days=60)
        assert customer.timetable("after_delivery") == []


class TestSurvey:
    def asked(self) -> Customer:
        customer = Customer("news", at="2026-01-05 10:00").is_known_by(first_name="Anna").waits(days=56)
        return customer.does("order_delivered", order_id="K1").waits(days=3)

    def test_one_question_two_days_after_a_delivery(self) -> None:
        """In the afternoon; and not again for the next parcel."""
        customer = self.asked().waits(days=30).does("order_delivered", order_id="K2").waits(days=30)
        assert customer.timetable("survey") == [("survey", "2026-03-04 17:00")]
        assert customer.end_of("survey") == ("finished", "silent")

    @pytest.mark.parametrize("score", [1, 2])
    def test_a_low_score_is_told_to_the_team(self, score: int) -> None:
        """With the order and the name."""
        customer = self.asked().does("survey_answered", order_id="K1", score=Decimal(score))
        assert customer.told == [f"Anna gave order K1 {score} of 5. Please write to them today."]
        assert customer.end_of("survey") == ("finished", "unhappy")
        assert customer.tags == []

    def test_a_five_makes_a_fan(self) -> None:
        """By a tag; nobody is told."""
        customer = self.asked().does("survey_answered", order_id="K1", score=Decimal(5))
        assert customer.tags == ["fan"]
        assert customer.told == []
        assert customer.end_of("survey") == ("finished", "delighted")

    def test_a_middling_score_changes_nothing(self) -> None:
        """It is an answer all the same."""
        customer = self.asked().does("survey_answered", order_id="K1", score=Decimal(4))
        assert (customer.tags, customer.told) == ([], [])
        assert customer.end_of("survey") == ("finished", "content")

    def test_the_answer_for_another_order_is_not_taken_for_this_one(self) -> None:
        """The journey goes on waiting."""
        customer = self.asked().does("survey_answered", order_id="K9", score=Decimal(1))
        assert customer.told == []
        assert customer.is_in("survey")
