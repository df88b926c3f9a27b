"""Marketing stays shut after a backup was put back, until the log is as long as it is known to have been.

A restored store knows nothing of what was agreed to, claimed and sent after the backup was written. How long
the log was then is told by the newest checkpoint that anybody holds; the restore writes it down here."""

from sqlalchemy import Connection, delete, select

from consent.contract import Ask, MailClass, Reason
from consent.ledger.log import stored_frontier
from consent.ledger.transaction import Reading, Writing
from consent.mails.gate import Verdict
from consent.proof.leaf import Leaf
from consent.store.tables import facts

REACH = "reach"
GIVEN_UP = "reach.given_up"
"""The type of the leaf by which an operator says that the log will not be so long again."""

_SHUT = Verdict(Reason.LOG_BEHIND)


def expect(conn: Connection, size: int) -> int:
    """Keep marketing shut until the log of this store has `size` leaves, or as many as were expected before;
    how many that are."""
    known = expected(conn)
    if size <= known:
        return known
    _forget(conn)
    said = f"{size} {stored_frontier(conn).size}"
    conn.execute(facts.insert().values(name=REACH, value=said.encode()))
    return size


def expected(conn: Connection) -> int:
    """How long the log is known to have been, 0: nothing is known."""
    return _said(conn)[0]


def behind(reading: Reading) -> tuple[int, int, int] | None:
    """While marketing is shut: how many leaves the log is known to have had, how many there were when that
    was said, and how many there are; None: it is not shut."""
    size, since = _said(reading.conn)
    there = stored_frontier(reading.conn).size
    return (size, since, there) if there < size else None


def give_up(tx: Writing, actor: str) -> int:
    """Let marketing go though the log is shorter, and write that down in it; how long it was known to have
    been. 0: it is not shorter, and nothing is written."""
    size = expected(tx.conn)
    if size <= tx.log.frontier.size:
        return 0
    _forget(tx.conn)
    tx.log.append(Leaf(type=GIVEN_UP, actor=actor))
    return size


def shut(reading: Reading, ask: Ask, size: int) -> Verdict | None:
    """The denial of a marketing mail while the log, of `size` leaves now, is shorter than it was. It is no
    refusal but a "not yet"."""
    if ask.mail_class is MailClass.MARKETING and size < reading.parts.reach:
        return _SHUT
    return None


def _said(conn: Connection) -> tuple[int, int]:
    found = conn.scalar(select(facts.c.value).where(facts.c.name == REACH))
    if found is None:
        return 0, 0
    size, since = bytes(found).split()
    return int(size), int(since)


def _forget(conn: Connection) -> None:
    conn.execute(delete(facts).where(facts.c.name == REACH))
