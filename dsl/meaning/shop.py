"""Events that need no declaration: those that Virta makes itself, and those that `use shop` brings."""

from dsl.graph import EventType, FieldType

_TEXT = FieldType("text")
_NUMBER = FieldType("number")
_MONEY = FieldType("money")
_URL = FieldType("url")

_PRODUCT = (
    ("sku", _TEXT),
    ("name", _TEXT),
    ("category", _TEXT),
    ("price", _MONEY),
    ("url", _URL),
    ("image", _URL),
)
_ITEM = FieldType("record", fields=(*_PRODUCT[:3], ("quantity", _NUMBER), *_PRODUCT[3:]))
_ITEMS = ("items", FieldType("list", item=_ITEM))
_ORDER_ID = ("order_id", _TEXT)
_PRICES = (("sku", _TEXT), ("name", _TEXT), ("url", _URL), ("price", _MONEY), ("old_price", _MONEY))

SHOP: tuple[EventType, ...] = (
    EventType("product_viewed", _PRODUCT),
    EventType("cart_updated", (("cart_id", _TEXT), ("cart_total", _MONEY), _ITEMS)),
    EventType("checkout_started", (("checkout_id", _TEXT), ("total", _MONEY), _ITEMS)),
    EventType(
        "order_placed", (_ORDER_ID, ("total", _MONEY), ("discount", _MONEY), ("coupon", _TEXT), _ITEMS)
    ),
    EventType("order_paid", (_ORDER_ID, ("total", _MONEY))),
    EventType("order_refunded", (_ORDER_ID, ("total", _MONEY))),
    EventType("order_shipped", (_ORDER_ID, ("carrier", _TEXT), ("tracking", _URL))),
    EventType("order_delivered", (_ORDER_ID,)),
    EventType("review_submitted", (_ORDER_ID, ("sku", _TEXT), ("body", _TEXT), ("rating", _NUMBER))),
    EventType("back_in_stock", _PRICES),
    EventType("price_dropped", _PRICES),
)
"""The schema of an online shop, with the field names that shop connectors deliver."""

_MAIL = (("flow", _TEXT), ("step", _TEXT), ("template", _TEXT), ("topic", _TEXT))

BUILT_IN: tuple[EventType, ...] = (
    EventType("subscribed", (("topic", _TEXT),), built_in=True),
    EventType("unsubscribed", (("topic", _TEXT),), built_in=True),
    EventType("page_viewed", (("url", _URL), ("title", _TEXT)), built_in=True),
    EventType("email_sent", _MAIL, built_in=True),
    EventType("email_delivered", _MAIL, built_in=True),
    EventType("email_opened", _MAIL, built_in=True),
    EventType("email_clicked", (*_MAIL, ("link", _URL)), built_in=True),
    EventType("email_bounced", (*_MAIL, ("kind", FieldType("choice", ("hard", "soft")))), built_in=True),
    EventType("email_complained", _MAIL, built_in=True),
)
"""Events that come from Virta itself and are refused at the API."""

NOT_FOR_SERVICE = frozenset(
    {"page_viewed", "product_viewed", "cart_updated", "checkout_started", "back_in_stock", "price_dropped"}
    | {event.name for event in BUILT_IN if event.name.startswith("email_")}
)
"""Events by which a person asks for nothing, so that no service mail may answer them."""

PERSONAL = ("product_viewed", "page_viewed")
"""Events that are remembered of people only who agreed to personalisation."""

NAMING_FIELDS = {"flow": "flow", "step": "mail", "template": "template", "topic": "topic"}
"""Fields of built-in events whose text is the name of something declared."""
