"""Trials of arms as they run: counted in the store, ruled on from time to time, across restarts."""

import sqlite3
from collections.abc import AsyncIterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flows import ZONE, program
from msgspec.structs import replace
from person import ANNA, DAY, HOUR, MONDAY

from dsl.graph import Money
from engine.core.advance import advance
from engine.core.bundle import Agreed, Bundle, Entry, Happened, Stimulus
from engine.core.counted import Drawn, Scored, Struck
from engine.core.loaded import Loaded
from engine.core.record import BEST_SINCE, SHARE, Ground, What
from engine.core.trial import Ruling
from engine.insight.records import open_records
from engine.insight.rulings import earlier_of, told, told_of, with_rulings
from engine.insight.story import Line, Names, story
from engine.run.trials import Trials
from engine.store.batch import Batch
from engine.store.store import Store

pytestmark = pytest.mark.anyio
FLOW = """
flow alpha "Alpha"
    topic news
    start on cart_updated
    enter every time
    goal order_placed within 5 days

    split incentive
        50% shipping
            send of_shipping
        50% discount
            send of_discount
        {rule}
"""
KEEP = "keep winner by order_placed after 50 contacts"
SECRET = b"a key for tests"


@lru_cache
def loaded(rule: str = KEEP) -> Loaded:
    """Shared; what is found is found anew by each test."""
    return Loaded(program(FLOW.format(rule=rule)), (), ZONE, SECRET, "EUR")


class World:
    """People who come, and buy or not; lives of an engine on one store."""

    def __init__(self, store: Store, rule: str = KEEP) -> None:
        self.store = store
        self.loaded = loaded(rule)
        self.loaded.shares = {}
        self.trials = Trials(store)
        self.now = MONDAY
        self.arms: dict[str, list[str]] = {}

    async def come(self, first: int, count: int, buying: dict[str, float], worth: int = 20) -> None:
        """So many people come to the split now; of each arm that share buys a day later."""
        await self.trials.judge(self.loaded, self.now)
        people: dict[str, Bundle] = {}
        batch = Batch()
        for number in range(first, first + count):
            contact = f"{number:032x}"
            old = Bundle(contact)
            agreed = Stimulus("a", contact, self.now, Agreed("news", True))
            new = advance(self.loaded, old, agreed, self.now).bundle
            came = advance(
                self.loaded, new, Stimulus("c", contact, self.now, Happened("cart_updated", {})), self.now
            )
            arm = next(entry.reason for entry in came.entries if entry.what == "arm")
            self.arms.setdefault(arm, []).append(contact)
            people[contact] = came.bundle
            batch.trials += came.trials
            bought = number % 100 < 100 * buying[arm]
            if bought:
                later = self.now + DAY
                order = Happened("order_placed", {"total": Money(Decimal(worth), "EUR")})
                batch.trials += advance(
                    self.loaded, came.bundle, Stimulus("o", contact, later, order), later
                ).trials
        await self.store.commit(batch)

    async def judge(self, now: int) -> list[Ruling]:
        self.now = now
        await self.trials.judge(self.loaded, now)
        return await self.store.rulings()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    found = Store(tmp_path / "engine.db", durable=False)
    yield found
    found.close()


async def test_the_winner_is_kept_once_it_is_clear(store: Store) -> None:
    """Only people whose time has passed are looked at; whoever comes then takes the winner."""
    world = World(store)
    await world.come(0, 400, {"shipping": 0.1, "discount": 0.4})
    assert await world.judge(MONDAY + 5 * DAY) == []
    (ruling,) = await world.judge(MONDAY + 5 * DAY + HOUR)
    assert (ruling.flow, ruling.step, ruling.best) == ("alpha", "incentive", "discount")
    assert ruling.weights == {"shipping": 0, "discount": 100}
    assert {arm.label: arm.people for arm in ruling.arms} == {
        label: len(people) for label, people in world.arms.items()
    }
    world.arms.clear()
    await world.come(1000, 50, {"discount": 0.4})
    assert list(world.arms) == ["discount"]


async def test_without_a_clear_winner_the_weights_stay(store: Store) -> None:
    """Whether the arms are alike, or too few have come to one of them."""
    world = World(store)
    await world.come(0, 400, {"shipping": 0.2, "discount": 0.2})
    assert await world.judge(MONDAY + 30 * DAY) == []
    assert world.loaded.shares == {}


async def test_more_people_may_be_asked_for_while_it_goes_on(store: Store) -> None:
    """The N that is written now holds, whatever an earlier version said; what was counted counts on."""
    world = World(store)
    await world.come(0, 400, {"shipping": 0.1, "discount": 0.4})
    earlier = world.loaded.program.flows
    patient = Loaded(program(FLOW.format(rule=KEEP.replace("50", "900"))), earlier, ZONE, SECRET, "EUR")
    assert patient.trials.keys() == world.loaded.trials.keys()
    world.loaded = patient
    assert await world.judge(MONDAY + 30 * DAY) == []
    world.loaded = loaded()
    assert len(await world.judge(MONDAY + 30 * DAY)) == 1


async def test_people_of_edited_weights_are_compared_with_one_another_only(store: Store) -> None:
    """Nine of ten in a poor month, one of two in a good one: of people of the same weights the arms are
    alike, and nothing is decided, though far more of one arm have bought in all."""
    world = World(store)
    even = world.loaded
    nine = FLOW.replace("50%", "90%", 1).replace("50%", "10%").format(rule=KEEP)
    world.loaded = Loaded(program(nine), (), ZONE, SECRET, "EUR")
    assert world.loaded.trials.keys() == even.trials.keys()
    await world.come(0, 1000, {"shipping": 0.05, "discount": 0.05})
    world.loaded = even
    world.now = MONDAY + DAY
    await world.come(1000, 800, {"shipping": 0.5, "discount": 0.5})
    (mark,) = even.trials
    tallies = await store.tally(mark, MONDAY + 30 * DAY)
    assert [tally.shares for tally in tallies] == ["50 50", "50 50", "90 10", "90 10"]
    bought = {arm: [0, 0] for arm in ("shipping", "discount")}
    for tally in tallies:
        bought[tally.arm][0] += tally.yes
        bought[tally.arm][1] += tally.people
    assert bought["discount"][0] / bought["discount"][1] > 1.4 * bought["shipping"][0] / bought["shipping"][1]
    assert await world.judge(MONDAY + 30 * DAY) == []


async def test_a_decision_survives_a_restart_and_is_not_taken_back(store: Store) -> None:
    """Whatever happens afterwards."""
    world = World(store)
    await world.come(0, 400, {"shipping": 0.1, "discount": 0.4})
    before = await world.judge(MONDAY + 6 * DAY)
    again = World(store)
    await again.come(2000, 30, {"discount": 0.0})
    assert list(again.arms) == ["discount"]
    assert await again.judge(MONDAY + 40 * DAY) == before


async def test_it_is_looked_at_once_an_hour(store: Store) -> None:
    """Not with every mail."""
    world = World(store)
    await world.judge(MONDAY)
    await world.come(0, 400, {"shipping": 0.1, "discount": 0.4})
    world.now = MONDAY + 6 * DAY
    await world.trials.judge(world.loaded, world.now)
    first = world.loaded.shares
    assert first
    world.loaded.shares = {}
    await world.trials.judge(world.loaded, world.now + HOUR - 1)
    assert world.loaded.shares == {}


async def test_people_count_once_by_their_first_arm(store: Store) -> None:
    """Coming again adds nobody; what they buy after their time adds nothing."""
    world = World(store)
    await world.come(0, 100, {"shipping": 0.5, "discount": 0.5})
    world.now = MONDAY + 20 * DAY
    await world.come(0, 100, {"shipping": 1.0, "discount": 1.0})
    (mark,) = world.loaded.trials
    tallies = await store.tally(mark, MONDAY + 40 * DAY)
    assert sum(tally.people for tally in tallies) == 100
    assert sum(tally.yes for tally in tallies) == 50


async def test_whoever_takes_measurement_back_stays_in_the_trial_as_one_who_did_not_click(
    store: Store,
) -> None:
    """So that an arm that drives people away does not lose those who do not click; their clicks are
    forgotten, what is counted of others stays."""
    mark, clicker, other = "0" * 32, "1" * 32, "2" * 32
    drawn = [
        Drawn(mark, contact, "shipping", "50 50", MONDAY, MONDAY + DAY, True) for contact in (clicker, other)
    ]
    clicks = [Scored(mark, contact, MONDAY + HOUR, 1.0) for contact in (clicker, other)]
    await store.commit(Batch(trials=[*drawn, *clicks, Struck(mark, clicker)]))
    (tally,) = await store.tally(mark, MONDAY + 2 * DAY)
    assert (tally.people, tally.yes) == (2, 1)


def rows(path: Path) -> list[int]:
    """How many rows each of the tables of people and sums has."""
    with sqlite3.connect(path / "engine.db") as reader:
        tables = ("drawn", "drawn_before", "drawn_sum")
        return [reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]


async def test_people_whose_time_is_long_over_are_summed_up(store: Store, tmp_path: Path) -> None:
    """Once a day: a look then reads a sum by arm, not everybody. What was counted is the same, also with
    those who come later, and whoever was summed up counts no second time."""
    world = World(store)
    await world.come(0, 200, {"shipping": 0.2, "discount": 0.2})
    (mark,) = world.loaded.trials
    before = await store.tally(mark, MONDAY + 6 * DAY)
    assert rows(tmp_path) == [200, 0, 0]
    await world.judge(MONDAY + 7 * DAY)
    assert rows(tmp_path) == [200, 0, 0]
    await world.judge(MONDAY + 8 * DAY)
    assert rows(tmp_path) == [0, 200, 2]
    assert await store.tally(mark, MONDAY + 8 * DAY) == before
    await world.come(0, 300, {"shipping": 0.2, "discount": 0.2})
    assert rows(tmp_path) == [100, 200, 2]
    later = await store.tally(mark, MONDAY + 14 * DAY)
    assert (sum(each.people for each in later), sum(each.yes for each in later)) == (300, 60)
    await world.judge(MONDAY + 16 * DAY)
    assert rows(tmp_path) == [0, 300, 2]
    assert await store.tally(mark, MONDAY + 16 * DAY) == later


@pytest.mark.parametrize("part", [1, 7, 10, 20, 1000])
async def test_summing_up_in_parts_comes_to_the_same(store: Store, tmp_path: Path, part: int) -> None:
    """Of several trials, whoever counts in them."""
    marks = ["0" * 32, "f" * 32]
    drawn = [
        Drawn(mark, f"{n:x}" * 32, "ab"[n % 2], "50 50", MONDAY, MONDAY + n, n % 3 > 0)
        for mark in marks
        for n in range(10)
    ]
    scored = [Scored(mark, f"{n:x}" * 32, MONDAY + 1, 2.5) for mark in marks for n in range(4, 10)]
    await store.commit(Batch(trials=[*drawn, *scored]))
    before = [await store.tally(mark, MONDAY + DAY) for mark in marks]
    assert [each.people for each in before[0]] == [3, 3]
    await store.tidy_trials(marks, MONDAY + 8, 0, part)
    assert rows(tmp_path) == [4, 16, 4]
    assert [await store.tally(mark, MONDAY + DAY) for mark in marks] == before


async def test_of_a_decided_trial_only_the_ruling_is_kept(store: Store, tmp_path: Path) -> None:
    """With what it rests on."""
    world = World(store)
    await world.come(0, 400, {"shipping": 0.1, "discount": 0.4})
    (ruling,) = await world.judge(MONDAY + 9 * DAY)
    assert sum(arm.people for arm in ruling.arms) == 400
    assert rows(tmp_path) == [0, 0, 0]
    assert await world.judge(MONDAY + 19 * DAY) == [ruling]


async def test_trials_that_no_flow_has_any_more_are_dropped_after_a_month(
    store: Store, tmp_path: Path
) -> None:
    """Not at once: a flow that is gone may come back, and then counts on."""
    world = World(store)
    await world.come(0, 100, {"shipping": 0.2, "discount": 0.2})
    here = world.loaded
    gone = Loaded(program(FLOW.format(rule="")), here.program.flows, ZONE, SECRET, "EUR")
    world.loaded = gone
    await world.judge(MONDAY + 9 * DAY)
    assert rows(tmp_path) == [0, 100, 2]
    world.loaded = here
    await world.judge(MONDAY + 90 * DAY)
    assert rows(tmp_path) == [0, 100, 2]
    world.loaded = gone
    await world.judge(MONDAY + 91 * DAY)
    assert rows(tmp_path) == [0, 0, 0]


async def test_revenue_decides_by_what_people_spend(store: Store) -> None:
    """Not by how many buy."""
    world = World(store, "keep winner by revenue after 50 contacts")
    await world.come(0, 300, {"shipping": 0.5, "discount": 0.0}, worth=20)
    await world.come(1000, 300, {"shipping": 0.0, "discount": 0.5}, worth=60)
    (ruling,) = await world.judge(MONDAY + 6 * DAY)
    assert ruling.best == "discount"


async def test_shares_adapt_from_day_to_day_and_each_version_is_recorded(store: Store) -> None:
    """By what is known of those whose time has passed; the same again for the same people."""
    world = World(store, "adapt by order_placed")
    await world.come(0, 120, {"shipping": 0.2, "discount": 0.4})
    (first,) = await world.judge(MONDAY + 6 * DAY)
    assert first.best == ""
    assert first.weights["discount"] > first.weights["shipping"] >= 5
    assert await world.judge(MONDAY + 6 * DAY + 5 * HOUR) == [first]
    world.arms.clear()
    await world.come(1000, 400, {"shipping": 0.2, "discount": 0.4})
    assert len(world.arms["discount"]) > 2 * len(world.arms["shipping"])
    versions = [ruling.version for ruling in await world.judge(MONDAY + 12 * DAY)]
    assert versions == [1, 2]
    other = World(store, "adapt by order_placed")
    await other.trials.judge(other.loaded, MONDAY + 12 * DAY)
    assert next(iter(other.loaded.shares.values())).version == 2


async def test_the_same_people_give_the_same_rulings(tmp_path: Path) -> None:
    """Nothing in it is left to chance."""
    found = []
    for name in ("one", "two"):
        store = Store(tmp_path / f"{name}.db", durable=False)
        world = World(store, "adapt by order_placed")
        await world.come(0, 200, {"shipping": 0.2, "discount": 0.3})
        found.append(await world.judge(MONDAY + 6 * DAY))
        store.close()
    assert found[0] == found[1]
    assert found[0]


async def test_whoever_reads_the_records_is_told(store: Store, tmp_path: Path) -> None:
    """In words, with what it rests on."""
    world = World(store)
    await world.come(0, 400, {"shipping": 0.1, "discount": 0.4})
    (ruling,) = await world.judge(MONDAY + 6 * DAY)
    with open_records(tmp_path / "engine.db") as records:
        assert records.rulings() == [ruling]
    riga = ZoneInfo(ZONE)
    assert told(ruling, riga) == (
        "`discount` is the best arm of `incentive`, and everybody gets it since 2026-03-08 09:00: "
        "`shipping` 9.4 % of 181 people, `discount` 41.1 % of 219 people."
    )
    (flow,) = world.loaded.program.flows
    assert told_of(flow, [ruling], riga) == [told(ruling, riga)]
    (renamed,) = program(FLOW.format(rule=KEEP).replace("discount", "voucher")).flows
    assert told_of(renamed, [ruling], riga) == []


async def test_what_held_before_is_told_behind_what_holds(store: Store) -> None:
    """Of shares that adapt, the newest of the older ones first."""
    world = World(store, "adapt by order_placed")
    await world.come(0, 200, {"shipping": 0.2, "discount": 0.3})
    (first,) = await world.judge(MONDAY + 6 * DAY)
    later = [replace(first, version=number, at=first.at + number * DAY) for number in (2, 3)]
    (flow,) = world.loaded.program.flows
    riga = ZoneInfo(ZONE)
    assert earlier_of(flow, [first], riga) == []
    told_then = earlier_of(flow, [first, *later], riga)
    assert [words.split(" on ")[0] for words in told_then] == [
        "From 2026-03-10 09:00",
        "From 2026-03-08 09:00",
    ]
    assert told(first, riga).partition(": ")[2] == told_then[1].partition(": ")[2]


async def test_a_story_says_what_was_known_when_an_arm_was_drawn(store: Store) -> None:
    """Of arms behind the ruling only."""
    world = World(store)
    await world.come(0, 400, {"shipping": 0.1, "discount": 0.4})
    (ruling,) = await world.judge(MONDAY + 6 * DAY)
    (flow,) = world.loaded.program.flows

    def drawn(at: int, *grounds: Ground) -> Line:
        entry = Entry(ANNA, at, 0, "j", flow.flow, ruling.step, What.ARM, "discount", grounds=grounds)
        names = Names.of(world.loaded.program, lambda journey, step, visit: "")
        (line,) = with_rulings(story(names, None, [entry], (), ZoneInfo(ZONE)), names.flows, [ruling])
        return line

    assert "known" not in drawn(ruling.at - 1, Ground(SHARE, Decimal(50))).text
    assert drawn(ruling.at, Ground(BEST_SINCE, ruling.at)).text.endswith(
        ": discount, the winner since 2026-03-08 09:00. What was known by then: "
        "`shipping` 9.4 % of 181 people, `discount` 41.1 % of 219 people."
    )
