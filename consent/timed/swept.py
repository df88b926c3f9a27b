"""Jobs that look through whole tables, and do so once for each day: what is due by months and years changes
at midnight alone, and all who write wait for such a look."""

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from consent.ledger.transaction import Reading, Writing
from consent.store.statement import Statement
from consent.store.tables import facts

_SWEPT = Statement(select(facts.c.value).where(facts.c.name == bindparam("of")))
_INTO = insert(facts)
_SWEEP = Statement(
    _INTO.on_conflict_do_update(index_elements=[facts.c.name], set_={"value": _INTO.excluded.value})
)


def is_swept(reading: Reading, job: str, upto: str) -> bool:
    """Whether nothing is left for `job` to do, as far as `upto`."""
    row = _SWEPT.first(reading.driver, of=_name(job))
    return row is not None and bytes(row[0]) == upto.encode()


def sweep(tx: Writing, job: str, upto: str) -> None:
    """Nothing is left for `job` to do, as far as `upto`."""
    _SWEEP.run(tx.driver, name=_name(job), value=upto.encode())


def _name(job: str) -> str:
    return f"swept {job}"
