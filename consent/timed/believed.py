"""Whether the clock is believed by which people's topics end and what is kept of them is deleted.

A clock that is years ahead for some minutes would end everybody's topics, and set right it brings none back.
So the jobs remember when they last ran. Where the clock is far from that they wait, until it has stood there
for a day of visits: whoever was switched off for months goes on by itself then, or at an operator's word.
Nothing else waits: what denies a mail goes by the clock as it is."""

import msgspec
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from consent.ledger.transaction import Reading, Writing
from consent.store.statement import Statement
from consent.store.tables import facts, leaves
from consent.times import DAY_MS

NEAR_MS = 3 * DAY_MS
"""So far from the last run the clock is believed at once: a weekend in which a machine is off."""
STANDS_MS = DAY_MS
"""So long it stands elsewhere before it is believed there."""
_VISIT_MS = 3_600_000  # what one visit adds at most, however long ago the one before was

_NAME = "believed"
_FACT = Statement(select(facts.c.value).where(facts.c.name == _NAME))
_INTO = insert(facts)
_KEEP = Statement(
    _INTO.on_conflict_do_update(index_elements=[facts.c.name], set_={"value": _INTO.excluded.value})
)
_NEWEST = Statement(select(leaves.c.at).order_by(leaves.c.seq.desc()).limit(1))


class Believed(Struct, frozen=True):
    """When the jobs last ran by a clock that was believed; and while it is not, when they last looked (0: it
    is), and for how long it has stood by then. All in ms (UTC)."""

    last: int
    seen: int = 0
    stood: int = 0


def believed(reading: Reading) -> Believed:
    """What is known of the clock. Before the first visit that is the newest leaf, if there is one."""
    row = _FACT.first(reading.driver)
    if row is not None:
        return msgspec.json.decode(bytes(row[0]), type=Believed)
    newest = _NEWEST.first(reading.driver)
    return Believed(newest[0] if newest is not None else reading.now)


def is_far(known: Believed, now: int) -> bool:
    """Whether a clock that says `now` is not believed at once."""
    return abs(now - known.last) > NEAR_MS


def is_believed(reading: Reading) -> bool:
    """Whether the clock is near the last run of the jobs."""
    return not is_far(believed(reading), reading.now)


def weigh(known: Believed, now: int) -> Believed:
    """What is known after a visit at `now`: `seen` is 0 if the jobs may run."""
    if not is_far(known, now):
        return Believed(now)
    since = now - known.seen
    if not known.seen or since < 0:
        return Believed(known.last, now)
    stood = known.stood + min(since, _VISIT_MS)
    return Believed(now) if stood >= STANDS_MS else Believed(known.last, now, stood)


def visit(tx: Writing) -> Believed:
    """Note a visit of the jobs, and what is known of the clock by now."""
    return _keep(tx, weigh(believed(tx), tx.now))


def believe(tx: Writing) -> int:
    """The clock is right, says an operator; how far it was from the last run (ms), 0: it was believed."""
    before = believed(tx)
    _keep(tx, Believed(tx.now))
    return tx.now - before.last if is_far(before, tx.now) else 0


def _keep(tx: Writing, known: Believed) -> Believed:
    _KEEP.run(tx.driver, name=_NAME, value=msgspec.json.encode(known))
    return known
