"""Words that changed: who agreed to others is asked again."""

import json

from sqlalchemy import bindparam, not_, select, update

from consent.contract import Basis
from consent.ledger.evidence import Evidence
from consent.ledger.subjects import load
from consent.ledger.transaction import Writing
from consent.states import AGREED
from consent.store.statement import Statement
from consent.store.tables import among, standings
from consent.subscriber.signup import ask_for

_ON_OTHER_WORDS = Statement(
    select(standings.c.subject, standings.c.topic)
    .where(
        standings.c.topic == bindparam("of"),
        among(standings.c.state, "states"),
        not_(among(standings.c.version, "versions")),
        standings.c.asked != bindparam("present"),
    )
    .limit(bindparam("most"))
)
_ASKED = Statement(
    update(standings)
    .where(standings.c.subject == bindparam("of"), standings.c.topic == bindparam("about"))
    .values(asked=bindparam("present"))
)
_AGREED = json.dumps(sorted(AGREED))


def ask_again(tx: Writing, most: int) -> int:
    """Ask whoever agreed to other words than those of today, once for each change of them."""
    done = 0
    for topic, (present, purpose) in tx.rules.purposes.items():
        if purpose.basis is not Basis.CONSENT or done >= most:
            continue
        same = [version for version in tx.rules.grounds if tx.rules.holds(version, present)]
        rows = _ON_OTHER_WORDS.rows(
            tx.driver,
            of=topic,
            states=_AGREED,
            versions=json.dumps([*same, present]),
            present=present,
            most=most - done,
        )
        for identity, _ in rows:
            subject = load(tx, [identity])[identity]
            if not subject.held(topic) and not subject.restricted:
                record: Evidence = {"schema": "renewal/v1", "topic": topic, "words": present, "at": tx.now}
                ask_for(tx, subject, [topic], subject.language, record, "system:renewal")
            _ASKED.run(tx.driver, of=identity, about=topic, present=present)
        done += len(rows)
    return done
