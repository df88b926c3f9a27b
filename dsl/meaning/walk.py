"""Going through a flow's steps: their names, and what is known at each."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from dsl.graph import EventType, FieldType
from dsl.meaning.names import Names, fields_of
from dsl.meaning.scope import Scope
from dsl.nodes.flows import (
    BestTime,
    Broken,
    Call,
    Emit,
    Finish,
    Flow,
    If,
    Repeat,
    Send,
    Set,
    Split,
    StartFlow,
    Step,
    Tag,
    Tell,
    Unsubscribe,
    Wait,
    WaitFor,
    WaitUntil,
    blocks,
    every_step,
)
from dsl.nodes.heads import (
    Start,
    StartAt,
    StartByRequest,
    StartEvery,
    StartOnDate,
    StartOnEvent,
    StartOnSegment,
)
from dsl.nodes.terms import Expression

_MADE = {
    Wait: "wait",
    BestTime: "wait",
    WaitFor: "wait",
    WaitUntil: "wait",
    If: "if",
    Repeat: "repeat",
    Set: "set",
    Tag: "tag",
    Unsubscribe: "unsubscribe",
    Tell: "tell",
    Emit: "emit",
    Call: "call",
    StartFlow: "start_flow",
    Finish: "finish",
}
_OTHER = "step"
_LOOKS_MADE = re.compile(rf"({'|'.join(sorted({*_MADE.values(), _OTHER}))})_[1-9][0-9]*")


def conditions_of(step: Step) -> Iterator[Expression]:
    """The whole conditions that a step itself asks; not those behind `where`."""
    match step:
        case If(branches):
            yield from (branch.test for branch in branches)
        case WaitUntil(until):
            yield until
        case Repeat(untils=untils):
            yield from (until.test for until in untils)


def mails_within(steps: Iterable[Step]) -> frozenset[str]:
    """The names of all mails of some steps."""
    return frozenset(written_name(step) for step in every_step(steps) if isinstance(step, Send))


def written_name(step: Step) -> str:
    """The name that a step has by its own words; empty if it has none."""
    match step:
        case Send(template) if step.label is None:
            return template.text
        case Split(name) if step.label is None:
            return name.text
        case Finish() | Broken():
            return ""
    return step.label.text if step.label else ""


def step_names(flow: Flow) -> Mapping[int, str]:
    """A name for every step and every `else if`, by its identity: as written, or `wait_1`, `if_1`, … They are
    made once and kept with the flow."""
    kept: dict[str, Mapping[int, str]] = flow.__dict__
    if "step_names" not in kept:
        kept["step_names"] = _step_names(flow)
    return kept["step_names"]


def _step_names(flow: Flow) -> dict[int, str]:
    steps = flow.all_steps
    taken = {written_name(step) for step in steps}
    names: dict[int, str] = {}
    for step in steps:
        written = written_name(step)
        names[id(step)] = written or _made(_MADE.get(type(step), _OTHER), taken)
        taken.add(names[id(step)])
        for branch in step.branches[1:] if isinstance(step, If) else ():
            names[id(branch)] = _made("if", taken)
            taken.add(names[id(branch)])
    return names


def looks_made(name: str) -> bool:
    """Whether a step without a name may be called so: `wait_2`. So may one that somebody named like that."""
    return _LOOKS_MADE.fullmatch(name) is not None


def _made(kind: str, taken: set[str]) -> str:
    number = 1
    while f"{kind}_{number}" in taken:
        number += 1
    return f"{kind}_{number}"


class Standing(Struct, frozen=True):
    """A step with what is known when a journey comes to it. `scope` serves its conditions and values."""

    step: Step
    name: str
    scope: Scope


_OTHERWISE = {
    StartOnSegment: "on a segment",
    StartOnDate: "on a date",
    StartEvery: "at a fixed time",
    StartAt: "at a fixed time",
    StartByRequest: "by request",
}


def trigger_fields(flow: Flow, names: Names) -> tuple[dict[str, FieldType] | None, str]:
    """The fields that `trigger` has in a flow: those that every start gives, in one type; or None and why."""
    starts = [head for head in flow.heads if isinstance(head, Start)]
    other = next((start for start in starts if not isinstance(start, StartOnEvent)), None)
    if other is not None:
        return None, (
            f"This flow also starts {_OTHERWISE[type(other)]}, where no event is the trigger.\n"
            "Write `contact.NAME` or `last EVENT.FIELD`, or start the flow on events only."
        )
    events = [names.events.get(start.event.text) for start in starts if isinstance(start, StartOnEvent)]
    known = [event for event in events if event]
    if not known or len(known) < len(events):
        return None, ""
    common = fields_of(known[0])
    for event in known[1:]:
        fields = fields_of(event)
        common = {name: kind for name, kind in common.items() if fields.get(name) == kind}
    return common, ""


def flow_scope(flow: Flow, names: Names, currency: str) -> Scope:
    """What is known everywhere in a flow's journeys."""
    fields, reason = trigger_fields(flow, names)
    sends = mails_within(flow.steps)
    return Scope(names, currency, trigger=fields, no_trigger=reason, before=frozenset(), sends=sends)


def standings(flow: Flow, names: Names, currency: str) -> Iterator[Standing]:
    """Every step in written order, with its scope."""
    yield from _Walk(names, step_names(flow)).block(flow.steps, flow_scope(flow, names, currency))


@dataclass(slots=True)
class _Walk:
    names: Names
    step_names: Mapping[int, str]
    before: frozenset[str] = field(default=frozenset())

    def block(self, steps: Iterable[Step], scope: Scope) -> Iterator[Standing]:
        """The steps of a block; afterwards `before` has the mails that may have been sent at its end."""
        here = scope
        for step in steps:
            if isinstance(step, Repeat):  # what a round sends has been sent before the next one
                self.before |= mails_within(step.steps)
            if here.before is not self.before:
                here = replace(scope, before=self.before)
            name = self.step_names[id(step)]
            yield Standing(step, name, here)
            if isinstance(step, Send):
                self.before |= {name}
            if below := blocks(step):
                yield from self._below(step, below, name, here)

    def _below(
        self, step: Step, below: tuple[tuple[Step, ...], ...], name: str, scope: Scope
    ) -> Iterator[Standing]:
        start = after = self.before
        heard: dict[int, EventType | None] = {}
        if isinstance(step, WaitFor):
            heard = {id(arm.steps): self.names.events.get(arm.event.text) for arm in step.arms if arm.steps}
        for block in below:
            self.before = start
            inner = scope
            if id(block) in heard:
                event = heard[id(block)]
                inner = replace(scope, received=fields_of(event) if event else None, received_step=name)
            yield from self.block(block, inner)
            after |= self.before
        self.before = after
