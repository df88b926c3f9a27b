"""Where the data of people comes from whom an import brought: within a month they are told (GDPR, Art. 14),
by a mail whose template the policy names."""

import json
from collections.abc import Sequence

from sqlalchemy import bindparam, exists, func, select, update

from consent.contract import Outcome
from consent.contract.imports import Untold
from consent.ledger.transaction import Reading, Writing
from consent.store.statement import Statement
from consent.store.tables import among, decisions, imported

_ANY = Statement(select(imported.c.subject).where(imported.c.told == 0).limit(1))
_TELL = Statement(
    update(imported)
    .where(
        imported.c.told == 0,
        exists().where(
            decisions.c.subject == imported.c.subject,
            among(decisions.c.key, "keys"),
            among(decisions.c.template, "digests"),
            decisions.c.reason.is_(None),
            decisions.c.outcome == Outcome.ACCEPTED.value,
        ),
    )
    .values(told=bindparam("now"))
)
_COUNT = Statement(
    select(func.count(func.distinct(imported.c.subject)), func.min(imported.c.due)).where(
        imported.c.told == 0, imported.c.due <= bindparam("by")
    )
)
_WHO = Statement(
    select(imported.c.subject, func.min(imported.c.due))
    .where(imported.c.told == 0, imported.c.subject > bindparam("after"))
    .group_by(imported.c.subject)
    .order_by(imported.c.subject)
    .limit(bindparam("most"))
)
_NEVER = 1 << 62


def note_told(tx: Writing, keys: Sequence[str]) -> None:
    """The mails with these keys have ended: whoever got the one that tells is told."""
    name = tx.rules.policy.origin_notice
    if not name or not keys or _ANY.first(tx.driver) is None:
        return
    digests = [digest for digest, facts in tx.rules.templates.items() if facts.name == name]
    _TELL.run(tx.driver, keys=json.dumps(list(keys)), digests=json.dumps(digests), now=tx.now)


def untold(reading: Reading, now: int) -> Untold:
    """Who is still to be told, at `now` (ms UTC)."""
    [(people, first)] = _COUNT.rows(reading.driver, by=_NEVER)
    [(late, _)] = _COUNT.rows(reading.driver, by=now)
    return Untold(people, first or 0, late)


def who_is_untold(reading: Reading, after: str, limit: int) -> list[tuple[str, int]]:
    """The subjects who are still to be told, with until when (ms UTC), in the order of their ids behind
    `after`."""
    return [(subject, due) for subject, due in _WHO.rows(reading.driver, after=after, most=limit)]
