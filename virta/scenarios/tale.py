"""The contact's story, as `virta why` tells it."""

from collections.abc import Iterable
from functools import partial
from zoneinfo import ZoneInfo

from engine.core.bundle import Entry
from engine.core.mailkey import mail_key
from engine.insight.outside import one_line
from engine.insight.story import Names, story
from engine.store.store import Received
from virta.scenarios.stage import KEYS, Stage
from virta.telling.people import People

_ASKED = ("requested", "proof_mail.queued", "proof_mail.accepted")
_WORDS = ", agreeing to the words below"


def tale(
    stage: Stage, journal: Iterable[Entry], events: Iterable[Received], zone: ZoneInfo
) -> list[tuple[int, str]]:
    """Sentences with their moments (ms UTC), the newest last. That people were asked to confirm, and in which
    words, goes without saying. Moments of which events tell are as in `zone`."""
    names = Names.of(stage.loaded.program, partial(mail_key, KEYS.journey))
    person = People(stage.system.service).person(stage.address)
    own = [event for event in events if event.contact == stage.contact]
    told = (line for line in story(names, person, journal, own, zone) if line.what not in _ASKED)
    return [(line.at, one_line(line.text).replace(_WORDS, "")) for line in told]
