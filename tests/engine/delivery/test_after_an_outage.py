"""Three days down, ten thousand timers due at once: nothing bursts, nothing is lost, service mails go."""

import itertools

import pytest
from flows import compiled
from office import plain

from consent.contract import Ask, MailClass
from engine.core.advance import advance
from engine.core.bundle import Bundle, Effect, Fired, Journey, MailBody, Stimulus
from engine.core.loaded import Loaded
from engine.delivery.brakes import Brakes, Late
from engine.delivery.queue import Item, Queue

MONDAY = 1_772_434_800_000
HOUR = 3_600_000
DAY = 24 * HOUR
PEOPLE = 10_000

FLOWS = """
flow tips "Tips"
    topic news
    start on subscribed where topic is "news"

    wait 1 day
    send tip
    wait 1 day
    send more
flow parcel "Parcel"
    topic orders
    start on order_placed

    wait 1 day
    send parcel_mail
"""


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    program = compiled(FLOWS).program
    assert program is not None
    return Loaded(program, (), "Europe/Riga", b"a key")


def fired(loaded: Loaded, flow: str, people: int, now: int) -> tuple[list[Effect], list[Journey]]:
    """What comes of the timers of so many people, due on Monday and Tuesday, when they fire at `now`."""
    digest = loaded.current[flow].graph.digest
    effects: list[Effect] = []
    standing: list[Journey] = []
    for number in range(people):
        contact = f"{number:032x}"
        due = MONDAY + number % 48 * HOUR
        journey = Journey(f"{number:031x}f", contact, flow, digest, 0, due, 1, due - DAY, "", {})
        bundle = Bundle(contact, created=1, agreed=frozenset(("news",)), journeys=(journey,))
        advanced = advance(loaded, bundle, Stimulus(f"t{number}", contact, due, Fired(journey.id, 1)), now)
        effects += advanced.effects
        standing += advanced.bundle.journeys
    return effects, standing


def queue_of(effects: list[Effect], late: Late) -> Queue:
    queue = Queue(Brakes(late))
    for effect in effects:
        body = effect.body
        assert isinstance(body, MailBody)
        kind = MailClass.SERVICE if body.service else MailClass.MARKETING
        ask = Ask(effect.key, 1, effect.contact, kind, body.topic, "digest")
        queue.put(Item(ask, plain, body.at, flow=body.flow, late=body.late))
    return queue


def gone(queue: Queue, now: int) -> list[Item]:
    """What goes at a moment, each mail over at once."""
    found: list[Item] = []
    while taken := queue.take(now, 256):
        found += taken
        for item in taken:
            queue.done(item)
    return found


def test_ten_thousand_late_mails_go_at_their_pace_and_none_is_lost(loaded: Loaded) -> None:
    """Two thousand an hour were asked for: no minute brings more than its share."""
    back = MONDAY + 3 * DAY
    effects, standing = fired(loaded, "tips", PEOPLE, back)
    assert len(effects) == PEOPLE
    queue = queue_of(effects, Late("pace", 2000))
    minutes = []
    for minute in itertools.count():
        minutes.append(len(gone(queue, back + minute * 60_000)))
        if not len(queue):
            break
    assert sum(minutes) == PEOPLE
    assert max(minutes) <= 34
    assert len(minutes) >= 295  # five hours
    assert {journey.due for journey in standing} == {back + DAY}  # the next wait counts from now


def test_ten_thousand_late_mails_are_skipped_where_that_is_set(loaded: Loaded) -> None:
    """Each is given out only to be skipped; what is late by less goes."""
    back = MONDAY + 3 * DAY
    effects, _ = fired(loaded, "tips", PEOPLE, back)
    late = queue_of(effects, Late("skip"))
    assert all(late.brakes.skips(item, back) for item in gone(late, back))
    soon = MONDAY + 48 * HOUR
    effects, _ = fired(loaded, "tips", 48, soon)
    queue = queue_of(effects, Late("skip"))
    going = [item for item in gone(queue, soon) if not queue.brakes.skips(item, soon)]
    assert sorted(item.late // HOUR for item in going) == list(range(1, 13))


def test_service_mails_go_at_once_however_late(loaded: Loaded) -> None:
    """Who waits for a parcel is told."""
    back = MONDAY + 3 * DAY
    effects, _ = fired(loaded, "parcel", 1000, back)
    queue = queue_of(effects, Late("skip"))
    items = gone(queue, back)
    assert len(items) == 1000
    assert not any(queue.brakes.skips(item, back) for item in items)
