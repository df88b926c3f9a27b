"""The service as the world meets it: nobody can tell from outside what is known of an address."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator

import pytest
from dice import Dice
from doors import House, opened
from msgspec.structs import replace
from timeless import TimelessLoop

from consent.app.front import Fronted
from consent.app.limits import Admission, Limits
from consent.app.pace import Pace
from consent.calls import CALLS, Scope
from consent.client.remote import Remote
from consent.contract import Crowded, InvalidAddress, SignUp, Visit

pytestmark = pytest.mark.anyio
ANNA = SignUp("anna@kafija.example", ("newsletter",), "en", "signup/1", b"<form>", Visit("198.51.100.7"))


def fronted(world, limits: Limits) -> Fronted:
    """The door of the world to that service."""
    return Fronted(world.service, Admission(limits, world.clock))


@pytest.fixture
def in_file(open_world, tmp_path):
    """A service in a file, and whoever looks at the file from outside."""
    world = open_world(tmp_path / "consent.db")
    with sqlite3.connect(tmp_path / "consent.db") as looking:
        yield world, looking
    looking.close()


async def test_each_wish_is_a_commit_whatever_comes_of_it(in_file):
    """New, asked for already, agreed to, passed over: each writes and is synced, so
    that it takes as long as the others and fails with them; and but for the new one nothing is changed."""
    world, looking = in_file
    front = fronted(world, Limits(per_address=3))

    def seen() -> tuple[int, str]:
        return looking.execute("PRAGMA data_version").fetchone()[0], "\n".join(looking.iterdump())

    await world.join("berta@kafija.example")
    before = seen()
    await front.sign_up(ANNA)
    known = seen()
    assert known[0] != before[0]
    assert known[1] != before[1]
    for wish in (ANNA, ANNA, ANNA, ANNA, replace(ANNA, email="berta@kafija.example")):
        await front.sign_up(wish)
        after = seen()
        assert after[0] != known[0]
        assert after[1] == known[1]
        known = after
    assert front.admission.refused == 2


def test_answers_come_at_the_pace_whoever_they_are_for(open_world):
    """By the same dice at the very same moment: for a new address, one that waits, one that agreed, one that
    left, and one that was entered too often."""
    world = open_world()
    admission = Admission(Limits(per_address=2), world.clock)

    async def moment(name: str) -> float:
        front, loop = Fronted(world.service, admission, Pace(Dice("the same"))), asyncio.get_running_loop()
        began = loop.time()
        await front.sign_up(replace(ANNA, email=f"{name}@kafija.example"))
        return round(loop.time() - began, 9)

    async def moments() -> dict[str, float]:
        await world.join("agreed@kafija.example")
        left = await world.join("left@kafija.example")
        await world.client.withdraw(world.unsubscribe_token(left), "page", True, Visit())
        for name in ("waiting", "often", "often"):
            await moment(name)
        return {name: await moment(name) for name in ("new", "waiting", "agreed", "left", "often")}

    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        found = runner.run(moments())
    assert admission.refused == 1
    assert set(found.values()) == {found["new"]}
    assert 0.5 <= found["new"] < 1


async def test_what_comes_to_nothing_does_not_count(in_file):
    """A wish for what is not on offer, or of what is no address."""
    world, _ = in_file
    front = fronted(world, Limits(per_address=1, per_visitor=2, per_domain=2, in_all=2))
    for _ in range(5):
        with pytest.raises(ValueError, match="no topic `gossip`"):
            await front.sign_up(replace(ANNA, topics=("gossip",)))
        with pytest.raises(InvalidAddress):
            await front.sign_up(replace(ANNA, email="nobody"))
    await front.sign_up(ANNA)
    assert len(await front.proofs()) == 1
    await front.sign_up(replace(ANNA, email="berta@kafija.example"))
    with pytest.raises(Crowded):
        await front.sign_up(replace(ANNA, email="carla@kafija.example"))


async def test_what_was_given_back_is_no_gain():
    """However often: as many are taken in an hour as ever, and not one more."""
    now = 1_772_442_000_000
    admission = Admission(Limits(per_address=5, per_visitor=5), lambda: now)
    for _ in range(50):
        admission.give_back(admission.admit("anna@kafija.example", "198.51.100.7"))
    taken = [admission.admit("anna@kafija.example", "198.51.100.7").yes for _ in range(10)]
    assert taken == [True] * 5 + [False] * 5


@pytest.fixture
async def crowded(open_world, tmp_path) -> AsyncIterator[Remote]:
    """The engine's client of a service that takes one wish in an hour."""
    async with opened(House(open_world(), tmp_path, Limits(in_all=1))) as house:
        client = Remote(house.url, house.key(Scope.ENGINE), timeout=60.0)
        yield client
        await client.close()


async def test_whoever_asks_over_http_hears_how_long_to_wait(crowded):
    """As in one process; and a service that says so is there: it is not taken for one that is away."""
    await crowded.sign_up(ANNA)
    with pytest.raises(Crowded) as told:
        await crowded.sign_up(replace(ANNA, email="berta@kafija.example"))
    assert 0 < told.value.seconds <= 3600
    assert crowded.shut == ""


async def test_an_answer_that_is_kept_back_is_waited_for():
    """However soon the engine wants to be answered: it takes no pace for a service that is away. What is
    answered at a pace is all that is kept back, and nothing else is waited for any longer."""
    remote, pace = Remote("http://consent.example", "key", timeout=0.1), Pace(Dice())
    kept_back = [call for call in CALLS.values() if call.name in vars(Fronted)]
    assert {call.name for call in kept_back} == {"sign_up", "ask_to_move"}
    for call in kept_back:
        assert remote._patience(call) == 0.1 + pace.least + pace.spread
    assert remote._patience(CALLS["claim"]) == 0.1
    await remote.close()
