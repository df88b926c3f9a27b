"""Everybody is looked at once more when segments or starts on dates were edited."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
from flows import loaded
from person import DAY, MONDAY, at

from engine.core.advance import advance
from engine.core.bundle import Bundle, Effect, Fired, MailBody, MailEnded, Stimulus
from engine.core.loaded import Loaded
from engine.run import sweep
from engine.store.batch import Batch
from engine.store.store import Store

pytestmark = pytest.mark.anyio
BIRTHDAY = """
flow birthday "Birthday"
    start on date contact.birthday every year at {hour}
    enter every time

    send gift
        topic news
"""
NINE, TEN = loaded(BIRTHDAY.format(hour="09:00")), loaded(BIRTHDAY.format(hour="10:00"))
NOTHING = loaded('flow other "Other"\n    start on price_dropped\n\n    send missed\n        topic news\n')
PEOPLE = [f"{number:032x}" for number in range(1, 8)]


class Round:
    """The engine's part in it: what is swept is advanced and committed."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.cursors: dict[str, int] = {}
        self.effects: list[Effect] = []

    async def step(self, program: Loaded, now: int = MONDAY) -> int:
        """One page; how many were looked at."""
        batch = Batch()
        stimuli = await sweep.strangers_to(program, self.store, self.cursors, batch, now)
        await self._advance(program, stimuli, batch, now)
        self.cursors |= batch.cursors
        return len(stimuli)

    async def all(self, program: Loaded, now: int = MONDAY) -> None:
        while await self.step(program, now):
            pass

    async def watch(self, program: Loaded, now: int) -> None:
        """What is due by now for everybody."""
        stimuli = [Stimulus(f"watch-{now}", contact, now, Fired("", 0)) for contact in PEOPLE]
        await self._advance(program, stimuli, Batch(), now)

    async def hand_over(self, program: Loaded) -> None:
        """Every mail that has been asked for."""
        ended = []
        for effect in self.effects:
            body = effect.body
            assert isinstance(body, MailBody)
            data = MailEnded(body.flow, body.journey, body.step, effect.key, body.template, body.topic)
            ended.append(Stimulus(effect.key, effect.contact, body.at, data))
        await self._advance(program, ended, Batch(), MONDAY)

    async def _advance(self, program: Loaded, stimuli: list[Stimulus], batch: Batch, now: int) -> None:
        people = await self.store.load([stimulus.contact for stimulus in stimuli])
        before = dict(people)
        for stimulus in stimuli:
            advanced = advance(program, people[stimulus.contact], stimulus, now)
            people[stimulus.contact] = advanced.bundle
            self.effects += advanced.effects
        for contact, old in before.items():
            batch.change(old, people[contact])
        await self.store.commit(batch)

    async def armed_by(self) -> list[str]:
        return [bundle.dated_by for bundle in (await self.store.load(PEOPLE)).values()]


@pytest.fixture
async def round_(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Round]:
    """Seven people who were born and come often, seen in pages of two."""
    monkeypatch.setattr(sweep, "_PAGE", 2)
    store = Store(None, durable=False)
    batch = Batch()
    known = {"birthday": date(1990, 5, 10), "visits": 6}
    for contact in PEOPLE:
        batch.change(Bundle(contact), Bundle(contact, MONDAY - DAY, known))
    await store.commit(batch)
    yield Round(store)
    store.close()


async def test_everybody_is_looked_at_once(round_: Round) -> None:
    """And then nobody."""
    await round_.all(NINE)
    assert await round_.armed_by() == [NINE.dated_by] * len(PEOPLE)
    assert await round_.step(NINE) == 0


@pytest.mark.parametrize("before", [1, 2, 3])
async def test_an_edit_in_the_middle_begins_from_the_first(round_: Round, before: int) -> None:
    """Those who were looked at by what is no longer there are looked at again."""
    for _ in range(before):
        await round_.step(NINE)
    await round_.all(TEN)
    assert await round_.armed_by() == [TEN.dated_by] * len(PEOPLE)


@pytest.mark.parametrize("between", [TEN, NOTHING])
async def test_an_edit_that_is_taken_back_leaves_nobody_behind(round_: Round, between: Loaded) -> None:
    """Although everybody had been looked at by the first version already."""
    await round_.all(NINE)
    await round_.step(between)
    await round_.step(between)
    await round_.all(NINE)
    assert await round_.armed_by() == [NINE.dated_by] * len(PEOPLE)


async def test_what_a_later_round_starts_is_another_journey(round_: Round) -> None:
    """Edits there and back, on birthdays at that: a mail whose key has gone already would never go."""
    rounds = ((NINE, "2026-03-02"), (TEN, "2026-05-11"), (NINE, "2027-05-11"), (TEN, "2028-05-11"))
    for program, day in rounds:
        await round_.all(program, at(f"{day}T00:00"))
        await round_.hand_over(program)
    assert len(round_.effects) == 3 * len(PEOPLE)
    assert len({effect.key for effect in round_.effects}) == 3 * len(PEOPLE)


async def test_a_round_that_is_broken_off_loses_no_start(
    round_: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another edit is loaded while a campaign's moment passes: those whom the first round had not reached
    get it all the same."""
    monkeypatch.setattr(sweep, "_PAGE", 3)
    text = """
segment everybody "Everybody"
    contact.birthday is known
flow campaign "Campaign"
    start at 2026-03-02 10:00 for segment everybody

    send gift
        topic news
"""
    campaign = loaded(text)
    edited = loaded(text + 'segment others "Others"\n    contact.city is known\n')
    await round_.step(campaign, at("2026-03-02T07:59:59"))  # before ten in Riga
    await round_.all(edited, at("2026-03-02T08:00:01"))
    await round_.watch(edited, at("2026-03-02T08:00:02"))
    assert sorted(effect.contact for effect in round_.effects) == PEOPLE
