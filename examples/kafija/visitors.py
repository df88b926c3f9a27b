"""A year and a half of customers for the coffee shop, made of the CDNOW purchase sample.

`python visitors.py visitors.jsonl` writes what a replay reads (`docs/replay.md`). The purchases are real in
number, weekday, quantity and sum, and so is who bought again. Everything else is made up, always in the same
way: names and addresses, languages, times of day, what was bought, sign-ups and withdrawals. `data/README.md`
names the source.
"""

import random
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from virta.visitors import Act, Confirms, Event, SignsUp, Withdraws, write_acts

ZONE = ZoneInfo("Europe/Riga")
SAMPLE = Path(__file__).parent / "data" / "cdnow_sample.txt"

SHIFT = timedelta(days=10_227)
"""Exactly 28 years, 1,461 weeks: every date keeps its weekday and its place in the year."""

OPENS, SLOT, SLOTS = time(8), timedelta(hours=2), 8
"""All acts fall on even hours from 08:00 to 22:00, so that a replay has few moments to stop at."""

DAYS_BEFORE = (0, 0, 1, 1, 1, 2, 3, 9)
"""How long before the first purchase people sign up; those with nine days hear the whole welcome first."""

WITHDRAWING = 0.04
"""This share withdraws, half of them at a welcome mail, half at the tips after an order."""

# The last digit of the customer's number gives the language; every seventh customer gives no name.
LANGUAGES = ("lv", "lv", "lv", "lv", "lv", "en", "en", "en", "fi", "fi")
NAMES = {
    "lv": ("Anna", "Jānis", "Līga", "Mārtiņš", "Ieva", "Ģirts", "Zane", "Roberts", "Šarlote", "Kārlis"),
    "en": ("Alice", "Tom", "Grace", "Oliver", "Nora", "Sam", "Ruth", "Henry"),
    "fi": ("Aino", "Väinö", "Helmi", "Eero", "Sisu", "Tyyne", "Onni", "Päivi"),
}

# Up to which price of one piece, in cents, a product is taken for what was bought.
CATALOGUE = (
    (600, ("PAPER-100", "Filter papers, 100", "filters"), ("CUP-CARD", "Tasting card", "gifts")),
    (1_300, ("RITS-250", "Rīts espresso, 250 g", "coffee"), ("MIGLA-250", "Migla filter, 250 g", "coffee")),
    (
        1_800,
        ("KENIJA-250", "Kenya Gathaithi, 250 g", "coffee"),
        ("VAKARS-250", "Vakars decaf, 250 g", "coffee"),
    ),
    (3_500, ("RITS-1000", "Rīts espresso, 1 kg", "coffee"), ("DRIPPER-02", "Porcelain dripper", "brewing")),
    (10**9, ("KETTLE-09", "Gooseneck kettle, 0.9 l", "brewing"), ("MILL-38", "Hand mill", "brewing")),
)


@dataclass(frozen=True, slots=True)
class Purchase:
    """One line of the sample: `customer` counts from 1, `total` is in cents (the dollars taken as euros)."""

    customer: int
    day: date
    quantity: int
    total: int


def purchases(sample: Path = SAMPLE) -> Iterator[Purchase]:
    """The sample, line by line, in its own order and with its own dates."""
    for line in sample.read_text("ascii").splitlines():
        _, customer, day, quantity, dollars = line.split()
        yield Purchase(
            customer=int(customer),
            day=date(int(day[:4]), int(day[4:6]), int(day[6:])),
            quantity=int(quantity),
            total=int(Decimal(dollars) * 100),
        )


def acts(sample: Path = SAMPLE) -> list[Act]:
    """Everything that everyone does, in order of time; at one moment in order of address."""
    everything = [
        act
        for customer, bought in groupby(purchases(sample), key=lambda purchase: purchase.customer)
        for act in _life(customer, list(bought))
    ]
    return sorted(everything, key=lambda act: (act.at, act.email))


def _life(customer: int, bought: list[Purchase]) -> Iterator[Act]:
    chance = random.Random(f"kafija {customer}")
    email = f"customer-{customer:04}@example.com"
    language = LANGUAGES[customer % 10]
    visits = list(_visits(bought, chance))

    first_day, first_slot = visits[0]
    before = chance.choice(DAYS_BEFORE)
    if before == 0 and first_slot >= 2:
        signed_up = (first_day, chance.randrange(first_slot - 1))
        confirmed = (first_day, signed_up[1] + 1)
    else:
        signed_up = (first_day - timedelta(days=max(before, 1)), chance.randrange(SLOTS - 2))
        confirmed = (signed_up[0], signed_up[1] + chance.randrange(1, 3))
    yield SignsUp(
        at=_moment(*signed_up),
        email=email,
        language=language,
        topics=("news",) if customer % 4 == 0 else ("news", "offers"),
        attributes={} if customer % 7 == 0 else {"first_name": chance.choice(NAMES[language])},
    )
    yield Confirms(at=_moment(*confirmed), email=email)

    for number, (purchase, visit) in enumerate(zip(bought, visits, strict=True), start=1):
        order = f"K{customer:04}-{number}"
        yield Event(
            at=_moment(*visit),
            email=email,
            id=f"order-{order}",
            event="order_placed",
            data={"order_id": order, "total": _money(purchase.total), "items": _items(purchase, chance)},
        )

    if chance.random() < WITHDRAWING:
        # The second welcome mail has come by then, or else the tips after an order.
        if chance.random() < 0.5:
            day = confirmed[0] + timedelta(days=4)
        else:
            day = chance.choice(visits)[0] + timedelta(days=8)
        yield Withdraws(at=_moment(day, chance.randrange(SLOTS)), email=email)


def _visits(bought: list[Purchase], chance: random.Random) -> Iterator[tuple[date, int]]:
    """Day and slot of each purchase; several on one day keep their order and never share a slot."""
    for day, same_day in groupby(purchase.day + SHIFT for purchase in bought):
        for slot in sorted(chance.sample(range(SLOTS), len(list(same_day)))):
            yield day, slot


def _moment(day: date, slot: int) -> int:
    return round((datetime.combine(day, OPENS, ZONE) + slot * SLOT).timestamp() * 1000)


def _items(purchase: Purchase, chance: random.Random) -> list[dict[str, Any]]:
    """As many pieces as were bought, at prices that add up to the total: some may cost a cent more."""
    price, rest = divmod(purchase.total, purchase.quantity)
    cheap, dear = next(pair for limit, *pair in CATALOGUE if price < limit)
    if chance.random() < 0.5:
        cheap, dear = dear, cheap
    lines = ((cheap, purchase.quantity - rest, price), (dear, rest, price + 1))
    return [
        {
            "sku": sku,
            "name": name,
            "category": category,
            "quantity": quantity,
            "price": _money(cents),
            "url": f"https://kafija.example/shop/{sku.lower()}",
        }
        for (sku, name, category), quantity, cents in lines
        if quantity
    ]


def _money(cents: int) -> dict[str, str]:
    return {"amount": f"{cents // 100}.{cents % 100:02}", "currency": "EUR"}


def main(arguments: Iterable[str]) -> int:
    """Write the file that is named, and say how many acts it holds."""
    match list(arguments):
        case [name]:
            print(f"{write_acts(Path(name), acts(), ZONE):,} acts written to {name}")
            return 0
        case _:
            print("usage: python visitors.py FILE.jsonl", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
