"""A flow with waits, and journeys that stand in one."""

from person import ANNA, MONDAY

from engine.core.bundle import Journey

WAITS = """
flow alpha "Alpha"
    start on cart_updated
    enter every time

    wait 1 day
    wait 1 day
    wait for order_placed up to 9 days
"""


def journey(id_: str, due: int, contact: str = ANNA, mail: str = "") -> Journey:
    """A journey that stands somewhere."""
    return Journey(id_, contact, "alpha", "digest", 0, due, 3, MONDAY, "t", {}, mail=mail)
