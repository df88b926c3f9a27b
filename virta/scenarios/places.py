"""Where the steps of flows are written."""

from collections.abc import Collection, Mapping
from typing import TypeAlias

from dsl.found.source import Source
from dsl.meaning.walk import step_names
from dsl.nodes.flows import Flow, If
from dsl.parse import parse_source

Place: TypeAlias = tuple[str, int]
"""File and line, from 1."""


def places_of(
    sources: Mapping[str, Source], flows: Collection[str], currency: str
) -> dict[tuple[str, str], Place]:
    """The place of each step of these flows, by the names of flow and step."""
    found: dict[tuple[str, str], Place] = {}
    for path, source in sources.items():
        if not path.endswith(".flow") or not any(_may_hold(source, name) for name in flows):
            continue
        for declaration in parse_source(source, currency)[0]:
            if isinstance(declaration, Flow) and declaration.name.text in flows:
                found |= _of_flow(declaration)
    return found


def _may_hold(source: Source, flow: str) -> bool:
    return any(line.startswith("flow") and flow in line for line in source.lines)


def _of_flow(flow: Flow) -> dict[tuple[str, str], Place]:
    names = step_names(flow)
    found: dict[tuple[str, str], Place] = {}
    for step in flow.all_steps:
        branches = step.branches[1:] if isinstance(step, If) else ()
        for part in (step, *branches):
            found[flow.name.text, names[id(part)]] = (part.span.file, part.span.line)
    return found
