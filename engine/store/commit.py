"""Everything that one batch changes, written in one transaction."""

from sqlalchemy import Connection, bindparam, insert
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.store import (
    arrivals,
    aside,
    coupons,
    effects,
    handed,
    kept,
    lines,
    people,
    products,
    retries,
    trials,
    unknown,
    views,
)
from engine.store import schema as t
from engine.store.batch import Batch
from engine.store.register import Register
from engine.store.statement import Statement, driver_of


def commit(connection: Connection, batch: Batch, places: effects.Places, register: Register) -> None:
    """Write all that the batch changes, in the transaction of the connection."""
    driver = driver_of(connection)
    people.write(driver, batch, register)
    aside.take_back(driver, batch.readmitted)
    aside.put(driver, batch.aside, batch.held)
    effects.write(driver, batch, places)
    retries.put(driver, batch.retries)
    retries.drop(driver, batch.retried)
    unknown.drop(driver, batch.known)
    unknown.put(driver, batch.unknown)
    coupons.keep(driver, batch.codes)
    handed.keep(driver, batch.handed)
    kept.drop(driver, batch.unkept)
    trials.write(driver, batch.trials)
    if batch.entries or batch.passages:
        at = batch.passages[-1].at if batch.passages else batch.entries[-1].at
        count = len(batch.entries) + sum([len(passage.lines) for passage in batch.passages])
        _LINES_PUT.run(driver, at, count, lines.pack(batch.entries, batch.passages))
    arrivals.write(driver, batch)
    products.keep(driver, batch.products, batch.products_gone)
    views.forget(connection, batch.emptied, batch.unwatched)
    _NOTE_PUT.run_many(driver, [(name, str(value).encode()) for name, value in batch.cursors.items()])


_LINES_PUT = Statement(insert(t.journal).values({name: bindparam(name) for name in ("at", "count", "body")}))
_note_put = upsert(t.note)
_NOTE_PUT = Statement(
    _note_put.on_conflict_do_update(index_elements=["name"], set_={"value": _note_put.excluded.value})
)
