"""Visits to the shop: what is looked at, what is put into a cart, what is bought, and how it arrives."""

from collections.abc import Iterator
from functools import lru_cache
from random import Random
from typing import Any

from virta.visitors import Event

from . import rates
from .agreeing import known_from, signing_up
from .catalogue import PRODUCTS, SITE, bought, chosen, money, shown, sum_of
from .person import Person
from .purchases import Purchase
from .timetable import DAYS, SHOP_ZONE, SLOTS, after_working_days, moment, time_of_day

_LAST_VISIT = SLOTS - 4
_MORNING, _EVENING = 4, 18  # parcels leave and arrive between 09:00 and 16:00

PRICES = {"url": f"{SITE}/subscription", "title": "Coffee by subscription"}
_GUIDE = {"url": f"{SITE}/guide", "title": "The brewing guide"}


@lru_cache(maxsize=8)
def shopping(person: Person) -> tuple[Event, ...]:
    """Everything that the shop tells of a person within the 90 days. Kept for the few moments in which the
    other sides of the same life ask for it."""
    return tuple(_shopping(person))


def _shopping(person: Person) -> Iterator[Event]:
    if not person.purchases:
        yield from _reading(person)
        return
    for number, purchase in enumerate(person.purchases, start=1):
        if purchase.day < 0:
            yield _history(person, purchase, number)
        else:
            yield from _order(person, purchase, number)
    yield from _abandoned(person)
    yield from _only_looking(person)


def _history(person: Person, purchase: Purchase, number: int) -> Event:
    """An order of before, which the shop tells of when it is connected."""
    return Event(
        at=moment(0, 0, SHOP_ZONE),
        email=person.email,
        id=f"order-{order_id(person, number)}",
        event="order_placed",
        data=order_data(person, purchase, number),
        happened=person.at(purchase.day, person.chance(f"history {number}").randrange(SLOTS)),
    )


def order_id(person: Person, number: int) -> str:
    """The shop's number of a person's order, counted from 1."""
    return f"K{person.email[9:13]}-{number}"


def order_data(person: Person, purchase: Purchase, number: int) -> dict[str, Any]:
    """What the shop says of an order."""
    chance = person.chance(f"order {number}")
    return {
        "order_id": order_id(person, number),
        "total": money(purchase.total),
        "items": bought(purchase.quantity, purchase.total, chance),
    }


def _event(person: Person, at: int, id_: str, name: str, data: dict[str, Any]) -> Event:
    return Event(at=at, email=person.email, id=id_, event=name, data=data)


# ------------------------------------------------------------------ orders


def _order(person: Person, purchase: Purchase, number: int) -> Iterator[Event]:
    order = order_id(person, number)
    chance = person.chance(f"way of order {number}")
    data = order_data(person, purchase, number)
    same_day = [each for each in person.purchases if each.day == purchase.day]
    slot = _slot_of_order(person, purchase, same_day)
    yield from _looking(person, purchase.day, slot - 2, order, data["items"], chance)
    yield _event(
        person,
        person.at(purchase.day, slot - 1),
        f"cart-{order}",
        "cart_updated",
        {"cart_id": order, "cart_total": data["total"], "items": data["items"]},
    )
    yield _event(person, person.at(purchase.day, slot), f"order-{order}", "order_placed", data)
    yield from _delivery(person, purchase, order, chance)


def _slot_of_order(person: Person, purchase: Purchase, same_day: list[Purchase]) -> int:
    """Several orders on one day keep their order and never share a slot. Nobody buys before having signed
    up on that day, and who did so has had time to confirm."""
    form = signing_up(person)
    earliest = form.slot + 5 if form is not None and form.day == purchase.day else 3
    chance = person.chance(f"orders on day {purchase.day}")
    slots = sorted(chance.sample(range(min(earliest, SLOTS - 4), SLOTS), len(same_day)))
    return slots[[each is purchase for each in same_day].index(True)]


def _delivery(person: Person, purchase: Purchase, order: str, chance: Random) -> Iterator[Event]:
    shipped = after_working_days(purchase.day + 1, chance.choice(rates.WORKING_DAYS_TO_SHIP))
    transit = chance.choice(rates.DAYS_NEARBY if person.nearby else rates.DAYS_ABROAD)
    delivered = after_working_days(shipped + transit, 0)
    if shipped < DAYS:
        yield _event(
            person,
            moment(shipped, chance.randrange(_MORNING, _EVENING), SHOP_ZONE),
            f"shipped-{order}",
            "order_shipped",
            {
                "order_id": order,
                "carrier": "Example Parcels",
                "tracking": f"https://parcels.example/{order.lower()}",
            },
        )
    if delivered < DAYS:
        at = person.at(delivered, chance.randrange(_MORNING, _EVENING))
        yield _event(person, at, f"delivered-{order}", "order_delivered", {"order_id": order})


# ------------------------------------------------------------------ looking, and leaving again


def _looking(
    person: Person, day: int, slot: int, visit: str, items: list[dict[str, Any]], chance: Random
) -> Iterator[Event]:
    """Product pages, those of the cart first."""
    wanted = [product for product in PRODUCTS if product.sku in {item["sku"] for item in items}]
    others = [product for product in PRODUCTS if product not in wanted]
    pages = (wanted + chance.sample(others, 3))[: chance.choice(rates.PRODUCTS_VIEWED)]
    for number, product in enumerate(pages, start=1):
        at = person.at(day, max(slot, 0))
        yield _event(person, at, f"view-{visit}-{number}", "product_viewed", shown(product))


def _abandoned(person: Person) -> Iterator[Event]:
    """Carts that are left, so many for each one that is bought that the share of them comes out."""
    chance = person.chance("carts left")
    known, busy = known_from(person), person.bought_on()
    left = 0
    for purchase in person.purchases:
        if purchase.day < 0:
            continue
        near = [
            day
            for day in range(max(known + 1, purchase.day - 14), min(purchase.day + 21, DAYS))
            if day not in busy
        ]
        while near and chance.random() < rates.CART_ABANDONED:
            left += 1
            yield from _cart(person, chance.choice(near), left, chance)


def _cart(person: Person, day: int, number: int, chance: Random) -> Iterator[Event]:
    slot = time_of_day(chance, 1, _LAST_VISIT)
    cart = f"{person.name}-{number}"
    items = chosen(chance)
    yield from _looking(person, day, slot - 1, cart, items, chance)
    yield _event(
        person,
        person.at(day, slot),
        f"cart-{cart}",
        "cart_updated",
        {"cart_id": cart, "cart_total": money(sum_of(items)), "items": items},
    )
    if chance.random() < rates.CART_EMPTIED:
        emptied = {"cart_id": cart, "cart_total": money(0), "items": []}
        yield _event(person, person.at(day, slot + 1), f"emptied-{cart}", "cart_updated", emptied)


def _only_looking(person: Person) -> Iterator[Event]:
    """A visit of a customer that ends without a cart."""
    chance = person.chance("only looking")
    days = [day for day in range(known_from(person) + 1, DAYS) if day not in person.bought_on()]
    if days and chance.random() < rates.ONLY_LOOKS:
        visit = f"look-{person.name}"
        yield from _looking(person, chance.choice(days), time_of_day(chance), visit, [], chance)


def looks_at_prices(person: Person, days: list[int], chance: Random) -> Iterator[Event]:
    """The price page of the subscription, once on each day."""
    for day in days:
        if 0 <= day < DAYS:
            at = person.at(day, time_of_day(chance, 1, _LAST_VISIT))
            yield _event(person, at, f"prices-{person.name}-{day}", "page_viewed", dict(PRICES))


def _reading(person: Person) -> Iterator[Event]:
    """A lead: pages, now and then a product."""
    chance = person.chance("reading")
    first = known_from(person)
    if chance.random() < rates.READS_PRICES_THRICE:
        begin = first + chance.randrange(2, 20)
        yield from looks_at_prices(person, [begin, begin + chance.randrange(1, 4), begin + 5], chance)
    for visit in range(chance.randrange(1, 4)):
        day, slot = first + chance.randrange(1, 40), time_of_day(chance, 1, _LAST_VISIT)
        if day < DAYS:
            name = f"{person.name}-{visit}"
            yield _event(person, person.at(day, slot), f"page-{name}", "page_viewed", dict(_GUIDE))
            for product in chance.sample(PRODUCTS, chance.choice((0, 0, 1, 2))):
                id_ = f"view-{name}-{product.sku.lower()}"
                yield _event(person, person.at(day, slot), id_, "product_viewed", shown(product))
