"""How to begin, for a project that has no scenarios."""

from pathlib import Path

from dsl.graph import Graph, Program, StartOnEvent

_FIRST = """\
There are no scenarios in {folder} yet. Write the first one, for instance in {place}:

    scenario "what people get from {flow}"
        flow {flow}
        contact
            language "{language}"
{agreed}        at 2026-03-02 10:00 {event}
        after 1 day expect 1 email

`virta test {folder}` then says whether it holds. docs/testing.md has all that a scenario can say."""


def how_to_begin(folder: Path, program: Program, language: str) -> str:
    """The first scenario, for the project's first flow; `language` is the project's first."""
    flow = min(program.flows, key=_difficulty, default=None)
    name = flow.flow if flow is not None else "welcome"
    topic = (flow.topic if flow is not None else None) or "news"
    starts = flow is not None and _starts_by(flow, "subscribed")
    marketing = flow is None or flow.purpose == "marketing"
    return _FIRST.format(
        folder=folder,
        place=folder / "scenarios" / f"{name}.flow",
        flow=name,
        language=language,
        agreed=f"            agreed to {topic}\n" if marketing and not starts else "",
        event=f'subscribed with topic "{topic}"' if starts else _event(flow),
    )


def _difficulty(flow: Graph) -> int:
    """The less must be given for a journey to start, the better for a beginning."""
    starts = any(isinstance(start, StartOnEvent) and start.where is None for start in flow.starts)
    return 0 if _starts_by(flow, "subscribed") else 1 + (flow.journey_per is not None) + (not starts)


def _starts_by(flow: Graph, event: str) -> bool:
    return any(isinstance(start, StartOnEvent) and start.event == event for start in flow.starts)


def _event(flow: Graph | None) -> str:
    starts = flow.starts if flow is not None else ()
    events = [start.event for start in starts if isinstance(start, StartOnEvent)]
    return events[0] if events else "order_placed"
