"""What people looked at is kept for those only who agreed to `personalisation`.

A row that may not be kept loses its contact, its name, its moment and all that it says. What stays is the id
that the sender gave it, so that sending it again still counts once.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, null, update

from engine.core.windows import PERSONAL
from engine.store import rows
from engine.store import schema as t
from engine.store.slots import as_list, listed
from engine.store.statement import Statement, driver_of

VIEWS = PERSONAL


def forget(connection: Connection, positions: Sequence[int], contacts: Sequence[str]) -> None:
    """Empty the rows at these positions of the inbox, and every view of these contacts."""
    driver = driver_of(connection)
    if positions:
        _EMPTY.run(driver, *_NOTHING, as_list(positions))
    _UNWATCH.run_many(driver, [(*_NOTHING, bytes.fromhex(contact)) for contact in contacts])


_NOTHING = ("", 0, 0, rows.data_row({}))
_empty = update(t.inbox).values(
    {name: bindparam(f"{name}_") for name in ("kind", "at", "received", "data")}
    | {"contact": null(), "address": null()}
)
_EMPTY = Statement(_empty.where(t.inbox.c.seq.in_(listed())))
_UNWATCH = Statement(_empty.where(t.inbox.c.contact == bindparam("contact_"), t.IS_VIEW))
