"""`wait until`: what is waited for, and whether the wait can be what it says."""

from collections.abc import Iterator

from msgspec.structs import replace

from dsl.checks.limits import quiet_minutes
from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error, warning
from dsl.graph import Duration
from dsl.meaning.names import nearest
from dsl.meaning.scope import Scope
from dsl.meaning.typing_rules import check_condition
from dsl.meaning.until import WEEKDAYS, awaited, time_of, weekday
from dsl.nodes.flows import Flow, Step, Wait, WaitUntil
from dsl.nodes.heads import FlowTopic, StartOnDate
from dsl.nodes.schema import Quiet
from dsl.nodes.terms import Literal, Path
from dsl.read.words import EXAMPLES
from dsl.wording.values import duration_words

_YEARLY = ("birth", "anniversar", "name_day")


def check_waits(draft: Draft) -> Iterator[Finding]:
    """Waits for nothing that comes, for a date that has passed or comes every year, and across the night."""
    yearly = {
        head.value.text
        for flow in draft.flows
        for head in flow.heads
        if isinstance(head, StartOnDate) and head.every_year and isinstance(head.value, Path)
    }
    for flow in draft.flows:
        for standing in draft.standings(flow):
            if isinstance(standing.step, WaitUntil):
                yield from _until(standing.step, standing.scope, draft)
                yield from _yearly(standing.step, yearly)
        yield from _across_the_night(flow, draft)


def _until(step: WaitUntil, scope: Scope, draft: Draft) -> Iterator[Finding]:
    until = step.until
    if isinstance(until, Path) and len(until.parts) == 1 and until.text not in ("now", "today"):
        close = nearest(until.text, WEEKDAYS)
        if close and close != until.text:
            yield error("E420", until.span, f"`{until.text}` is no day of the week.", f"Write `{close}`.")
            return
        if until.text in scope.names.events:
            yield error(
                "E420",
                replace(step.span, end_line=until.span.end_line, end_column=until.span.end_column),
                f"`{until.text}` is an event, which a `wait for` hears.",
                f"Write `wait for {until.text}{'' if step.up_to else ' up to 7 days'}`.",
            )
            return
        if not close:
            yield error(
                "E420",
                until.span,
                f"There is no day, moment or condition `{until.text}`.",
                f"Write `contact.{until.text}`."
                if until.text in scope.names.attributes
                else f"Write it like {EXAMPLES['wait until']}.",
            )
            return
    findings: list[Finding] = []
    kind = awaited(step, scope, findings)
    yield from findings
    if kind == "unreadable" or findings:
        return
    if kind == "other":
        if isinstance(until, Literal) and until.kind == "duration":
            words = duration_words(until.value) if isinstance(until.value, Duration) else "2 days"
            yield error(
                "E420",
                until.span,
                "A length of time is waited for without `until`.",
                f"Write `wait {words}`.",
            )
            return
        again: list[Finding] = []
        check_condition(until, scope, again)
        yield from again
        return
    if kind == "condition":
        yield from _condition(step)
    else:
        yield from _moment(step, kind, draft)


def _condition(step: WaitUntil) -> Iterator[Finding]:
    if step.at is not None:
        yield error(
            "E467",
            step.span,
            "A condition is met when it is met, not at a time of the day.",
            f"Leave out `at {step.at}`; `wait until {step.at}` may stand below this line.",
        )
    if step.up_to is None:
        yield error(
            "E403",
            step.span,
            "This line does not say how long to wait if the condition is never met.",
            "Write it at the end, as in `up to 7 days`.",
        )
    for arm in step.arms:
        if arm.event.text:
            yield error(
                "E215",
                arm.event.span,
                "A `wait until` hears no events.",
                "Write `on met`, or wait for the event with `wait for`.",
            )
    for arms, name in ((step.mets, "met"), (step.timeouts, "timeout")):
        for again in arms[1:]:
            yield error(
                "E414", again.span, f"There is an arm `on {name}` already.", "Put the steps into one arm."
            )


def _moment(step: WaitUntil, kind: str, draft: Draft) -> Iterator[Finding]:
    until = step.until
    if kind == "time" and step.at is not None:
        yield error("E467", step.span, "There are two times in this line.", "Delete one of the two.")
    if isinstance(until, Literal) and until.kind == "moment" and step.at is not None:
        yield error("E467", step.span, "This moment has a time already.", f"Leave out `at {step.at}`.")
    if step.up_to is not None:
        yield error(
            "E467",
            step.span,
            "A moment comes for certain, so there is nothing to give up on.",
            "Leave out `up to …`.",
        )
    if step.mets or step.timeouts or step.arms:
        yield error(
            "E467",
            step.span,
            "A moment comes for certain, so there are no two ways to go on.",
            "Write the steps at the depth of this line, below it.",
        )
    if isinstance(until, Literal) and until.kind in ("date", "moment"):
        day = str(until.value)[:10]
        if day < draft.today.isoformat():
            yield error(
                "E421",
                until.span,
                f"{day} has passed, so nobody would wait here any more.",
                "Delete the flow if it is over: journeys that are under way finish. Or write a later date.",
            )


def _yearly(step: WaitUntil, yearly: set[str]) -> Iterator[Finding]:
    until = step.until
    if not isinstance(until, Path) or len(until.parts) != 2 or until.parts[0].text != "contact":
        return
    name = until.parts[1].text
    if until.text in yearly or any(word in name.casefold() for word in _YEARLY):
        yield warning(
            "W209",
            until.span,
            f"`{until.text}` lies in the past, so nobody waits here: only its anniversaries come again.",
            f"Make a flow of its own that begins with `start on date {until.text} every year at 09:00`.",
        )


def _across_the_night(flow: Flow, draft: Draft) -> Iterator[Finding]:
    """Waits between mails that quiet hours make longer than they say."""
    topic = next((head.topic.text for head in flow.heads if isinstance(head, FlowTopic)), "")
    if draft.names.purpose(topic) == "service":
        return
    quiets = [head for head in flow.heads if isinstance(head, Quiet)]
    quiets += draft.names.limits.quiets if draft.names.limits else ()
    if not quiets:
        return
    longest = max(quiets, key=lambda each: len(quiet_minutes(each)))
    silent = frozenset[int]().union(*(quiet_minutes(each) for each in quiets))
    for standing in draft.standings(flow):
        step = standing.step
        if isinstance(step, Wait) and standing.scope.before and _shorter(step.duration, longest):
            yield warning(
                "W211",
                step.span,
                f"From {longest.start} to {longest.end} it is quiet, which is longer than this wait: in the "
                "evening the next mail waits until the morning.",
                f"Write `wait 1 day`, or a time at which mails may go, as in `wait 1 day at {longest.end}`.",
            )
    for step in flow.all_steps:
        at = _time_of_day(step)
        if at and 60 * int(at[:2]) + int(at[3:]) in silent:
            yield warning(
                "W211",
                step.span,
                f"At {at} it is quiet, so a mail behind this wait goes later.",
                f"Write a time at which mails may go, as in `at {longest.end}`.",
            )


def _time_of_day(step: Step) -> str | None:
    """The time at which a wait ends, if its line says."""
    if isinstance(step, WaitUntil):
        return step.at or time_of(step) or ("00:00" if weekday(step) else None)
    return step.at if isinstance(step, Wait) else None


def _shorter(duration: Duration, quiet: Quiet) -> bool:
    return not duration.months and not duration.days and duration.seconds < 60 * len(quiet_minutes(quiet))
