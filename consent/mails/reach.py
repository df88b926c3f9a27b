"""Marketing stays shut after a backup was put back, until the log is as long as it is known to have been.

A restored store knows nothing of what was agreed to, claimed and sent after the backup was written. How long
the log was then is told by the newest checkpoint that anybody holds; the restore writes it down here."""

from sqlalchemy import Connection, delete, select

from consent.contract import Ask, MailClass, Reason
from consent.ledger.transaction import Reading
from consent.mails.gate import Verdict
from consent.store.tables import facts

REACH = "reach"
_SHUT = Verdict(Reason.LOG_BEHIND)


def expect(conn: Connection, size: int) -> int:
    """Keep marketing shut until the log of this store has `size` leaves, or as many as were expected before;
    how many that are."""
    size = max(size, expected(conn))
    conn.execute(delete(facts).where(facts.c.name == REACH))
    conn.execute(facts.insert().values(name=REACH, value=str(size).encode()))
    return size


def expected(conn: Connection) -> int:
    """How long the log is known to have been, 0: nothing is known."""
    found = conn.scalar(select(facts.c.value).where(facts.c.name == REACH))
    return int(bytes(found)) if found is not None else 0


def shut(reading: Reading, ask: Ask, size: int) -> Verdict | None:
    """The denial of a marketing mail while the log, of `size` leaves now, is shorter than it was. It is no
    refusal but a "not yet"."""
    if ask.mail_class is MailClass.MARKETING and size < reading.parts.reach:
        return _SHUT
    return None
