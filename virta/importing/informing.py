"""Telling people whom an import brought where their data is from: an event says that it is time, and a flow
of the project sends the mail."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from consent.service import Service
from consent.subscriber.origin import who_is_untold
from dsl.compile import Compiled
from engine.run.inbox import Inbox
from engine.store.store import Store
from virta.database_url import engine_place
from virta.importing.weighing import PART
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
    service: Service,
    event: str,
    behind: Callable[[int], None],
) -> None:
    """Let `event` happen to everybody who is still to be told. `behind` is told how many people are. Raises
    `BrokenProject`, `StoreFault`."""
    refuse_other_events(settings, compiled, event)
    assert compiled.program is not None
    count = 0
    with closing(Store(engine_place(folder, settings))) as store:
        inbox = Inbox(store, compiled.program, now, lambda: None)
        for people in _untold(service):
            at = now()
            await inbox.accept_events([_Event(f"{event} {one}", event, one, at) for one in people])
            count += len(people)
            behind(count)


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


def _untold(service: Service) -> Iterator[list[str]]:
    after = ""
    while people := _page(service, after):
        yield people
        after = people[-1]


def _page(service: Service, after: str) -> list[str]:
    return [one for one, _ in service.read(lambda reading: who_is_untold(reading, after, PART))]
