"""Which products stand in most orders, kept in order while orders come in."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile


class Ranking:
    """SKUs with the number of orders that hold them. An order costs little, whatever the shop's size."""

    def __init__(self, counts: Iterable[Mapping[str, int]] = ()) -> None:
        self._counts: Counter[str] = Counter()
        for each in counts:
            self._counts.update(each)
        self._ranked = sorted((-count, sku) for sku, count in self._counts.items())

    def add(self, skus: Iterable[str]) -> None:
        """One more order that holds each of these."""
        for sku in skus:
            count = self._counts[sku]
            if count:
                del self._ranked[bisect_left(self._ranked, (-count, sku))]
            self._counts[sku] = count + 1
            insort(self._ranked, (-count - 1, sku))

    def first(self, least: int) -> Iterator[str]:
        """What stands in `least` orders or more, most often first, then by SKU."""
        return (sku for _, sku in takewhile(lambda ranked: -ranked[0] >= least, self._ranked))
