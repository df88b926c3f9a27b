"""The contact's story, as `virta why` tells it."""

from collections.abc import Iterable
from functools import partial

from engine.core.bundle import Entry
from engine.core.mailkey import mail_key
from engine.insight.outside import one_line
from engine.insight.story import Names, story
from engine.store.store import Received
from virta.people import People
from virta.scenarios.stage import KEYS, Stage


def tale(stage: Stage, journal: Iterable[Entry], events: Iterable[Received]) -> list[tuple[int, str]]:
    """Sentences with their moments (ms UTC), the newest last."""
    names = Names.of(stage.loaded.program, partial(mail_key, KEYS.journey))
    person = People(stage.system.service).person(stage.address)
    own = [event for event in events if event.contact == stage.contact]
    return [(line.at, one_line(line.text)) for line in story(names, person, journal, own)]
