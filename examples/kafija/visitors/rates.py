"""How often people do what. Each figure is named, with its source, in `data/README.md`.

All are shares of one unless said otherwise. A published figure stands with all its digits; the others are
assumed.
"""

# --- signing up

CONFIRMS = 0.70
"""Sign-ups whose proof mail is answered with yes."""

AGREES_TO_PERSONALISATION = 0.40
AGREES_TO_MEASUREMENT = 0.40
"""With a box of its own that is not ticked, and no as easy as yes."""

NEWCOMER_SIGNS_UP = 0.75
EARLIER_CUSTOMER_SIGNS_UP = 0.60
WANTS_NEWS = 0.85
WANTS_OFFERS = 0.65
LEAD_WANTS_GUIDE = 0.80
CUSTOMER_WANTS_GUIDE = 0.15

TELLS_FIRST_NAME = 0.86
TELLS_BIRTHDAY = 0.50

# --- shopping

CART_ABANDONED = 0.7019
"""Of all carts."""

CART_EMPTIED = 0.05
"""Of the abandoned carts: taken apart again by the visitor."""

PRODUCTS_VIEWED = (1, 1, 1, 2, 2)
"""Product pages in a visit that ends with a cart; each is as likely as the others."""

ONLY_LOOKS = 0.60
"""Customers who in 90 days come once to look, and put nothing into a cart."""

READS_PRICES_THRICE = 0.20
"""Leads who look at the price of the subscription three times within a week."""

# --- after the order

WORKING_DAYS_TO_SHIP = (0, 1, 1, 2)
DAYS_NEARBY = (1, 2, 2, 2, 3)
DAYS_ABROAD = (5, 6, 8, 10, 12)
"""From parcel to door: in Latvia and Finland, and beyond."""

SUBSCRIBES_TO_COFFEE = 0.06
ENDS_SUBSCRIPTION = 0.20

REFUNDED = 0.043
REVIEWS_UNASKED = 0.01
REVIEWS_WHEN_ASKED = 0.04
ANSWERS_SURVEY = 0.15

# --- mail

OPENS = 0.5204
CLICKS = 0.0531
"""Of the mails of a flow that reach someone who agreed to measurement; every click is an open too."""

UNSUBSCRIBES = 0.0073
COMPLAINS = 0.0003
BOUNCES_SOFT = 0.0050
BOUNCES_HARD = 0.0032
"""Of the marketing mails."""

MAILS_EXPECTED = 8
"""Marketing mails in 90 days to one subscriber, to turn the shares of mails into shares of people."""

ASKS_TO_STAY = 0.15
"""Of the subscribers who are asked, after a long silence, whether we shall go on writing."""

WANTS_FEWER_MAILS = 0.02
PAUSES = 0.015
MOVES = 0.01
"""Of the subscribers, in 90 days."""


def of_people(share_of_mails: float) -> float:
    """The share of people who do once in 90 days what is done with such a share of the mails."""
    return float(1 - (1 - share_of_mails) ** MAILS_EXPECTED)
