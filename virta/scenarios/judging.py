"""Whether what a scenario expects has come, and if not, what has come instead."""

from collections.abc import Iterable, Sequence, Set
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from dsl.graph import Graph
from dsl.graph.scenario import (
    ExpectArm,
    Expectation,
    ExpectCount,
    ExpectFinished,
    ExpectHolds,
    ExpectIn,
    ExpectLeft,
    ExpectNoSend,
    ExpectSend,
    ExpectSkipped,
    Wording,
)
from dsl.wording.flows import node_words
from dsl.wording.values import condition_words
from engine.core.bundle import Bundle, Entry, Journey
from engine.core.calendar import NEVER
from engine.core.conditions import Scene, condition
from engine.core.operators import compare
from engine.core.record import What
from engine.insight.words import reason_words
from engine.store.handed import Handed
from virta.scenarios.post import Mail

_ENDS = (What.LEFT, What.FINISHED)
_LONGEST = 300


class Facts(Struct, frozen=True):
    """All that can be asked of a scenario at a moment. `since` is when the span began that expectations about
    mails look at; `answered` are the mails and skips that an earlier line has found: each answers for one.
    Instants are ms UTC, `zone` is the contact's clock."""

    now: int
    since: int
    zone: ZoneInfo
    currency: str
    entries: Sequence[Entry]
    mails: Sequence[tuple[Handed, Mail]]
    bundle: Bundle
    graphs: dict[str, Graph]
    """By digest."""
    answered: Set[str] = frozenset()


class Miss(Struct, frozen=True):
    """What was expected, and what came, in whole sentences."""

    expected: str
    came: str


class Judgement(Struct, frozen=True):
    """`miss` is None where all is as expected; `answers` are the mails and skips that were found."""

    miss: Miss | None = None
    answers: tuple[str, ...] = ()


def judge(expected: Expectation, facts: Facts) -> Judgement:
    """Compare what is expected with the facts."""
    match expected:
        case ExpectSend():
            return _send(expected, facts)
        case ExpectSkipped():
            return _skipped(expected, facts)
    return Judgement(_plain(expected, facts))


def _plain(expected: Expectation, facts: Facts) -> Miss | None:
    match expected:
        case ExpectNoSend():
            return _no_send(expected, facts)
        case ExpectCount():
            return _count(expected, facts)
        case ExpectIn():
            return _in(expected, facts)
        case ExpectLeft():
            return _over(facts, What.LEFT, None, "The flow was left")
        case ExpectFinished(label):
            named = f", as `{label}`" if label is not None else ""
            return _over(facts, What.FINISHED, label, f"The flow came to its end{named}")
        case ExpectHolds():
            return _holds(expected, facts)
        case ExpectArm():
            return _arm(expected, facts)
    raise TypeError(f"{type(expected).__name__} is judged elsewhere")


# ---------------------------------------------------------------- mails


def _send(expected: ExpectSend, facts: Facts) -> Judgement:
    wanted = f"The mail `{expected.mail}` goes out {_span(facts)}."
    fresh = [found for found in _in_span(facts) if found[0].step == expected.mail]
    if not fresh:
        return Judgement(Miss(wanted, _instead(expected.mail, facts)))
    wrong = ""
    for handed, mail in fresh:
        different = [words for words in (_different(each, mail) for each in expected.wordings) if words]
        if not different:
            return Judgement(answers=(handed.key,))
        wrong = wrong or " ".join(different)
    said = " and ".join(_wording(each) for each in expected.wordings)
    return Judgement(Miss(f"{wanted[:-1]}, and its {said}.", wrong))


def _no_send(expected: ExpectNoSend, facts: Facts) -> Miss | None:
    gone = [found for found, _ in _in_span(facts) if expected.mail is None or found.step == expected.mail]
    if not gone:
        return None
    which = f"The mail `{expected.mail}` does not go out" if expected.mail else "No mail goes out"
    return Miss(f"{which} {_span(facts)}.", f"This went out: {_listed(gone, facts.zone)}.")


def _count(expected: ExpectCount, facts: Facts) -> Miss | None:
    gone = [handed for handed, _ in facts.mails]
    if len(gone) == expected.mails:
        return None
    came = f"{_mails(len(gone))} went out: {_listed(gone, facts.zone)}." if gone else "None went out."
    return Miss(f"{_mails(expected.mails)} went out since the scenario began.", came)


def _skipped(expected: ExpectSkipped, facts: Facts) -> Judgement:
    wanted = (
        f"The mail `{expected.mail}` is skipped {_span(facts)}, because {reason_words(expected.reason)} "
        f"(`{expected.reason}`)."
    )
    skips = [entry for entry in _skips(facts) if entry.step == expected.mail]
    for entry in skips:
        if entry.reason == expected.reason:
            return Judgement(answers=(_name(entry),))
    return Judgement(Miss(wanted, _instead(expected.mail, facts)))


def _in_span(facts: Facts) -> list[tuple[Handed, Mail]]:
    """The mails of the span for which no earlier line has answered."""
    return [
        (handed, mail)
        for handed, mail in facts.mails
        if handed.at >= facts.since and handed.key not in facts.answered
    ]


def _skips(facts: Facts) -> list[Entry]:
    return [
        entry
        for entry in facts.entries
        if entry.what == What.SKIPPED and entry.at >= facts.since and _name(entry) not in facts.answered
    ]


def _name(entry: Entry) -> str:
    return f"{entry.at}.{entry.n}"


def _instead(step: str, facts: Facts) -> str:
    """What came in place of a mail, most telling first."""
    told: list[str] = []
    for entry in _skips(facts):
        if entry.step == step:
            why = reason_words(entry.reason)
            told.append(f"It was skipped at {_at(entry.at, facts.zone)}: {why} (`{entry.reason}`).")
    answered = [handed for handed, _ in facts.mails if handed.step == step and handed.key in facts.answered]
    earlier = [handed for handed, _ in facts.mails if handed.step == step and handed.at < facts.since]
    if answered and not told:
        told.append(f"It went out, but a line above has found it already: {_times(answered, facts.zone)}.")
    elif earlier and not told:
        told.append(f"It went out earlier: {_times(earlier, facts.zone)}.")
    others = [handed for handed, _ in _in_span(facts) if handed.step != step]
    if others:
        told.append(f"This went out instead: {_listed(others, facts.zone)}.")
    elif not told or earlier:
        told.append("No mail went out in that time.")
    held = [entry for entry in facts.entries if entry.what == What.HELD and entry.step == step]
    if held and any(journey.held for journey in facts.bundle.journeys):
        told.append(f"It is held back: {reason_words(held[-1].reason)}.")
    return " ".join([*told, _whereabouts(facts)])


def _wording(wording: Wording) -> str:
    return f"{wording.part} {wording.operator} “{wording.words}”"


def _different(wording: Wording, mail: Mail) -> str:
    """What is wrong with a part of the mail; empty if nothing is."""
    found = mail.subject() if wording.part == "subject" else mail.text()
    shown = " ".join(found.split())
    if compare(wording.operator, shown, " ".join(wording.words.split()), _NO_ZONE):
        return ""
    short = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
    return f"Its {wording.part} is “{short}”."


_NO_ZONE = ZoneInfo("UTC")


# ---------------------------------------------------------------- journeys


def _in(expected: ExpectIn, facts: Facts) -> Miss | None:
    if any(_step(journey, facts) == expected.step for journey in facts.bundle.journeys):
        return None
    return Miss(f"The contact stands at `{expected.step}`.", _whereabouts(facts))


def _over(facts: Facts, what: What, label: str | None, wanted: str) -> Miss | None:
    ends = [entry for entry in facts.entries if entry.what in _ENDS]
    last = ends[-1] if ends else None
    ended = not facts.bundle.journeys and last is not None and last.what == what
    if ended and last is not None and label in (None, last.reason):
        return None
    return Miss(f"{wanted}, and the contact is in none any more.", _whereabouts(facts))


def _arm(expected: ExpectArm, facts: Facts) -> Miss | None:
    taken = [
        entry.reason for entry in facts.entries if entry.what == What.ARM and entry.step == expected.split
    ]
    if expected.label in taken:
        return None
    came = (
        f"The contact took `{taken[-1]}`."
        if taken
        else f"The contact has not come to this split. {_whereabouts(facts)}"
    )
    return Miss(f"The contact takes the arm `{expected.label}` of `{expected.split}`.", came)


def _holds(expected: ExpectHolds, facts: Facts) -> Miss | None:
    if condition(expected.test, facts.currency)(Scene(facts.bundle, facts.now, facts.zone)):
        return None
    wanted = f"For the contact this is true: {condition_words(expected.test)}."
    return Miss(wanted, known_of(facts.bundle))


def known_of(bundle: Bundle) -> str:
    """What is known of the contact, in one sentence."""
    shown = {name: value for name, value in bundle.attributes.items() if name not in ("email_domain",)}
    parts = [f"{name} {_value(value)}" for name, value in sorted(shown.items())]
    if bundle.segments:
        parts.append(f"in segment {', '.join(sorted(bundle.segments))}")
    agreed = ", ".join(sorted(bundle.agreed)) or "nothing"
    return f"It is not. Of the contact is known: {'; '.join([*parts, f'agreed to {agreed}'])}."


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_value(each) for each in value)
    return f"“{value}”" if isinstance(value, str) else str(value)


def _whereabouts(facts: Facts) -> str:
    """Where the contact stands now, or how the newest journey ended."""
    if facts.bundle.journeys:
        return " ".join(_stand(journey, facts) for journey in facts.bundle.journeys)
    ends = [entry for entry in facts.entries if entry.what in _ENDS]
    if ends:
        last = ends[-1]
        if last.what == What.LEFT:
            return f"The contact left {last.flow} at {_at(last.at, facts.zone)}: {reason_words(last.reason)}."
        label = f" as `{last.reason}`" if last.reason else ""
        return f"The contact came to the end of {last.flow} at {_at(last.at, facts.zone)}{label}."
    refused = [entry for entry in facts.entries if entry.what == What.NOT_ENTERED]
    if refused:
        return f"The contact did not enter {refused[-1].flow}: {reason_words(refused[-1].reason)}."
    return "The contact has entered no flow."


def _stand(journey: Journey, facts: Facts) -> str:
    graph = facts.graphs[journey.graph]
    node = graph.nodes[journey.node]
    until = f" until {_at(journey.due, facts.zone)}" if journey.due < NEVER else ""
    return f"The contact stands in {journey.flow} at `{node_words(node)}`{until}."


def _step(journey: Journey, facts: Facts) -> str:
    return facts.graphs[journey.graph].nodes[journey.node].step


# ---------------------------------------------------------------- words


def _span(facts: Facts) -> str:
    start, end = _at(facts.since, facts.zone), _at(facts.now, facts.zone)
    return f"at {end}" if start == end else f"from {start} to {end}"


def _at(instant: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(instant / 1000, zone):%Y-%m-%d %H:%M}"


def _times(mails: Iterable[Handed], zone: ZoneInfo) -> str:
    return ", ".join(_at(mail.at, zone) for mail in mails)


def _listed(mails: Iterable[Handed], zone: ZoneInfo) -> str:
    return ", ".join(f"`{mail.step}` ({_at(mail.at, zone)})" for mail in mails)


def _mails(number: int) -> str:
    return f"{number or 'No'} mail{'s' if number != 1 else ''}"
