"""What the compiler knows of a project's mails, as tables for people and as data."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from msgspec import Struct

from dsl.bounds import (
    FlowBounds,
    Peak,
    StepNeeds,
    Together,
    of_flow,
    of_marketing,
    of_topic,
    sentence,
    step_needs,
    unreached,
)
from dsl.bounds.words import mails_words, time_words
from dsl.graph import Program

_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_WIDTH = 110
_NAME, _NUMBER = 12, 12
_ALSO = 6  # mails of a way that are named; of the others only how many there are


class Flow(Struct, frozen=True):
    """One flow; `unreached` are steps to which no way leads."""

    bounds: FlowBounds
    sentence: str
    unreached: tuple[str, ...]
    needs: tuple[StepNeeds, ...]


class Known(Struct, frozen=True):
    """All that is known of the mails of a project."""

    flows: tuple[Flow, ...]
    topics: tuple[Together, ...]
    marketing: Together


def known(program: Program) -> Known:
    """What is known of each flow, of each topic over all flows, and of all marketing together."""
    bounds = [(graph, of_flow(graph, program)) for graph in program.flows]
    return Known(
        tuple(
            Flow(each, sentence(each), unreached(graph), tuple(step_needs(graph, program)))
            for graph, each in bounds
        ),
        tuple(of_topic(topic.name, program) for topic in program.topics),
        of_marketing(program),
    )


def shown(known: Known, colour: bool = False) -> str:
    """Tables for people: the most mails as the flows are written, and what all limits let through of them."""
    bold, dim, plain = (_BOLD, _DIM, _PLAIN) if colour else ("", "", "")
    lines: list[str] = []
    for flow in known.flows:
        bounds = flow.bounds
        lines += ["", f"{bold}flow {bounds.flow}{plain}: {flow.sentence}", f"  {_journey(bounds)}"]
        lines += _table((bounds.day, bounds.week, bounds.month), dim, plain)
        if flow.unreached:
            lines += _wrapped("never reached: ", flow.unreached)
        lines += _needs(flow.needs)
    for topic in known.topics:
        if topic.flows:
            lines += ["", f"{bold}topic {topic.name}{plain}, all flows together"]
            lines += _table((topic.day, topic.week, topic.month), dim, plain)
    if known.marketing.flows:
        every = known.marketing
        lines += ["", f"{bold}all marketing together{plain}"]
        lines += _table((every.day, every.week, every.month), dim, plain)
    return "\n".join(lines[1:]) + "\n" if lines else "There are no flows.\n"


def _journey(bounds: FlowBounds) -> str:
    few, many = bounds.fewest, bounds.most
    if few is None or many is None:
        mails = "more mails than can be counted"
    else:
        mails = mails_words(many) if few == many else f"{few} to {mails_words(many)}"
    short = time_words(bounds.shortest, up=False) if bounds.shortest else "no time"
    if bounds.longest is None:
        time = f"from {short} on without end: {bounds.endless}"
    elif bounds.longest == bounds.shortest:
        time = short
    else:
        time = f"{short} to {time_words(bounds.longest)}"
    return f"A journey sends {mails} and takes {time}."


def _table(peaks: Sequence[Peak], dim: str, plain: str) -> Iterator[str]:
    yield f"  {dim}{'most mails':<{_NAME}}{'as written':>{_NUMBER}}{'with limits':>{_NUMBER}}{plain}"
    before: tuple[str, ...] = ()
    for name, peak in zip(("in a day", "in a week", "in 30 days"), peaks, strict=True):
        row = f"  {name:<{_NAME}}{_count(peak.mails):>{_NUMBER}}{_count(peak.let_through):>{_NUMBER}}"
        path = peak.path if peak.path != before else ("the same",) if peak.path else ()
        before = peak.path
        yield from _beside(row, path)
    whys = dict.fromkeys(peak.why for peak in peaks if peak.why)
    for why in whys:
        yield from (f"  {line}" for line in wrap(f"No bound: {why}.", _WIDTH - 2))
    for by in dict.fromkeys(peak.by for peak in peaks if peak.by):
        yield f"  Limited by {by}."


def _beside(row: str, path: tuple[str, ...]) -> Iterator[str]:
    lines = wrap(_ways(path[:_ALSO]), _WIDTH - len(row) - 2) or [""]
    if len(path) > _ALSO:
        lines[-1] += f", and {len(path) - _ALSO} more"
    yield f"{row}  {lines[0]}".rstrip()
    for line in lines[1:]:
        yield f"{'':<{len(row)}}  {line}"


def _ways(path: Sequence[str]) -> str:
    """The mails of a way; those of several flows (`FLOW: STEP`) with each flow named once."""
    flows: dict[str, list[str]] = {}
    for each in path:
        flow, parted, step = each.rpartition(": ")
        flows.setdefault(flow if parted else "", []).append(step)
    return "; ".join(
        f"{flow}: {', '.join(steps)}" if flow else ", ".join(steps) for flow, steps in flows.items()
    )


def _count(mails: int | None) -> str:
    return "no bound" if mails is None else f"{mails:,}"


def _needs(every: Sequence[StepNeeds]) -> Iterator[str]:
    """Steps that need the same stand in one line."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for each in every:
        alike.setdefault(tuple(_needed(each)), []).append(each.step)
    for needed, steps in alike.items():
        yield from _wrapped(f"{', '.join(steps)} need{'s' if len(steps) == 1 else ''} ", needed)


def _needed(needs: StepNeeds) -> list[str]:
    return [
        *(f"contact.{name}" for name in needs.attributes),
        *(f"history of {each}" for each in needs.history),
        *(f"segment {name}" for name in needs.segments),
        *(f'tag "{name}"' for name in needs.tags),
        *(f"agreement to {name}" for name in needs.agreements),
    ]


def _wrapped(title: str, things: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in wrap(title + ", ".join(things), _WIDTH - 2, subsequent_indent="    ")]
