"""Marketing mails that a person got before they said how often they want any, by whichever of their ids."""

import json
from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import bindparam, func, select, update

from consent.contract import Frequency, MailClass
from consent.ledger.transaction import Reading, Writing
from consent.ledger.whose import load_living, parts_of
from consent.store.statement import Statement
from consent.store.tables import among, decisions

LONGEST_UNIT_MS = 31 * 86_400_000
_MOST = 256


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


class LookedBack:
    """The mails of the longest unit that people got, for whoever takes up a frequency. There is no index for
    it, since each mail would have to pay for it: all that was decided about in that time is walked through,
    in the thread that reads. So whoever goes to and fro is looked for once, and then among what has come
    since; of `_MOST` people it is known who were looked for last."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], Mailed] = {}

    def look(self, reading: Reading, subject: str, frequency: Frequency | None) -> Mailed:
        """The mails that `subject` got, if `frequency` is one that they take up."""
        known = load_living(reading, subject) if frequency else None
        if known is None or known.frequency:
            return NOT_LOOKED
        ids = (known.id, *parts_of(reading, [known.id]))
        before = self._found.pop(ids, NOT_LOOKED)
        newest = _NEWEST.first(reading.driver)
        upto = newest[0] if newest and newest[0] else 0
        found = Mailed(upto, (*before.rows, *_rows(reading, ids, before.upto)))
        self._found[ids] = found
        if len(self._found) > _MOST:
            del self._found[next(iter(self._found))]
        return found


def count(tx: Writing, subject: str, seen: Mailed) -> None:
    """Let these mails count towards the frequency that `subject` takes up, and those that came since."""
    ids = (subject, *parts_of(tx, [subject]))
    rows = (*seen.rows, *_rows(tx, ids, seen.upto))
    _COUNT.run_many(tx.driver, [(True, row) for row in rows])


def _rows(reading: Reading, ids: Sequence[str], after: int) -> list[int]:
    since = reading.now - LONGEST_UNIT_MS
    if not after:
        before = _BEFORE.first(reading.driver, since=since)
        after = before[0] if before else 0
    wanted = json.dumps(list(ids))
    return [row[0] for row in _MAILS.rows(reading.driver, after=after, ids=wanted, since=since)]
