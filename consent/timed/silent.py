"""People who fell silent, and topics that ended."""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, exists, select

from consent.contract import BESIDE_TOPICS
from consent.ledger.transaction import Reading, Writing
from consent.states import AGREED, GOING, State, Step
from consent.store.statement import Row, Statement
from consent.store.tables import among, facts, standings, subjects
from consent.timed.steps import step_each
from consent.timed.swept import is_swept, sweep
from consent.times import ENDED_MS

_MEASUREMENT = "measurement"

_measured = standings.alias("measured")
_SILENT = (
    select(standings.c.subject, standings.c.topic)
    .join(subjects, subjects.c.id == standings.c.subject)
    .where(
        among(standings.c.state, "going"),
        standings.c.at < bindparam("before"),
        subjects.c.alive < bindparam("before"),
        subjects.c.restricted == 0,  # who gets no mail can give no sign
        *(standings.c.topic != beside for beside in BESIDE_TOPICS),
    )
    .limit(bindparam("most"))
)
_MEASURED = _SILENT.where(
    exists().where(
        _measured.c.subject == standings.c.subject,
        _measured.c.topic == _MEASUREMENT,
        among(_measured.c.state, "agreed"),
        _measured.c.seq > subjects.c.complained,
        _measured.c.seq > subjects.c.bounced,
        _measured.c.seq > subjects.c.objected,
    )
)
_OF_THESE = among(standings.c.subject, "ids")
_LOOK = {False: Statement(_SILENT), True: Statement(_MEASURED)}
_STILL = {False: Statement(_SILENT.where(_OF_THESE)), True: Statement(_MEASURED.where(_OF_THESE))}
_GOING, _AGREED = json.dumps(sorted(GOING)), json.dumps(sorted(AGREED))


def silent(reading: Reading, most: int) -> list[str] | None:
    """Who has given no sign of life for so many months and still gets something. Where people are asked
    whether they may be measured, only whoever agreed to it: of others nobody can tell that they are silent,
    nor can anybody of whoever asked that what is known of them is not used. None: all were looked at
    today."""
    if is_swept(reading, "stale", str(reading.parts.times.silent_since(reading.now))):
        return None
    return list(dict.fromkeys(subject for subject, _ in _rows(reading, _LOOK, most)))


def go_stale(tx: Writing, most: int, found: Sequence[str]) -> int:
    """End the topics of those who were `found` silent, if they still are."""
    rows = _rows(tx, _STILL, most, ids=json.dumps(found))
    if len(found) < most and len(rows) < most:
        sweep(tx, "stale", str(tx.parts.times.silent_since(tx.now)))
    return step_each(tx, rows, Step.STALE, "system:silence")


def _rows(reading: Reading, statements: Mapping[bool, Statement], most: int, **given: str) -> list[Row]:
    measured = _MEASUREMENT in reading.rules.purposes
    if measured:
        given["agreed"] = _AGREED
    before = reading.parts.times.silent_since(reading.now)
    return statements[measured].rows(reading.driver, going=_GOING, before=before, most=most, **given)


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
