"""What events told of the shop's products, of whom they tell nothing. It outlives the events: those of people
who did not agree to `personalisation` are emptied, and what they were told of is sold all the same."""

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.people.catalogue import Product
from engine.store import rows
from engine.store import schema as t
from engine.store.statement import Driver, Statement


def keep(driver: Driver, told: Iterable[Product], dropped: Iterable[str]) -> None:
    """Write down the newest of each product, and take away what is sold no more."""
    _PUT.run_many(driver, [(each.sku, each.seen, rows.data_row(_facts(each))) for each in told])
    _GONE.run_many(driver, [(sku,) for sku in dropped])


def find(driver: Driver) -> list[Product]:
    """All that are known, by SKU."""
    return [Product(sku, seen=seen, **rows.data_of(body)) for sku, seen, body in _ALL.rows(driver)]


def _facts(product: Product) -> dict[str, object]:
    return {"name": product.name, "url": product.url, "image": product.image, "price": product.price}


_put = upsert(t.product)
_PUT = Statement(
    _put.on_conflict_do_update(
        index_elements=["sku"], set_={"seen": _put.excluded.seen, "body": _put.excluded.body}
    )
)
_GONE = Statement(delete(t.product).where(t.product.c.sku == bindparam("sku_")))
_ALL = Statement(select(t.product.c.sku, t.product.c.seen, t.product.c.body).order_by(t.product.c.sku))
