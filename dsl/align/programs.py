"""Two versions of a project, laid side by side."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from dsl.align.alignment import Alignment, align
from dsl.align.change import Change, changes
from dsl.align.declared import (
    attribute_lines,
    coupon_lines,
    event_lines,
    segment_lines,
    topic_lines,
    webhook_lines,
)
from dsl.align.heads import limit_lines
from dsl.graph import EventType, Program

Lines = Iterable[tuple[str, str]]


class Named(Protocol):
    """A declaration."""

    @property
    def name(self) -> str:
        """By which it is known."""


T = TypeVar("T", bound=Named)


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration beside flows. `kind` is its word (`topic`, `template`, …); `sign` is `+` where it is new,
    `-` where it is no more and `~` where it says something else."""

    kind: str
    name: str
    sign: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """`flows` are those of both versions that differ; `added` and `removed` are names of flows."""

    flows: tuple[Alignment, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    declared: tuple[Declared, ...]

    @property
    def changed(self) -> bool:
        """Whether anything differs."""
        return bool(self.flows or self.added or self.removed or self.declared)


def compare(
    old: Program, new: Program, old_templates: Mapping[str, str], new_templates: Mapping[str, str]
) -> Comparison:
    """What differs between two versions of a project; templates are told by name and digest."""
    was = {graph.flow: graph for graph in old.flows}
    now = {graph.flow: graph for graph in new.flows}
    both = [align(was[name], now[name]) for name in sorted(was.keys() & now.keys())]
    return Comparison(
        tuple(each for each in both if each.changed),
        tuple(sorted(now.keys() - was.keys())),
        tuple(sorted(was.keys() - now.keys())),
        tuple(_declared(old, new, old_templates, new_templates)),
    )


def _declared(
    old: Program, new: Program, old_templates: Mapping[str, str], new_templates: Mapping[str, str]
) -> Iterator[Declared]:
    told = tuple(changes(limit_lines(old.limits), limit_lines(new.limits)))
    if told:
        yield Declared("limits", "", "~", told)
    yield from _named("topic", old.topics, new.topics, topic_lines)
    yield from _named("segment", old.segments, new.segments, segment_lines)
    yield from _named("coupon", old.coupons, new.coupons, coupon_lines)
    yield from _named("webhook", old.webhooks, new.webhooks, webhook_lines)
    yield from _named("event", _declared_events(old), _declared_events(new), event_lines)
    yield from _differing(
        "attribute",
        {name: attribute_lines(kind) for name, kind in old.attributes},
        {name: attribute_lines(kind) for name, kind in new.attributes},
    )
    yield from _differing(
        "template",
        {name: [("content", digest)] for name, digest in old_templates.items()},
        {name: [("content", digest)] for name, digest in new_templates.items()},
    )


def _declared_events(program: Program) -> list[EventType]:
    return [event for event in program.events if not event.built_in]


def _named(kind: str, old: Iterable[T], new: Iterable[T], lines: Callable[[T], Lines]) -> Iterator[Declared]:
    was, now = ({each.name: lines(each) for each in version} for version in (old, new))
    yield from _differing(kind, was, now)


def _differing(kind: str, old: Mapping[str, Lines], new: Mapping[str, Lines]) -> Iterator[Declared]:
    for name in sorted({*old, *new}):
        if name not in old:
            yield Declared(kind, name, "+")
        elif name not in new:
            yield Declared(kind, name, "-")
        elif told := tuple(changes(old[name], new[name])):
            yield Declared(kind, name, "~", told)
