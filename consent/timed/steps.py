"""The same step for many."""

from collections.abc import Sequence

from consent.ledger.subjects import load, move
from consent.ledger.transaction import Writing
from consent.states import Step


def step_each(tx: Writing, rows: Sequence[Sequence[str]], step: Step, actor: str) -> int:
    """Let each subject take a step with a topic; how many they are."""
    people = load(tx, [subject for subject, _ in rows])
    for identity, topic in rows:
        subject = people[identity]
        people[identity] = subject.moved(topic, move(tx, subject, topic, step, actor=actor))
    return len(rows)
