"""What people looked at is kept for those only who agreed to `personalisation`.

A row that may not be kept loses its contact, its name, its moment and all that it says. What stays is the id
that the sender gave it, so that sending it again still counts once.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, update

from engine.core.windows import PERSONAL
from engine.store import rows
from engine.store import schema as t

VIEWS = PERSONAL

_NOTHING = {"kind": "", "at": 0, "received": 0, "contact": None, "address": None, "data": rows.data_row({})}
_EMPTY = update(t.inbox).where(t.inbox.c.seq == bindparam("seq_")).values(_NOTHING)
_UNWATCH = update(t.inbox).where(t.inbox.c.contact == bindparam("contact_"), t.IS_VIEW).values(_NOTHING)


def forget(connection: Connection, positions: Sequence[int], contacts: Sequence[str]) -> None:
    """Empty the rows at these positions of the inbox, and every view of these contacts."""
    if positions:
        connection.execute(_EMPTY, [{"seq_": seq} for seq in positions])
    if contacts:
        connection.execute(_UNWATCH, [{"contact_": bytes.fromhex(contact)} for contact in contacts])
