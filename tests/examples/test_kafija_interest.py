"""Flows of the coffee shop about what somebody looks at: baskets, products, the page with the prices."""

from typing import Any

import pytest
from baskets import PRICES, cart, euros, order
from customer import Customer, contact_on


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
