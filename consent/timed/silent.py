"""People who fell silent, and topics that ended."""

import json

from sqlalchemy import bindparam, select

from consent.contract import BESIDE_TOPICS
from consent.ledger.subjects import Subject, load
from consent.ledger.transaction import Reading, Writing
from consent.states import GOING, State, Step
from consent.store.statement import Statement
from consent.store.tables import among, facts, standings, subjects
from consent.timed.steps import step_each
from consent.times import ENDED_MS

_AT_ONCE = 500

_SILENT = Statement(
    select(standings.c.subject, standings.c.topic)
    .join(subjects, subjects.c.id == standings.c.subject)
    .where(
        among(standings.c.state, "going"),
        standings.c.at < bindparam("before"),
        subjects.c.alive < bindparam("before"),
        (standings.c.subject + standings.c.topic) > bindparam("after"),
    )
    .order_by(standings.c.subject, standings.c.topic)
    .limit(bindparam("page"))
)
_GOING = json.dumps(sorted(GOING))


def go_stale(tx: Writing, most: int) -> int:
    """End the topics of whoever has given no sign of life for so many months; not of those who refused to be
    measured, since of them nobody can tell."""
    before = tx.parts.times.silent_since(tx.now)
    after, done = "", 0
    while done < most:
        rows = _SILENT.rows(tx.driver, going=_GOING, before=before, after=after, page=_AT_ONCE)
        if not rows:
            break
        after = "".join(rows[-1])
        people = load(tx, [subject for subject, _ in rows])
        silent = [
            (subject, topic)
            for subject, topic in rows
            if topic not in BESIDE_TOPICS and _can_be_told(tx, people[subject])
        ]
        done += step_each(tx, silent[: most - done], Step.STALE, "system:silence")
    return done


def _can_be_told(reading: Reading, subject: Subject) -> bool:
    return "measurement" not in reading.rules.purposes or subject.agreed("measurement")


_ENDED = Statement(select(facts.c.name, facts.c.value).where(facts.c.name.like("ended %")))
_OF_TOPIC = Statement(
    select(standings.c.subject, standings.c.topic)
    .where(standings.c.topic == bindparam("of"), among(standings.c.state, "states"))
    .limit(bindparam("most"))
)
_ENDING = json.dumps([*sorted(GOING), State.PENDING.value, State.UNPROVEN.value, State.STALE.value])


def end_topics(tx: Writing, most: int) -> int:
    """End topics that the policy has not had for 30 days."""
    done = 0
    for name, value in _ENDED.rows(tx.driver):
        if int(bytes(value)) <= tx.now - ENDED_MS and done < most:
            topic = name.removeprefix("ended ")
            rows = _OF_TOPIC.rows(tx.driver, of=topic, states=_ENDING, most=most - done)
            done += step_each(tx, rows, Step.TERMINATED, "system:ended")
    return done
