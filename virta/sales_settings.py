"""`[sales.EVENT]` in virta.toml: which events of the shop are sales, and which of their fields say what."""

from collections.abc import Iterator, Mapping

from msgspec import Struct


class Sold(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Fields of the event, each by its way within it, as in `items.category`: the order's id, the category of
    its goods, whether the customer could object when their address was collected, by which words, and
    whether they did (empty: the event does not say). `virta check` compares them with the event."""

    order: str
    goods: str
    offered: str
    notice: str
    objected: str = ""


def sales_faults(sales: Mapping[str, Sold], similar: Mapping[str, str]) -> Iterator[str]:
    """What is of the right type and wrong all the same."""
    for event, sold in sales.items():
        for name in ("order", "goods", "offered", "notice"):
            if not getattr(sold, name).strip():
                yield f"`sales.{event}.{name}` is empty; write which field of `{event}` says it."
    for topic, goods in similar.items():
        if not goods.strip():
            yield f"`similar.{topic}` is empty; write the category of its goods."
