"""Words that changed: who agreed to others is asked again."""

import json

from sqlalchemy import and_, bindparam, not_, or_, select, update

from consent.contract import Basis
from consent.ledger.evidence import Evidence
from consent.ledger.subjects import load
from consent.ledger.transaction import Writing
from consent.states import AGREED
from consent.store.statement import Statement
from consent.store.tables import among, standings, subjects
from consent.subscriber.cooling import COOL_DOWNS_MS
from consent.subscriber.signup import ask_for
from consent.timed.swept import is_swept, sweep
from consent.times import DAY_MS

# Whoever may get a proof mail now, as in `cooled_down`: of nobody else it is noted that they were asked.
_COOLED_DOWN = or_(
    subjects.c.proofs == 0,
    and_(subjects.c.proofs == 1, subjects.c.proof_at <= bindparam("day_ago")),
    and_(subjects.c.proofs == 2, subjects.c.proof_at <= bindparam("week_ago")),
    subjects.c.proof_at <= bindparam("month_ago"),
)
_ON_OTHER_WORDS = Statement(
    select(standings.c.subject, standings.c.topic)
    .join(subjects, subjects.c.id == standings.c.subject)
    .where(
        subjects.c.restricted == 0,
        _COOLED_DOWN,
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
    present_words = f"{tx.now // DAY_MS} {tx.rules.digest}"
    if is_swept(tx, "renewal", present_words):
        return 0
    done, ago = 0, [tx.now - pause for pause in COOL_DOWNS_MS]
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
            day_ago=ago[0],
            week_ago=ago[1],
            month_ago=ago[2],
        )
        for identity, _ in rows:
            subject = load(tx, [identity])[identity]
            if not subject.held(topic):
                record: Evidence = {"schema": "renewal/v1", "topic": topic, "words": present, "at": tx.now}
                ask_for(tx, subject, [topic], subject.language, record, "system:renewal")
            _ASKED.run(tx.driver, of=identity, about=topic, present=present)
        done += len(rows)
    if done < most:
        sweep(tx, "renewal", present_words)
    return done
