"""Leaves of one subject are found by an index that is laid stretch by stretch of the log."""

import pytest
from sqlalchemy import create_engine, insert, select

from consent.address import read_address
from consent.store.sqlite import open_memory
from consent.store.tables import IN_ANY_SPAN, leaves, span_of
from consent.subscriber.history import history

PLACES = (65_535, 65_536, 131_071, 1_000_000, 9_999_999)
"""At both ends of stretches, and with stretches between them that have none."""


def row(seq: int, subject: str) -> dict[str, object]:
    """A leaf as it is kept."""
    kept = {"seq": seq, "span": span_of(seq), "type": "exported", "subject": subject, "at": 0, "told": False}
    return {**kept, "purpose": "", "language": "", "body": b'{"seq":%d}' % seq}


@pytest.mark.anyio
async def test_leaves_are_found_wherever_they_lie_in_the_log(world):
    """Hers and nobody else's: in the first stretch and the last, at the edges of those between, and not in
    those where she has none."""
    anna = await world.join("anna@example.com")
    mine = select(leaves.c.seq).where(IN_ANY_SPAN, leaves.c.subject == anna).order_by(leaves.c.seq)
    before = world.service.read(lambda reading: list(reading.conn.scalars(mine)))
    found = world.service.read(lambda reading: history(reading, read_address("anna@example.com")))
    assert [one.leaf for one in found.events] == before
    for number, seq in enumerate(PLACES):
        rows = [row(seq, anna), row(seq - 2, f"somebody else {number}")]
        world.service.write(lambda tx, rows=rows: tx.conn.execute(insert(leaves), rows))
    assert world.service.read(lambda reading: list(reading.conn.scalars(mine))) == [*before, *PLACES]


def test_the_log_is_not_read_from_end_to_end_for_one_subject():
    """By the plan that the database makes."""
    store = open_memory()
    query = select(leaves.c.body).where(IN_ANY_SPAN, leaves.c.subject == "anna")
    text = str(
        query.compile(dialect=create_engine("sqlite://").dialect, compile_kwargs={"literal_binds": True})
    )
    plan = [found[-1] for found in store.writer.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    assert plan[0] == "SEARCH leaves USING INDEX leaves_of_subject (span=? AND subject=?)"
