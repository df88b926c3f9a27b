"""A new master key: the data keys of all subjects are wrapped anew by it, some at a time.

How far it has come stands in the store, so that it goes on where it was interrupted. Until it is done both
keys are needed; from then on the store tells that the newest is enough."""

import logging

from sqlalchemy import Connection, bindparam, func, select, update

from consent.errors import WrongKeys
from consent.ledger.evidence import Vault
from consent.ledger.transaction import Writing
from consent.store.statement import Statement
from consent.store.tables import facts, subjects

log = logging.getLogger("consent")

AT_ONCE = 500
_CURSOR = "rewrapped"
_SOME = Statement(
    select(subjects.c.id, subjects.c.wrapped)
    .where(subjects.c.id > bindparam("after"))
    .order_by(subjects.c.id)
    .limit(bindparam("most"))
)
_PUT = Statement(update(subjects).where(subjects.c.id == bindparam("of")).values(wrapped=bindparam("by")))


def is_wanted(conn: Connection, vault: Vault) -> bool:
    """Whether data keys may still be wrapped by another master key than the newest."""
    check = conn.scalar(select(facts.c.value).where(facts.c.name == "check"))
    return check is not None and not vault.by_newest(bytes(check))


def still_to_do(conn: Connection) -> int:
    """How many subjects have not been come to yet, while it is wanted."""
    after = _cursor(conn)
    return conn.scalar(select(func.count()).select_from(subjects).where(subjects.c.id > after)) or 0


def rewrap_some(tx: Writing) -> bool:
    """Wrap the next data keys anew; whether there may be more. A damaged one stays as it is."""
    vault = tx.parts.vault
    rows = _SOME.rows(tx.driver, after=_cursor(tx.conn), most=AT_ONCE)
    for subject, wrapped in rows:
        try:
            _PUT.run(tx.driver, of=subject, by=vault.rewrapped(subject, bytes(wrapped)))
        except WrongKeys as fault:
            log.warning("a damaged data key is left as it is: %s", fault)
    tx.conn.execute(facts.delete().where(facts.c.name == _CURSOR))
    if rows:
        tx.conn.execute(facts.insert().values(name=_CURSOR, value=rows[-1][0].encode()))
        return True
    tx.conn.execute(update(facts).where(facts.c.name == "check").values(value=vault.check()))
    log.info("all data keys are wrapped by the newest master key")
    return False


def _cursor(conn: Connection) -> str:
    found = conn.scalar(select(facts.c.value).where(facts.c.name == _CURSOR))
    return bytes(found).decode() if found is not None else ""
