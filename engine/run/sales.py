"""Orders by which customers come to the topics that rest on sales.

The consent service is told before anybody is moved by them: whatever an order starts, the mails of such a
topic may go, and conditions know of it. An order is told of again until the batch that it came with is
committed; there it counts once."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import structlog

from consent.contract import ConsentClient, Sale
from dsl import graph
from dsl.graph import Program
from engine.core.bundle import Agreed, Stimulus
from engine.store.arrivals import Received

log = structlog.get_logger("engine")

_MOST = 200
"""Sales that are told of in one call: while it works on them, nothing else is written there."""


async def tell_sales(
    consent: ConsentClient,
    program: Program,
    received: Sequence[Received],
    contacts: Mapping[str, str | None],
    named: Mapping[int, str],
) -> list[Stimulus]:
    """Have the sales recorded that are among what came in; which topics their customers get from here on.
    Whose a row is that names nobody, `named` says by its position, else `contacts` by its address. Raises
    `Unavailable`."""
    rules = {rule.event: rule for rule in program.sales}
    sales: list[Sale] = []
    for item in received:
        rule = rules.get(item.kind)
        if rule is None or item.worked_on:
            continue
        contact = item.contact or named.get(item.seq) or contacts.get(item.address)
        if contact:
            sales += _sales_in(item, contact, rule, program.similar)
    stimuli, faults = [], Counter[str]()
    for first in range(0, len(sales), _MOST):
        for sale in await _told(consent, sales[first : first + _MOST], faults):
            data = Agreed(sale.topic, True, quiet=True)
            stimuli.append(Stimulus(f"sale-{sale.sale}", sale.subject, sale.at, data))
    for why, count in faults.items():
        log.error("orders bring nobody to a topic that rests on sales", count=count, why=why)
    return stimuli


async def _told(consent: ConsentClient, sales: Sequence[Sale], faults: Counter[str]) -> list[Sale]:
    """Those of the sales by which their customers may be mailed. One with a fault, as when somebody else has
    published what another project says, is counted by it, and takes none of the others with it: there may
    be objections among them."""
    try:
        answered = await consent.bought(sales)
    except ValueError as fault:
        if len(sales) == 1:
            faults[str(fault)] += 1
            return []
        half = len(sales) // 2
        return [sale for part in (sales[:half], sales[half:]) for sale in await _told(consent, part, faults)]
    return [sale for sale, may in zip(sales, answered, strict=True) if may]


def _sales_in(
    item: Received, contact: str, rule: graph.Sale, similar: Sequence[tuple[str, str]]
) -> Iterator[Sale]:
    """What one order means for each topic. What it does not say is never assumed: without one of the facts
    it is no sale, and whoever said no has objected to all of it."""
    objected = _first(item.data, rule.objected) is True if rule.objected else False
    order, notice = _text(item.data, rule.order), _text(item.data, rule.notice)
    whole = bool(order and notice) and _first(item.data, rule.offered) is True
    bought = {_folded(each) for each in _values(item.data, rule.goods)}
    for topic, goods in similar:
        if objected or (whole and _folded(goods) in bought):
            yield Sale(contact, topic, order, item.at, goods, notice, item.kind, objected)


def _text(data: dict[str, Any], path: str) -> str:
    found = _first(data, path)
    return found.strip() if isinstance(found, str) else ""


def _first(data: dict[str, Any], path: str) -> Any:
    return next(_values(data, path), None)


def _values(data: dict[str, Any], path: str) -> Iterator[Any]:
    """What stands at the end of a way, of each member where it leads through lists."""
    found: list[Any] = [data]
    for name in path.split("."):
        found = [part for each in found if isinstance(each, dict) for part in _members(each.get(name))]
    yield from found


def _members(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for each in value:
            yield from _members(each)
    elif value is not None:
        yield value


def _folded(text: Any) -> str:
    """As conditions compare texts: without blanks around, and whatever the case."""
    return text.strip().casefold() if isinstance(text, str) else ""
