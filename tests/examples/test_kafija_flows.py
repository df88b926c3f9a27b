"""People walk through the coffee shop's flows on a virtual clock, and get what the shop promises: no more."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from customer import Customer, contact_on

from dsl.graph import Money

PRICES = "https://kafija.example/subscription"
ITEMS = ({"sku": "RITS-250", "name": "Rīts espresso, 250 g", "quantity": Decimal(2)},)


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


PLAN = {"plan": "250 g, every two weeks", "first_bag": date(2026, 3, 10), "price": euros("11.90")}


def order(number: str = "K1", total: str = "21.10") -> dict[str, Any]:
    return {"order_id": number, "total": euros(total), "items": ITEMS}


def cart(total: str = "21.10") -> dict[str, Any]:
    return {"cart_id": "c", "cart_total": euros(total), "items": ITEMS if total != "0" else ()}


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


class TestAbandonedCart:
    @pytest.mark.parametrize(
        ("arm", "last"),
        [("free_shipping", "cart_free_shipping"), ("discount", "cart_ten_percent"), ("control", None)],
    )
    def test_it_writes_after_an_hour_a_day_and_two(self, arm: str, last: str | None) -> None:
        """The third mail is free shipping, 10% off, or none at all for the control."""
        customer = Customer("offers", contact=contact_on("abandoned_cart", "incentive", arm))
        customer.does("cart_updated", **cart()).waits(days=10)
        expected = [("cart_reminder", "2026-03-02 11:00"), ("cart_reviews", "2026-03-03 11:00")]
        expected += [(last, "2026-03-04 11:00")] if last else []
        assert customer.timetable("abandoned_cart") == expected
        assert customer.end_of("abandoned_cart") == ("finished", "")

    def test_the_first_mail_has_no_code_and_shows_the_basket(self) -> None:
        """Nor has the second; only the third may have one."""
        customer = Customer("offers", contact=contact_on("abandoned_cart", "incentive", "discount"))
        customer.does("cart_updated", **cart()).waits(days=10)
        first, second, third = customer.mails
        assert "code" not in first.values
        assert "code" not in second.values
        assert third.values["code"].startswith("GROZS-")
        assert [item["name"] for item in first.values["items"]] == ["Rīts espresso, 250 g"]
        assert first.values["total"] == euros("21.10")

    def test_it_waits_until_the_basket_has_been_quiet_for_an_hour(self) -> None:
        """Each change begins the hour anew, and the mail shows the newest basket."""
        customer = Customer("offers").does("cart_updated", **cart("10")).waits(minutes=40)
        customer.does("cart_updated", **cart("31.50")).waits(minutes=59)
        assert customer.templates == []
        customer.waits(minutes=1)
        assert customer.timetable("abandoned_cart") == [("cart_reminder", "2026-03-02 11:40")]
        assert customer.mails[0].values["total"] == euros("31.50")

    @pytest.mark.parametrize("hours", [0.5, 20, 40])
    def test_a_buyer_leaves_at_once(self, hours: float) -> None:
        """In whichever wait: no further mail of this flow."""
        customer = Customer("offers").does("cart_updated", **cart()).waits(hours=hours)
        before = len(customer.timetable("abandoned_cart"))
        customer.does("order_placed", **order())
        assert not customer.is_in("abandoned_cart")
        customer.waits(days=10)
        assert len(customer.timetable("abandoned_cart")) == before

    def test_an_emptied_basket_ends_it_at_once(self) -> None:
        """And starts nothing."""
        customer = Customer("offers").does("cart_updated", **cart()).waits(minutes=30)
        customer.does("cart_updated", **cart("0"))
        assert not customer.is_in("abandoned_cart")
        assert customer.waits(days=10).templates == []

    def test_another_basket_within_a_week_is_left_alone(self) -> None:
        """After a week it is remembered again."""
        customer = Customer("offers").does("cart_updated", **cart()).waits(days=6)
        mails = len(customer.mails)
        customer.does("cart_updated", **cart()).waits(hours=23)
        assert len(customer.mails) == mails
        customer.waits(days=2).does("cart_updated", **cart()).waits(hours=2)
        assert len(customer.mails) == mails + 1

    def test_an_evening_basket_is_remembered_in_the_morning(self) -> None:
        """Nothing is written between nine in the evening and eight in the morning."""
        customer = Customer("offers", at="2026-03-02 20:30").does("cart_updated", **cart()).waits(days=1)
        assert customer.timetable("abandoned_cart") == [("cart_reminder", "2026-03-03 08:00")]

    def test_without_consent_to_offers_nobody_enters(self) -> None:
        """A basket alone is no permission."""
        customer = Customer("news").waits(days=20)
        mails = customer.templates
        assert customer.does("cart_updated", **cart()).waits(days=10).templates == mails


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


class TestBrowse:
    def looking(self, *topics: str) -> Customer:
        return Customer("offers", *topics).does("product_viewed", sku="MIGLA-250", name="Migla")

    def test_who_agreed_to_personalisation_gets_what_fits(self) -> None:
        """The next afternoon, by what they looked at."""
        customer = self.looking("personalisation").waits(days=5)
        assert customer.timetable("browse") == [("picked_for_you", "2026-03-03 17:00")]
        assert customer.mails[0].viewed == ("MIGLA-250",)

    def test_who_did_not_gets_what_most_people_like(self) -> None:
        """Nothing of their own looks goes along."""
        customer = self.looking().waits(days=5)
        assert customer.timetable("browse") == [("shop_favourites", "2026-03-03 17:00")]
        assert (customer.mails[0].viewed, customer.mails[0].bought) == ((), ())

    @pytest.mark.parametrize(("event", "data"), [("order_placed", order()), ("cart_updated", cart())])
    def test_a_basket_or_an_order_ends_it(self, event: str, data: dict[str, Any]) -> None:
        """Other flows take over."""
        assert self.looking().does(event, **data).waits(days=5).timetable("browse") == []

    def test_not_again_within_three_weeks(self) -> None:
        """However much somebody looks."""
        customer = self.looking().waits(days=10).does("product_viewed", sku="RITS-250").waits(days=5)
        assert len(customer.timetable("browse")) == 1
        customer.waits(days=7).does("product_viewed", sku="RITS-250").waits(days=5)
        assert len(customer.timetable("browse")) == 2


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


class TestPricePage:
    def looks(self, customer: Customer, times: int, apart: float = 1) -> Customer:
        for _ in range(times):
            customer.does("page_viewed", url=f"{PRICES}?from=menu").waits(days=apart)
        return customer

    def test_three_looks_within_a_week_bring_answers_and_then_an_offer(self) -> None:
        """Two hours after the third one, and three days later."""
        customer = self.looks(Customer("offers", "personalisation"), 3).waits(days=10)
        assert customer.timetable("price_page") == [
            ("subscription_questions", "2026-03-04 12:00"),
            ("subscription_half_bag", "2026-03-08 10:00"),
        ]

    def test_two_looks_are_not_three(self) -> None:
        """Nor are three in three weeks, nor looks at other pages."""
        assert self.looks(Customer("offers", "personalisation"), 2).waits(days=10).mails == []
        assert self.looks(Customer("offers", "personalisation"), 3, apart=5).waits(days=10).mails == []
        customer = Customer("offers", "personalisation")
        for _ in range(5):
            customer.does("page_viewed", url="https://kafija.example/shop")
        assert customer.waits(days=10).mails == []

    def test_without_consent_to_personalisation_looks_are_not_kept(self) -> None:
        """So nobody counts them."""
        assert self.looks(Customer("offers"), 6).waits(days=10).mails == []

    def test_a_subscription_ends_it(self) -> None:
        """The answer has been given."""
        customer = self.looks(Customer("offers", "personalisation"), 3)
        customer.does("subscription_started").waits(days=10)
        assert [name for name, _ in customer.timetable("price_page")] == ["subscription_questions"]


class TestTogether:
    def test_nobody_gets_two_marketing_mails_on_one_day(self) -> None:
        """Whatever they do: over all flows one a day, four a week, none at night."""
        customer = Customer("news", "offers", "guide", "personalisation")
        customer.is_known_by(birthday=date(1990, 3, 12))
        for day in range(60):
            customer.does("product_viewed", sku="MIGLA-250").does("page_viewed", url=PRICES)
            customer.does("cart_updated", **cart())
            if day % 10 == 9:
                customer.does("order_placed", **order(f"K{day}", "90"))
                customer.does("order_shipped", order_id=f"K{day}")
                customer.does("order_delivered", order_id=f"K{day}")
            customer.waits(days=1)
        moments = [
            moment
            for flow in {mail.flow for mail in customer.mails if not mail.service}
            for _, moment in customer.timetable(flow)
        ]
        days = [date.fromisoformat(moment[:10]) for moment in moments]
        weeks = [day.isocalendar()[:2] for day in days]
        assert len(moments) > 15
        assert len(days) == len(set(days))
        assert max(weeks.count(week) for week in weeks) == 4
        assert all("08:00" <= moment[11:] < "21:00" for moment in moments)
