"""What the flows of a scenario have that its lines may name: steps, mails, splits, labels."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from dsl.draft import Draft
from dsl.graph import Duration
from dsl.meaning.walk import step_names
from dsl.nodes.flows import (
    Broken,
    Finish,
    Flow,
    If,
    Repeat,
    Send,
    Split,
    Step,
    Wait,
    WaitFor,
    WaitUntil,
    blocks,
)
from dsl.nodes.heads import Start, StartByRequest, StartOnEvent
from dsl.nodes.scenarios import ScenarioNode

_DAY = 86_400
_MONTH = 28 * _DAY
_CLOCK_CHANGE = 3_600


class Cast(Struct, frozen=True):
    """`steps`, `mails` and `splits` say for each name which flows have it; `labels` are those of `finish`,
    `arms` those of each split. `earliest` is the shortest time from the first act to each mail; it is empty
    where a flow may begin without an act, as time passes.
    `whole` is no where a flow is unknown or could not be read, so that any name may be right."""

    whole: bool
    flows: tuple[str, ...]
    steps: dict[str, list[str]]
    mails: dict[str, list[str]]
    splits: dict[str, list[str]]
    arms: dict[str, list[str]]
    labels: frozenset[str]
    earliest: dict[str, Duration]


def cast_of(node: ScenarioNode, draft: Draft) -> Cast:
    """The names that a scenario may speak of."""
    names = [line.flow.text for line in node.flows]
    flows = [draft.names.flows[name] for name in dict.fromkeys(names) if name in draft.names.flows]
    cast = Cast(
        bool(flows) and all(name in draft.names.flows for name in names) and not any(map(_broken, flows)),
        tuple(flow.name.text for flow in flows),
        *({}, {}, {}, {}),
        frozenset(
            step.label.text
            for flow in flows
            for step in flow.all_steps
            if isinstance(step, Finish) and step.label
        ),
        {},
    )
    starts = [head for flow in flows for head in flow.heads if isinstance(head, Start)]
    by_acts = all(isinstance(start, StartOnEvent | StartByRequest) for start in starts)
    for flow in flows:
        _take(flow, cast)
        if by_acts:
            _pass(flow.steps, Duration(), step_names(flow), cast.earliest)
    return cast


def _broken(flow: Flow) -> bool:
    return any(isinstance(step, Broken) for step in flow.all_steps)


def _take(flow: Flow, cast: Cast) -> None:
    names = step_names(flow)
    for step in flow.all_steps:
        name = names[id(step)]
        cast.steps.setdefault(name, []).append(flow.name.text)
        if isinstance(step, Send):
            cast.mails.setdefault(name, []).append(flow.name.text)
        elif isinstance(step, Split):
            cast.splits.setdefault(name, []).append(flow.name.text)
            cast.arms.setdefault(name, []).extend(arm.label.text for arm in step.arms)


def _pass(
    steps: Iterable[Step], at: Duration, names: Mapping[int, str], earliest: dict[str, Duration]
) -> Duration:
    """The least time at which a journey is behind some steps that it comes to at `at`."""
    for step in steps:
        match step:
            case Send():
                name = names[id(step)]
                earliest[name] = min(at, earliest.get(name, at), key=at_least)
            case Wait(duration):
                at = Duration(
                    at.months + duration.months, at.days + duration.days, at.seconds + duration.seconds
                )
            case Repeat():
                at = _pass(step.steps, at, names, earliest)
            case If() | Split() | WaitFor() | WaitUntil():
                ends = [_pass(block, at, names, earliest) for block in blocks(step)]
                at = min(ends, key=at_least) if ends and _complete(step) else at
    return at


def _complete(step: Step) -> bool:
    """Whether every way through a step leads through one of its blocks."""
    match step:
        case If(otherwise=otherwise):
            return otherwise is not None
        case Split():
            return True
        case WaitFor(heard, arms=arms, timeouts=timeouts):
            return bool(timeouts) and {each.event.text for each in heard} <= {arm.event.text for arm in arms}
        case WaitUntil(mets=mets, timeouts=timeouts):
            return bool(mets) and bool(timeouts)
    return False


def at_least(duration: Duration) -> int:
    """The fewest seconds that a length of time can take: clocks change, and February is short."""
    calendar = duration.months * _MONTH + duration.days * _DAY
    return max(calendar - _CLOCK_CHANGE, 0) + duration.seconds
