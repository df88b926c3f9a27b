"""What an operator may note on behalf of a person, in words: what it means, and how they stand by it."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from consent.contract.history import History
from consent.states import OBJECTION, RESTRICTED, RESTRICTION_LIFTED, Step
from consent.subscriber.rights import ANSWERED, EXTENDED, RECEIVED, Asked, waiting

WITHDRAWN, PROFILING = Step.WITHDRAWN.value, Step.OBJECTED_TO_PROFILING.value
_SAYS = {
    OBJECTION: "they object to all marketing: none goes until they confirm a topic anew",
    PROFILING: "they object to profiling: their mails are the plain ones from now on",
    RESTRICTED: "what is known of them may be kept and not used: no mail goes but one that asks to confirm",
    RESTRICTION_LIFTED: "what is known of them may be used again, as they had agreed to",
    "exported": "they were given what is known of them",
    "rectified": "what is known of them was put right",
    "doubt.resolved": "the store follows the log again, and what either of them had stopped is stopped",
    ANSWERED: "they were answered, to all that they had asked for until now",
}


class Stood(Struct, frozen=True):
    """How somebody stands. `topics` has each with its state; `asked` what they wait for an answer to."""

    topics: dict[str, str]
    restricted: bool
    objected: bool
    asked: Asked | None


def stood(found: History, zone: str) -> Stood:
    """How somebody stands by all that is known of them. Days are those of `zone`."""
    toggled = [one.type for one in found.events if one.type in (RESTRICTED, RESTRICTION_LIFTED)]
    objected = max((one.leaf for one in found.events if one.type == OBJECTION), default=-1)
    confirmed = max((one.leaf for one in found.events if one.type == Step.CONFIRMED.value), default=-1)
    told = [(one.leaf, one.type, one.at) for one in found.events]
    return Stood(
        {one.topic: one.state for one in found.standings},
        toggled[-1:] == [RESTRICTED],
        objected > confirmed,
        waiting(found.subject, told, zone),
    )


def how_they_stand(one: Stood, clock: ZoneInfo) -> list[str]:
    """The same in words, a line each."""
    lines = [f"{topic}: {state}" for topic, state in one.topics.items()] or ["agreed to nothing"]
    if one.restricted:
        lines.append("restricted: what is known of them is kept and not used")
    if one.objected:
        lines.append("objects to all marketing")
    if one.asked is not None:
        lines.append(f"waits for an answer, which is due by {last_day(one.asked.due, clock)}")
    return lines


def refused(word: str, before: Stood) -> str:
    """Why a word makes no sense of somebody who stands so; empty: it does."""
    if word in (EXTENDED, ANSWERED) and before.asked is None:
        return f"They wait for no answer: note first what they asked for (`{RECEIVED}`)."
    if word == EXTENDED and before.asked is not None and before.asked.extended:
        return "They were told before that it takes longer; the law allows that once."
    return ""


def noted(word: str, topic: str, after: Stood, clock: ZoneInfo) -> str:
    """What stands in the log now, in a sentence."""
    return f"It is written down that {_said(word, topic, after, clock)}."


def _said(word: str, topic: str, after: Stood, clock: ZoneInfo) -> str:
    if word == WITHDRAWN:
        return f"they withdrew from {topic or 'everything'}: no such mail goes until they confirm it anew"
    day = last_day(after.asked.due, clock) if after.asked is not None else ""
    if word == RECEIVED:
        return (
            f"they asked for something that is their right. They are to be answered by {day}; `virta doctor` "
            f"tells of it until that is noted (`{ANSWERED}`)"
        )
    if word == EXTENDED:
        return f"they were told that the answer takes longer, and why. It is due by {day}"
    return _SAYS[word]


def unknown_topic(topic: str, before: Stood, offered: Sequence[str]) -> str:
    """Why somebody cannot leave a topic; empty: they can."""
    known = sorted({*before.topics, *offered})
    if not topic or topic in known:
        return ""
    return f"There is no topic `{topic}`. There are: {', '.join(known) or 'none'}."


def last_day(due: int, clock: ZoneInfo) -> str:
    """The last day of a time that is over at `due` (ms UTC), as in 2027-12-31."""
    return f"{datetime.fromtimestamp((due - 1) // 1000, clock):%Y-%m-%d}"
