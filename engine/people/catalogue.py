"""What the shop sells, as its events tell it: facts of each product, what is bought together, what many like.

Nothing of it says anything of a person. The facts are stored, as the views that told them may not be kept;
all else is counted anew when the engine starts.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from msgspec import Struct

from dsl.graph import Money
from engine.people.ranking import Ranking

LEARNS_FROM = frozenset({"product_viewed", "cart_updated", "order_placed"})
"""The events that tell of products."""

MONTH = 30
"""Days that count for what many like."""

FORGOTTEN = 180 * 86_400_000
"""What no event has told of for so long, in ms, is taken to be sold no more."""

_DAY = 86_400_000
_PERIOD = MONTH * _DAY
_PERIODS = 6  # full ones in which orders count for what is bought together
_LARGEST_BASKET = 30  # different products of an order that are paired with each other
_RANKED_DAYS = 2  # days whose ranking of what many like is kept at hand: mails are late about midnight
_WEB = ("https://", "http://")


class Product(Struct, frozen=True):
    """What is newest of each fact; empty or None where no event has told it. `seen` is when an event last
    told of the product, in ms UTC."""

    sku: str
    name: str = ""
    url: str = ""
    image: str = ""
    price: Money | None = None
    seen: int = 0


class Catalogue:
    """The products of a shop. Feed it every event of everybody by `learn`."""

    def __init__(self) -> None:
        self._products: dict[str, Product] = {}
        self._together: dict[int, defaultdict[str, Counter[str]]] = {}  # by period
        self._bought: dict[int, Counter[str]] = {}  # by day
        self._rankings: dict[int, Ranking] = {}  # by the day on which the month ends
        self._companions: dict[str, list[tuple[str, int]]] = {}  # of what was asked for since its last order
        self._today = 0  # the newest day that an event told of
        self._told: dict[str, Product] = {}  # since `take_news`
        self._dropped: set[str] = set()

    def learn(self, kind: str, data: Mapping[str, Any], at: int) -> None:
        """Take in an event that happened at `at`, in ms UTC. One that tells of no product changes nothing."""
        if kind == "product_viewed":
            self._see(data, at)
        elif kind in LEARNS_FROM:
            items = data.get("items")
            found = [self._see(item, at) for item in items] if isinstance(items, list | tuple) else []
            if kind == "order_placed":
                self._count([sku for sku in dict.fromkeys(found) if sku], at)

    def restore(self, products: Iterable[Product]) -> None:
        """Know these again, before anything is learned."""
        self._products |= {product.sku: product for product in products}

    def take_news(self) -> tuple[list[Product], list[str]]:
        """The products that events told of since this was last asked, and the SKUs of those dropped."""
        told, dropped = list(self._told.values()), sorted(self._dropped)
        self._told, self._dropped = {}, set()
        return told, dropped

    def product(self, sku: str) -> Product | None:
        """What is known of a product."""
        return self._products.get(sku)

    def together(self, sku: str, least: int) -> list[str]:
        """What `least` orders or more hold beside a product, most often first."""
        ranked = self._companions.get(sku)
        if ranked is None:
            counts: Counter[str] = Counter()
            for pairs in self._together.values():
                counts.update(pairs.get(sku, {}))
            ranked = self._companions[sku] = sorted(counts.items(), key=_most_first)
        return [other for other, count in ranked if count >= least]

    def liked(self, now: int, least: int, most: int) -> list[str]:
        """What stands in `least` orders or more of the last month, most often first; at most `most`."""
        today = now // _DAY
        ranking = self._rankings.get(today)
        if ranking is None:
            month = (orders for day, orders in self._bought.items() if _in_month(day, today))
            ranking = self._rankings[today] = Ranking(month)
            for other in list(self._rankings)[:-_RANKED_DAYS]:
                del self._rankings[other]
        return list(islice(ranking.first(least), most))

    @staticmethod
    def counts_from(now: int) -> int:
        """The moment from which on events still count, in ms UTC like `now`."""
        return (now // _PERIOD - _PERIODS) * _PERIOD

    def _see(self, item: Any, at: int) -> str:
        """Learn the facts of an item; its SKU, or nothing."""
        sku = item.get("sku") if isinstance(item, Mapping) else None
        if not (isinstance(sku, str) and sku.strip()):
            return ""
        self._new_day(at)
        known = self._products.get(sku) or Product(sku)
        price = item.get("price")
        told = Product(
            sku,
            _text(item.get("name")),
            _address(item.get("url")),
            _address(item.get("image")),
            price if isinstance(price, Money) else None,
            at,
        )
        older, newer = (known, told) if at >= known.seen else (told, known)
        found = Product(
            sku,
            newer.name or older.name,
            newer.url or older.url,
            newer.image or older.image,
            newer.price or older.price,
            newer.seen,
        )
        if found != known:
            self._products[sku] = self._told[sku] = found
            self._dropped.discard(sku)
        return sku

    def _new_day(self, at: int) -> None:
        """Once a day, what is sold no more is dropped."""
        if at // _DAY > self._today:
            self._today = at // _DAY
            for sku in [sku for sku, each in self._products.items() if at - each.seen > FORGOTTEN]:
                del self._products[sku]
                self._told.pop(sku, None)
                self._dropped.add(sku)

    def _count(self, skus: list[str], at: int) -> None:
        day = at // _DAY
        self._bought.setdefault(day, Counter()).update(skus)
        _forget(self._bought, max(self._bought) - 2 * MONTH)
        for today, ranking in self._rankings.items():
            if _in_month(day, today):
                ranking.add(skus)
        basket = skus[:_LARGEST_BASKET]
        for sku in basket:
            self._companions.pop(sku, None)
        pairs = self._together.setdefault(at // _PERIOD, defaultdict(Counter))
        for sku in basket:
            pairs[sku].update(other for other in basket if other != sku)
        if _forget(self._together, max(self._together) - _PERIODS):
            self._companions.clear()


def _in_month(day: int, today: int) -> bool:
    return today - MONTH < day <= today


def _most_first(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]


def _forget(counts: dict[int, Any], before: int) -> bool:
    """Drop what lies before; whether there was anything."""
    old = [each for each in counts if each < before]
    for each in old:
        del counts[each]
    return bool(old)


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _address(value: Any) -> str:
    """A link that may stand in a mail."""
    text = value.strip() if isinstance(value, str) else ""
    return text if text.lower().startswith(_WEB) else ""
