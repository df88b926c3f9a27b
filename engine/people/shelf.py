"""The products that a template gets from `recommend(N)`."""

from collections.abc import Callable
from functools import cache
from typing import Any

from engine.core.bundle import MailBody
from engine.people.catalogue import Catalogue
from engine.people.reasons import sentence
from engine.people.recommend import Recommended, recommend

MOST = 12
PLAIN = "plain"
"""The variant of a decision for people who did not agree to personalisation."""


def shelf(
    catalogue: Catalogue, body: MailBody, variant: str, language: str
) -> Callable[[int], list[dict[str, Any]]]:
    """The function `recommend` of one mail. The plain variant goes by what many like alone; what stands in
    the order or cart that started the journey is not offered again."""
    personal = variant != PLAIN
    viewed, bought = (body.viewed, body.bought) if personal else ((), ())

    @cache
    def products(most: int) -> list[dict[str, Any]]:
        chosen = recommend(catalogue, most, body.at, viewed, bought, _named(body.trigger))
        return [_fields(each, language) for each in chosen]

    return products


def _fields(chosen: Recommended, language: str) -> dict[str, Any]:
    """What a template sees; what is unknown is not there. A reason is, be it empty."""
    product = chosen.product
    fields = {"name": product.name, "url": product.url, "image": product.image, "price": product.price}
    known = {name: value for name, value in fields.items() if value}
    return {**known, "reason": sentence(chosen.reason, language)}


def _named(trigger: dict[str, Any]) -> list[str]:
    """The products in an order or a cart."""
    items = trigger.get("items")
    return [item["sku"] for item in items if _has_sku(item)] if isinstance(items, list | tuple) else []


def _has_sku(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("sku"), str)
