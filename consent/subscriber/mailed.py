"""Marketing mails that a person got before they said how often they want any, by whichever of their ids."""

import json

from msgspec import Struct
from sqlalchemy import bindparam, func, select, update

from consent.contract import Frequency, MailClass
from consent.ledger.subjects import load
from consent.ledger.transaction import Reading, Writing
from consent.ledger.whose import parts_of
from consent.store.statement import Statement
from consent.store.tables import among, decisions

LONGEST_UNIT_MS = 31 * 86_400_000


class Mailed(Struct, frozen=True):
    """Decisions about mails to one person, by row, as far as the row `upto`."""

    upto: int = 0
    rows: tuple[int, ...] = ()


NOT_LOOKED = Mailed()

_NEWEST = Statement(select(func.max(decisions.c.id)))
# Rows stand in the order of time, so this walks back no further than the last of them that is old enough.
_BEFORE = Statement(
    select(decisions.c.id).where(decisions.c.at < bindparam("since")).order_by(decisions.c.id.desc()).limit(1)
)
_MAILS = Statement(
    select(decisions.c.id).where(
        decisions.c.id > bindparam("after"),
        among(decisions.c.subject, "ids"),
        decisions.c["class"] == MailClass.MARKETING,
        decisions.c.reason.is_(None),
        decisions.c.at >= bindparam("since"),
    )
)
_COUNT = Statement(update(decisions).where(decisions.c.id == bindparam("row")).values(counted=True))


def look_back(reading: Reading, subject: str, frequency: Frequency | None) -> Mailed:
    """The mails of the longest unit that `subject` got, if `frequency` is one that they take up. There is no
    index for it, since each mail would have to pay for it: to be done in the thread that reads."""
    known = load(reading, [subject]).get(subject)
    if not frequency or known is None or known.frequency:
        return NOT_LOOKED
    newest = _NEWEST.first(reading.driver)
    upto = newest[0] if newest and newest[0] else 0
    return Mailed(upto, tuple(_rows(reading, subject, 0)))


def count(tx: Writing, subject: str, seen: Mailed) -> None:
    """Let these mails count towards the frequency that `subject` takes up, and those that came since."""
    rows = (*seen.rows, *_rows(tx, subject, seen.upto))
    _COUNT.run_many(tx.driver, [(True, row) for row in rows])


def _rows(reading: Reading, subject: str, after: int) -> list[int]:
    since = reading.now - LONGEST_UNIT_MS
    if not after:
        before = _BEFORE.first(reading.driver, since=since)
        after = before[0] if before else 0
    ids = json.dumps([subject, *parts_of(reading, [subject])])
    return [row[0] for row in _MAILS.rows(reading.driver, after=after, ids=ids, since=since)]
