"""Which products a mail shows to one person, and why: rules that can be told in a sentence each."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.people.catalogue import FORGOTTEN, Catalogue, Product

TOGETHER = 3
"""So many orders must hold both products before they are said to be bought together often."""

MANY = 5
"""So many orders of the last month make a product liked by many."""


class Reason(NamedTuple):
    """`kind` is viewed, together or liked; `beside` names the product that it is bought together with."""

    kind: str
    beside: str = ""


class Recommended(NamedTuple):
    """A product with the reason why it is shown."""

    product: Product
    reason: Reason


def recommend(
    catalogue: Catalogue,
    most: int,
    now: int,
    viewed: Sequence[str] = (),
    bought: Sequence[str] = (),
    without: Sequence[str] = (),
) -> list[Recommended]:
    """At most `most` products, each once; fewer where no more can be recommended honestly. `now` is ms UTC.

    `viewed` and `bought` are SKUs, newest first; both empty gives what many like. What was bought is never
    offered, nor what is in `without`. First comes what was viewed, for half of the places at most; then what
    goes together with what was bought; then what many like; then what else was viewed.
    """
    taken = {*bought, *without}
    chosen: list[Recommended] = []
    seen = [(sku, Reason("viewed")) for sku in viewed]
    half = (most + 1) // 2
    ways: tuple[tuple[Iterator[tuple[str, Reason]], int], ...] = (
        (iter(seen), half),
        (_together(catalogue, bought, now), most),
        (((sku, Reason("liked")) for sku in catalogue.liked(now, MANY, most + len(taken) + half)), most),
        (iter(seen), most),
    )
    for way, full in ways:
        for sku, reason in way:
            if len(chosen) >= full:
                break
            product = _offered(catalogue, sku, now)
            if product is not None and sku not in taken:
                taken.add(sku)
                chosen.append(Recommended(product, reason))
    return chosen


def _together(catalogue: Catalogue, bought: Sequence[str], now: int) -> Iterator[tuple[str, Reason]]:
    """For each thing bought, newest first, its best companion; then the second best of each, and so on."""
    rows = [
        [(other, Reason("together", known.name)) for other in catalogue.together(sku, TOGETHER)]
        for sku in bought
        if (known := catalogue.product(sku)) is not None and known.name and now - known.seen <= FORGOTTEN
    ]
    for place in range(max(map(len, rows), default=0)):
        for row in rows:
            if place < len(row):
                yield row[place]


def _offered(catalogue: Catalogue, sku: str, now: int) -> Product | None:
    """The product, if it can be shown: its name and page are known, and it has not been forgotten."""
    product = catalogue.product(sku)
    if product is None or not (product.name and product.url) or now - product.seen > FORGOTTEN:
        return None
    return product
