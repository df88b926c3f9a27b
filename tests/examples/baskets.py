"""Orders, baskets and prices, as the coffee shop's system tells of them."""

from decimal import Decimal
from typing import Any

from dsl.graph import Money

PRICES = "https://kafija.example/subscription"
ITEMS = ({"sku": "RITS-250", "name": "Rīts espresso, 250 g", "quantity": Decimal(2)},)


def euros(amount: str) -> Money:
    """An amount as the shop writes it."""
    return Money(Decimal(amount), "EUR")


def order(number: str = "K1", total: str = "21.10") -> dict[str, Any]:
    """What `order_placed` brings."""
    return {"order_id": number, "total": euros(total), "items": ITEMS}


def cart(total: str = "21.10") -> dict[str, Any]:
    """What `cart_updated` brings; of 0 euros it is empty."""
    return {"cart_id": "c", "cart_total": euros(total), "items": ITEMS if total != "0" else ()}
