"""What the shop sells, and which of it a real sum may have bought."""

from random import Random
from typing import Any, NamedTuple

SITE = "https://kafija.example"


class Product(NamedTuple):
    """`price` is in cents."""

    sku: str
    name: str
    category: str
    price: int


PRODUCTS = (
    Product("PAPER-100", "Filter papers, 100", "filters", 490),
    Product("CUP-CARD", "Tasting card", "gifts", 390),
    Product("RITS-250", "Rīts espresso, 250 g", "coffee", 1_090),
    Product("MIGLA-250", "Migla filter, 250 g", "coffee", 1_190),
    Product("KENIJA-250", "Kenya Gathaithi, 250 g", "coffee", 1_490),
    Product("VAKARS-250", "Vakars decaf, 250 g", "coffee", 1_390),
    Product("RITS-1000", "Rīts espresso, 1 kg", "coffee", 3_290),
    Product("DRIPPER-02", "Porcelain dripper", "brewing", 2_690),
    Product("KETTLE-09", "Gooseneck kettle, 0.9 l", "brewing", 6_900),
    Product("MILL-38", "Hand mill", "brewing", 8_900),
)

_SHELVES = tuple(zip((600, 1_300, 1_800, 3_500, 10**9), PRODUCTS[::2], PRODUCTS[1::2], strict=True))
"""Up to which price of one piece, in cents, which two products are taken for what was bought."""


def bought(quantity: int, total: int, chance: Random) -> list[dict[str, Any]]:
    """Items of so many pieces whose prices add up to the total: some may cost a cent more."""
    price, rest = divmod(total, quantity)
    one, other = next(pair for limit, *pair in _SHELVES if price < limit)
    if chance.random() < 0.5:
        one, other = other, one
    lines = ((one, quantity - rest, price), (other, rest, price + 1))
    return [item(product, count, cents) for product, count, cents in lines if count]


def chosen(chance: Random) -> list[dict[str, Any]]:
    """Items for a cart, at the prices of the catalogue."""
    products = chance.sample(PRODUCTS, chance.choice((1, 1, 2, 3)))
    return [item(product, chance.choice((1, 1, 1, 2)), product.price) for product in products]


def item(product: Product, quantity: int, price: int) -> dict[str, Any]:
    """As the events of the shop name it."""
    return shown(product) | {"quantity": quantity, "price": money(price)}


def shown(product: Product) -> dict[str, Any]:
    """A product on its page."""
    return {
        "sku": product.sku,
        "name": product.name,
        "category": product.category,
        "price": money(product.price),
        "url": f"{SITE}/shop/{product.sku.lower()}",
    }


def sum_of(items: list[dict[str, Any]]) -> int:
    """In cents."""
    return sum(each["quantity"] * int(each["price"]["amount"].replace(".", "")) for each in items)


def money(cents: int) -> dict[str, str]:
    """As the API writes it."""
    return {"amount": f"{cents // 100}.{cents % 100:02}", "currency": "EUR"}
