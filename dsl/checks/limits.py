"""How many mails one person gets: the limits of the project, and those of topics and flows."""

from collections.abc import Iterable, Iterator
from functools import cache

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error, warning
from dsl.nodes.flows import Flow, Send
from dsl.nodes.heads import FlowTopic, Priority
from dsl.nodes.schema import Cap, Quiet
from dsl.wording.values import duration_words

_UNITS = ("day", "week", "month")
_MINUTES = 24 * 60


def check_limits(draft: Draft) -> Iterator[Finding]:
    """Limits that cannot be counted, that contradict one another or let no mail through."""
    project = draft.names.limits
    caps = project.caps if project else ()
    quiets = project.quiets if project else ()
    for limits in draft.limits:
        yield from _caps(limits.caps, (), "project")
        yield from _quiets(limits.quiets)
    for topic in draft.topics:
        yield from _caps(
            topic.caps, () if draft.names.purpose(topic.name.text) == "service" else caps, "topic"
        )
        yield from _of_topic(topic.caps)
    for flow in draft.flows:
        yield from _caps([head for head in flow.heads if isinstance(head, Cap)], caps, "flow")
        own = [head for head in flow.heads if isinstance(head, Quiet)]
        if own:
            yield from _quiets(own, quiets)
        yield from _priority(flow)
        yield from _without_effect(flow, draft)


def _caps(caps: Iterable[Cap], of_the_project: Iterable[Cap], whose: str) -> Iterator[Finding]:
    seen: set[object] = set()
    for cap in caps:
        unit = cap.unit.text
        if cap.rolling is None and unit and unit not in _UNITS:
            shown = unit.removesuffix("s") if unit.removesuffix("s") in _UNITS else "month"
            shown = f"1 {unit}" if unit in ("hour", "minute") else shown
            yield error("E101", cap.unit.span, f"`{unit}` is no span to count in.", f"Write `per {shown}`.")
        if cap.count != int(cap.count) or cap.count < 1:
            yield error(
                "E115",
                cap.span,
                "Mails are counted in whole numbers from 1 on.",
                f"Write `at most 4 emails per {unit or 'month'}`.",
            )
        if _span(cap) in seen and whose != "topic":
            yield error(
                "E408",
                cap.span,
                f"There is a limit per {_words(cap)} already.",
                "Delete one of the two lines.",
            )
        seen.add(_span(cap))
        looser = next((each for each in of_the_project if _span(each) == _span(cap)), None)
        if looser and looser.count < cap.count:
            yield error(
                "E419",
                cap.span,
                f"The project lets {looser.count} through per {_words(cap)}; a {whose} cannot have more.",
                f"Write `at most {looser.count} email{'s' if looser.count != 1 else ''} per {_words(cap)}`, "
                "fewer, or leave this line out.",
            )


def _of_topic(caps: tuple[Cap, ...]) -> Iterator[Finding]:
    """What the consent service, which counts the mails of a topic, does not do."""
    for cap in caps:
        if cap.rolling is not None and (cap.rolling.seconds or cap.rolling.months):
            yield error(
                "E101",
                cap.span,
                "The mails of a topic are counted over whole days.",
                "Write it like `per 7 days`, or `per month`.",
            )
        if cap.wait is not None:
            yield error(
                "E428",
                cap.span,
                "A topic says how many mails people agreed to; beyond that none is held for later.",
                "Leave out `else wait …`, or put this line below `limits` or into a flow.",
            )
    for again in caps[1:]:
        yield error("E408", again.span, "The topic has two limits.", "Delete one of the two lines.")


def _quiets(own: Iterable[Quiet], others: Iterable[Quiet] = ()) -> Iterator[Finding]:
    silent = {minute for each in others for minute in quiet_minutes(each)}
    for quiet in own:
        if quiet.start and quiet.start == quiet.end:
            yield error(
                "E463", quiet.span, "No time lies between these two.", "Write `quiet 21:00 to 08:00`."
            )
            continue
        silent |= quiet_minutes(quiet)
        if len(silent) == _MINUTES:
            yield error(
                "E463",
                quiet.span,
                "With this line every hour of the day is quiet, and no mail could ever go.",
                "Write a shorter time, as in `quiet 21:00 to 08:00`.",
            )
            return


def quiet_minutes(quiet: Quiet) -> frozenset[int]:
    """The minutes of a day, from 0, in which it is quiet."""
    return _minutes(quiet.start, quiet.end) if quiet.start and quiet.end else frozenset()


@cache
def _minutes(first: str, last: str) -> frozenset[int]:
    start, end = (60 * int(time[:2]) + int(time[3:]) for time in (first, last))
    return frozenset(minute % _MINUTES for minute in range(start, end if end > start else end + _MINUTES))


def _priority(flow: Flow) -> Iterator[Finding]:
    for head in flow.heads:
        if isinstance(head, Priority) and (head.number != int(head.number) or not 1 <= head.number <= 9):
            yield error(
                "E115",
                head.span,
                "A priority is a whole number from 1, which goes first, to 9.",
                "Write `priority 1`; a flow without this line has 5.",
            )


def _without_effect(flow: Flow, draft: Draft) -> Iterator[Finding]:
    """Limits of a flow whose mails no limit holds."""
    topic = next((head.topic.text for head in flow.heads if isinstance(head, FlowTopic)), "")
    others = (step.topic for step in flow.all_steps if isinstance(step, Send) and step.topic)
    if any(draft.names.purpose(each) != "service" for each in (topic, *(other.text for other in others))):
        return
    for head in flow.heads:
        if isinstance(head, Cap | Quiet | Priority):
            yield warning(
                "W213",
                head.span,
                "This line does nothing: mails for service go at once, because people need them.",
                "Delete it.",
            )


def _span(cap: Cap) -> object:
    return cap.rolling or cap.unit.text


def _words(cap: Cap) -> str:
    return duration_words(cap.rolling, weeks=True) if cap.rolling else cap.unit.text
