"""All flows of the coffee shop at once, for one person who does everything."""

from datetime import date

from baskets import PRICES, cart, order
from customer import Customer


def test_nobody_gets_two_marketing_mails_on_one_day() -> None:
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
