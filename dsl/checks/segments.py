"""Segments: none may depend on itself."""

from collections.abc import Iterator

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.nodes.terms import InSegment, within


def check_segments(draft: Draft) -> Iterator[Finding]:
    """Segments whose condition asks, by whatever way, who is in them."""
    asked = {
        segment.name.text: tuple(part for part in within(segment.test) if isinstance(part, InSegment))
        for segment in draft.names.segments.values()
    }
    told: set[str] = set()
    for name, parts in asked.items():
        back = next((part for part in parts if name in _reached(part.segment.text, asked)), None)
        if back is None or name in told:
            continue
        told |= {each for each in _reached(name, asked) if name in _reached(each, asked)}
        itself = back.segment.text == name
        yield error(
            "E440",
            back.span,
            f"Who is in `{name}` depends on who is in `{name}`."
            if itself
            else f"Who is in `{name}` depends on `{back.segment.text}`, and that on `{name}`.",
            "Leave this part out." if itself else "Write the condition itself in one of them.",
        )


def _reached(name: str, asked: dict[str, tuple[InSegment, ...]]) -> set[str]:
    seen: set[str] = set()
    todo = [name]
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            todo += [part.segment.text for part in asked.get(here, ())]
    return seen
