"""The shop's flows in the versions between which it is edited: marketing, service, and both in one flow."""

TOPICS = ("news", "offers")
"""The topics for marketing; `orders` is for service."""

_WELCOME = """
flow welcome "Welcome"
    topic news
    start on subscribed where topic is "news"
    enter every time

    send welcome_1
    wait 2 days
    send welcome_2
    wait for order_placed up to 3 days
        on order_placed
            send welcome_thanks
        on timeout
            send welcome_3
            wait 1 day
            unsubscribe from news
"""
_CART = """
flow cart "Cart"
    topic {topic}
    start on cart_updated
    enter every time
    leave on order_placed

    wait {wait}
    send cart_1
    wait 1 day
    send cart_2
    wait until any checkout_started since entry up to 2 days
    send cart_3
        topic news
    wait 1 hour
    unsubscribe from {other}
    wait 10 days
    finish
"""
_THANKS = """
flow thanks "Thanks"
    topic orders
    start on order_placed
    enter every time

    send thanks_1
    wait 3 days
    if agreed to offers
        send thanks_offer
            topic offers
    wait 20 days
    send thanks_2
"""
_WEEKLY = """
segment buyers "Buyers"
    count of order_placed >= 1
flow weekly "Weekly"
    topic news
    start every monday at 09:00 for segment buyers

    send weekly_1
    wait 1 hour
    send weekly_2
"""
_LIMITS = """
limits
    at most 1 email per day, else wait up to 2 days
"""

VERSIONS = (
    _WELCOME + _CART.format(topic="offers", wait="1 hour", other="news") + _THANKS,
    _LIMITS + _WELCOME + _CART.format(topic="offers", wait="3 hours", other="news") + _THANKS + _WEEKLY,
    _CART.format(topic="news", wait="1 hour", other="offers") + _THANKS + _WEEKLY,
)
"""The second has limits and a recurring flow; in the third `welcome` is gone, `cart` on another topic."""
