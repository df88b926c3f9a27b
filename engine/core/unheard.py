"""Events that nobody listens to: they are remembered where something asks for them later, and nothing comes
of them. Most of what a shop tells is of that kind."""

from engine.core import remembering
from engine.core.bundle import Bundle, Happened, Journey, Stimulus, replace
from engine.core.loaded import Loaded


def unheard(loaded: Loaded, bundle: Bundle, stimulus: Stimulus, now: int) -> Bundle | None:
    """The contact after such an event at `now` (ms UTC). None: something may come of the stimulus, and it
    takes a turn to find out."""
    data = stimulus.data
    if not isinstance(data, Happened):
        return None
    event = data.event
    if bundle.restricted is not None:
        return None
    if event in loaded.heeded or loaded.dated or bundle.trials or _is_looked_at(loaded, bundle, now):
        return None
    for journey in bundle.journeys:
        if _heeds(loaded, journey, event):
            return None
    known = bundle if bundle.created else replace(bundle, created=now)
    return remembering.of(loaded, known, event, data.data, stimulus.at, now)


def _is_looked_at(loaded: Loaded, bundle: Bundle, now: int) -> bool:
    """Whether the contact is due to be looked at anew: for the first time, by segments that were edited, or
    since time has passed; or the moment for it is another one by now."""
    if loaded.segments and bundle.judged_by != loaded.judges:
        return True
    return bundle.watch < now or bundle.watch != bundle.segments_due or bool(bundle.dates)


def _heeds(loaded: Loaded, journey: Journey, event: str) -> bool:
    """Whether a journey may go on, end, or send a mail that it holds, when such an event comes."""
    flow = loaded.graphs.get(journey.graph)
    if flow is None or flow.watches or journey.held:
        return True
    return any(hear.event == event for hear, _ in flow.hears.get(journey.node, ())) or any(
        listener.event == event for listener in flow.leaves
    )
