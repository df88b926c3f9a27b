"""Flows that start themselves or one another without anybody doing anything."""

from collections.abc import Iterator
from dataclasses import dataclass

from dsl.draft import Draft
from dsl.found.finding import Finding, Span
from dsl.found.source import error, warning
from dsl.nodes.flows import Emit, Flow, Send, Set, StartFlow, Tag, Unsubscribe
from dsl.nodes.heads import Enter, Start, StartByRequest, StartOnDate, StartOnEvent, StartOnSegment
from dsl.nodes.terms import AgreedTo, History, InSegment, Path, Tagged, within

_OF_A_MAIL = ("email_sent", "email_delivered", "email_bounced")
_STEPS = {"Unsubscribing": "unsubscribe from", "Emitting": "emit", "`start flow": "start flow"}


@dataclass(frozen=True, slots=True)
class _Push:
    """What a flow does starts another one. `by_itself`: as surely as one event follows another."""

    start: Span
    target: Flow
    by_itself: bool
    what: str


def check_cycles(draft: Draft) -> Iterator[Finding]:
    """Starts that lie on a circle: an error if events close it, a warning if a tag or an attribute does."""
    starts = [
        (flow, head, frozenset() if isinstance(head, StartOnEvent) else _asked(head, draft))
        for flow in draft.flows
        for head in flow.heads
        if isinstance(head, Start)
    ]
    pushes = {id(flow): list(_pushes(flow, starts)) for flow in draft.flows}
    reported: set[Span] = set()
    for flow in draft.flows:
        for push in pushes[id(flow)]:
            if push.start in reported:
                continue
            if push.by_itself and _leads(push.target, flow, pushes, sure=True):
                reported.add(push.start)
                yield error("E411", push.start, _told(push, flow), _instead(push))
    for flow in draft.flows:
        for push in pushes[id(flow)]:
            if (
                push.start not in reported
                and not _once(push.target)
                and _leads(push.target, flow, pushes, sure=False)
            ):
                reported.add(push.start)
                yield warning(
                    "W212",
                    push.start,
                    _told(push, flow),
                    "Let people enter once only, or start the flow on something that they do.",
                )


def _told(push: _Push, flow: Flow) -> str:
    if push.target is flow:
        return f"{push.what} would start this flow again, without end."
    return (
        f"{push.what} starts this flow, and what this flow does starts `{flow.name.text}` again: a circle "
        "without end."
    )


def _instead(push: _Push) -> str:
    for begins, step in _STEPS.items():
        if push.what.startswith(begins):
            return f"Start it on something else, or leave out the step `{step}`."
    return "Start it on something that people do, as in `start on email_clicked`."


def _leads(source: Flow, target: Flow, pushes: dict[int, list[_Push]], sure: bool) -> bool:
    """Whether what `source` does can come to start `target`, or they are the same."""
    seen: set[int] = set()
    todo = [source]
    while todo:
        flow = todo.pop()
        if flow is target:
            return True
        if id(flow) not in seen:
            seen.add(id(flow))
            todo += [
                push.target
                for push in pushes[id(flow)]
                if (push.by_itself if sure else not _once(push.target))
            ]
    return False


def _once(flow: Flow) -> bool:
    """Whether a person comes in at most once, so that no circle through the flow is without end."""
    for head in flow.heads:
        if isinstance(head, Enter):
            return head.kind == "once"
    return not any(isinstance(head, StartOnDate) and head.every_year for head in flow.heads)


def _pushes(flow: Flow, starts: list[tuple[Flow, Start, frozenset[str]]]) -> Iterator[_Push]:
    """What a flow does to the starts of all flows; with each start stands what it asks for."""
    own = flow.name.text
    happens: dict[str, str] = {}
    requests: set[str] = set()
    changed: dict[str, str] = {}
    for step in flow.all_steps:
        match step:
            case Send():
                happens |= dict.fromkeys(_OF_A_MAIL, f"A mail of `{own}`")
                # it ends a silence, which comes again; for whoever was mailed before nothing changes
                changed |= dict.fromkeys((f"no {each}" for each in _OF_A_MAIL), f"A mail of `{own}`")
            case Unsubscribe(topic):
                happens["unsubscribed"] = f"Unsubscribing in `{own}`"
                asked_of = (f"agreed to {topic.text}", "any unsubscribed")
                changed |= dict.fromkeys(asked_of, happens["unsubscribed"])
            case Emit(made):
                happens[made.text] = f"Emitting `{made.text}` in `{own}`"
                changed[f"any {made.text}"] = happens[made.text]
            case StartFlow(other):
                requests.add(other.text)
            case Set(path):
                changed[path.text] = f"Setting `{path.text}` in `{flow.name.text}`"
            case Tag(tag):
                changed[f'tagged "{tag.value}"'] = f'Changing the tag "{tag.value}" in `{flow.name.text}`'
    for target, start, asked in starts:
        if isinstance(start, StartOnEvent):
            event = start.event.text
            if event in happens:
                mail = event in _OF_A_MAIL and target is flow
                yield _Push(start.span, target, True, "The flow's own mails" if mail else happens[event])
        elif isinstance(start, StartByRequest):
            if target.name.text in requests:
                yield _Push(start.span, target, True, f"`start flow {target.name.text}` in `{own}`")
        elif common := asked & changed.keys():
            yield _Push(start.span, target, False, changed[min(common)])


def _asked(start: Start, draft: Draft) -> frozenset[str]:
    """The attributes, tags, agreements and events on which a start depends, through all segments of segments.
    Starts at fixed times happen at those times, whatever the flows do."""
    todo: list[object] = [start.value] if isinstance(start, StartOnDate) else []
    names = [start.segment.text] if isinstance(start, StartOnSegment) else []
    asked: set[str] = set()
    seen: set[str] = set()
    while todo or names:
        while names:
            name = names.pop()
            segment = draft.names.segments.get(name)
            if segment and name not in seen:
                seen.add(name)
                todo.append(segment.test)
        for part in within(todo.pop()) if todo else ():
            match part:
                case Path(parts=(root, *_)) if root.text == "contact":
                    asked.add(part.text)
                case Tagged(tag):
                    asked.add(f'tagged "{tag}"')
                case InSegment(name_):
                    names.append(name_.text)
                case AgreedTo(topic):
                    asked.add(f"agreed to {topic.text}")
                case History(kind, path):
                    asked |= {f"any {path.parts[0].text}", f"{kind} {path.parts[0].text}"}
    return frozenset(asked)
