"""Words that changed: who agreed to others is asked again."""

import json
from collections.abc import Sequence

from sqlalchemy import and_, bindparam, not_, or_, select, update

from consent.contract import Basis
from consent.ledger.evidence import Evidence
from consent.ledger.subjects import load
from consent.ledger.transaction import Reading, Writing
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
_OTHER_WORDS = (
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
_ON_OTHER_WORDS = Statement(_OTHER_WORDS)
_STILL_ON_THEM = Statement(_OTHER_WORDS.where(among(standings.c.subject, "ids")))
_ASKED = Statement(
    update(standings)
    .where(standings.c.subject == bindparam("of"), standings.c.topic == bindparam("about"))
    .values(asked=bindparam("present"))
)
_AGREED = json.dumps(sorted(AGREED))


def on_other_words(reading: Reading, most: int) -> list[str] | None:
    """Who agreed to other words than those of today, and may be asked. None: all were looked at today."""
    if is_swept(reading, "renewal", _present(reading)):
        return None
    found = _rows(reading, _ON_OTHER_WORDS, most)
    return list(dict.fromkeys(subject for _, _, subject in found))


def ask_again(tx: Writing, most: int, found: Sequence[str]) -> int:
    """Ask whoever was `found` to have agreed to other words than those of today, once for each change of
    them."""
    rows = _rows(tx, _STILL_ON_THEM, most, ids=json.dumps(list(found)))
    for topic, present, identity in rows:
        subject = load(tx, [identity])[identity]
        if not subject.held(topic):
            record: Evidence = {"schema": "renewal/v1", "topic": topic, "words": present, "at": tx.now}
            ask_for(tx, subject, [topic], subject.language, record, "system:renewal")
        _ASKED.run(tx.driver, of=identity, about=topic, present=present)
    if len(found) < most and len(rows) < most:
        sweep(tx, "renewal", _present(tx))
    return len(rows)


def _present(reading: Reading) -> str:
    return f"{reading.now // DAY_MS} {reading.rules.digest}"


def _rows(reading: Reading, statement: Statement, most: int, **given: str) -> list[tuple[str, str, str]]:
    """Topics, their words of today, and who agreed to others."""
    found: list[tuple[str, str, str]] = []
    day_ago, week_ago, month_ago = (reading.now - pause for pause in COOL_DOWNS_MS)
    for topic, (present, purpose) in reading.rules.purposes.items():
        if purpose.basis is not Basis.CONSENT or len(found) >= most:
            continue
        same = [version for version in reading.rules.grounds if reading.rules.holds(version, present)]
        rows = statement.rows(
            reading.driver,
            of=topic,
            states=_AGREED,
            versions=json.dumps([*same, present]),
            present=present,
            most=most - len(found),
            day_ago=day_ago,
            week_ago=week_ago,
            month_ago=month_ago,
            **given,
        )
        found += [(topic, present, subject) for subject, _ in rows]
    return found
