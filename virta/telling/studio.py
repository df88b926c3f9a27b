"""The studio of a project, put together: what its pages are made from."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
from starlette.applications import Starlette

from consent.service import open_reader
from dsl.compile import Compiled
from dsl.graph import Graph
from engine.core.loaded import Loaded
from engine.core.mailkey import mail_key
from engine.delivery.orders import Order, kind_of
from engine.insight.records import Records, open_records
from engine.insight.story import Names
from engine.mail.measured import Marks
from engine.store.control import open_desk
from engine.store.server import Place
from virta.database_url import consent_place, engine_place
from virta.keys import ProjectKeys
from virta.mailbox.index import Index
from virta.mailing import marks_of
from virta.operating.ordering import author
from virta.settings import BrokenProject, Settings
from virta.telling.people import People
from web.api.inbox import Inbox
from web.studio.flow_text import flows_in
from web.studio.routes import build_studio


@dataclass(frozen=True, slots=True)
class ProjectSources:
    """What the studio shows of one project."""

    title: str
    time_zone: str
    names: Names
    texts: Mapping[str, str]
    people: People
    mailbox: Index
    marks: Marks
    database: Place
    now: Callable[[], int]
    loaded: Callable[[Iterable[Graph]], Loaded]

    def instruct(self, order: Order) -> None:
        """Tell the engine, as from outside. Raises `StoreFault`."""
        with open_desk(self.database) as desk:
            desk.instruct(
                kind_of(order), msgspec.json.encode(order), f"{author()}, in the studio", self.now()
            )

    def records(self) -> AbstractContextManager[Records]:
        """The engine's records as they are now. Raises `StoreFault`."""
        return open_records(self.database)


@contextmanager
def open_studio(
    folder: Path,
    settings: Settings,
    compiled: Compiled,
    keys: ProjectKeys,
    clock: Callable[[], int],
    inbox: Inbox,
) -> Iterator[Starlette]:
    """The pages of a project whose stores are there; what is asked for on them goes into `inbox`. Raises
    `BrokenProject`."""
    program = compiled.program
    if program is None:
        raise BrokenProject("The flows have errors; `virta check` shows them.")
    data = folder / settings.stores.folder
    service = open_reader(consent_place(folder, settings), keys.consent, clock=clock, public_url=settings.url)
    with contextlib.closing(People(service)) as people:
        flows = (source for path, source in compiled.sources.items() if path.endswith(".flow"))
        texts = dict(pair for source in flows for pair in flows_in(source.lines))
        yield build_studio(
            ProjectSources(
                settings.name,
                settings.time_zone,
                Names.of(program, partial(mail_key, keys.journey)),
                texts,
                people,
                Index(data / "mailbox"),
                marks_of(settings, keys),
                engine_place(folder, settings),
                clock,
                lambda ever: Loaded(program, ever, settings.time_zone, keys.journey, settings.currency),
            ),
            inbox,
        )
