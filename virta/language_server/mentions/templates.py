"""Mentions in the files of templates: attributes, and fields of events, between Jinja's braces."""

import re
from collections.abc import Iterable, Iterator, Mapping

from dsl.draft import Draft
from dsl.found.finding import Span
from dsl.found.source import Source
from dsl.nodes.flows import Flow, Send, WaitFor
from dsl.read.signs import NAME
from dsl.templates.facts import parts_of
from dsl.templates.text import JINJA
from virta.language_server.mentions.flows import flow_place
from virta.language_server.mentions.mention import Mention, Thing

_VALUE = re.compile(rf"(?<![\w.\"'])(contact|trigger|received)\.({NAME})")


def in_templates(draft: Draft) -> Iterator[Mention]:
    """All mentions in templates. A layout or part speaks of the events of all mails that stand in it."""
    events = _events(draft)
    for path, source in draft.templates.sources.items():
        yield from _in_file(source, events.get(path, {}))


def _in_file(source: Source, events: Mapping[str, Iterable[str]]) -> Iterator[Mention]:
    text = "\n".join(source.lines)
    for tag in JINJA.finditer(text):
        for found in _VALUE.finditer(text, *tag.span()):
            root, name = found.groups()
            line = text.count("\n", 0, found.start()) + 1
            start = found.start(2) - (text.rfind("\n", 0, found.start(2)) + 1)
            span = Span(source.path, line, start + 1, line, start + len(name) + 1)
            if root == "contact":
                yield Mention(Thing("attribute", name), span)
            for event in events.get(root, ()):
                yield Mention(Thing("field", name, event), span)


def _events(draft: Draft) -> dict[str, dict[str, set[str]]]:
    """By file: the events that `trigger` and `received` may mean there."""
    found: dict[str, dict[str, set[str]]] = {}
    for flow in draft.flows:
        known = {"trigger": set(flow_place(flow, draft).triggers), "received": set(_heard(flow))}
        for step in flow.all_steps:
            if isinstance(step, Send):
                variants = draft.templates.variants(step.template.text)
                for file in (*variants, *parts_of(variants, draft.templates)):
                    for root, events in known.items():
                        found.setdefault(file.path, {}).setdefault(root, set()).update(events)
    return found


def _heard(flow: Flow) -> Iterator[str]:
    for step in flow.all_steps:
        if isinstance(step, WaitFor):
            yield from (arm.event.text for arm in step.arms)
