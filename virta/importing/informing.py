"""Telling people whom an import brought where their data is from: an event says that it is time, and a flow
of the project sends the mail."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from dsl.compile import Compiled
from engine.run.inbox import Inbox
from virta.database_url import engine_place
from virta.importing.arriving import arriving
from virta.importing.weighing import PART
from virta.operating.asking import Asked, patiently
from virta.operating.ordering import now
from virta.settings import BrokenProject, Settings


class _Event(Struct, frozen=True):
    """The event, as the inbox takes it. Its id is the same however often somebody says so: it happens once to
    each person."""

    id: str
    event: str
    contact: str
    at: int
    email: None = None
    data: dict[str, object] = {}


async def send_event(
    folder: Path,
    settings: Settings,
    compiled: Compiled,
    consent: Asked,
    event: str,
    behind: Callable[[int], None],
) -> None:
    """Let `event` happen to everybody who is still to be told. `behind` is told how many people are. Raises
    `BrokenProject`, `StoreFault`, `Unavailable`."""
    refuse_other_events(settings, compiled, event)
    assert compiled.program is not None
    count, after = 0, ""
    with arriving(engine_place(folder, settings)) as arrivals:
        inbox = Inbox(arrivals, compiled.program, now, lambda: None)
        while people := await _page(consent, after):
            at, after = now(), people[-1]
            await inbox.accept_events([_Event(told_id(event, one), event, one, at) for one in people])
            count += len(people)
            behind(count)
        arrivals.tell(f"{event} for whom an import brought")


async def _page(consent: Asked, after: str) -> list[str]:
    return await patiently(lambda: consent.who_is_untold(after, PART))


def told_id(event: str, contact: str) -> str:
    """The id of the event that has somebody told where their data is from: it is nothing that they did."""
    return f"{event} {contact}"


def refuse_other_events(settings: Settings, compiled: Compiled, event: str) -> None:
    """Raise `BrokenProject` unless the mail that tells is known, and a flow starts on the event."""
    assert compiled.program is not None
    names = [template.name for template in compiled.templates]
    if settings.origin_notice not in names:
        named = f"`{settings.origin_notice}`, which is no template" if settings.origin_notice else "none"
        raise BrokenProject(
            "Which mail tells people where their data is from? `origin_notice` in virta.toml must name its "
            f"template; it names {named}."
        )
    own = [one.name for one in compiled.program.events if not one.built_in and not one.fields]
    if event not in own:
        there = f"There are: {', '.join(own)}." if own else "There is none yet."
        raise BrokenProject(f"`{event}` is no event without fields that the project declares. {there}")
