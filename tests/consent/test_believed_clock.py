"""A clock that is wrong for a while ends nobody's topics and deletes nothing; one that is right goes on by
itself."""

import pytest

from consent.contract import Reason, Visit
from consent.timed.believed import NEAR_MS, STANDS_MS, believe, believed

pytestmark = pytest.mark.anyio
DAY = 86_400_000
VISIT = 600_000
YEARS = 800 * DAY
ANNA = "anna@kafija.example"


@pytest.fixture
async def lived(open_world, place):
    """Somebody who agreed, somebody who left, a request that nobody confirmed; the jobs have run."""
    world = open_world(place, durable=True)
    await world.join(ANNA)
    left = await world.join("berta@kafija.example")
    await world.client.withdraw(world.unsubscribe_token(left), "page", True, Visit())
    await world.sign_up("carl@kafija.example")
    assert (await world.client.keep_times()).clock_off == 0
    return world


async def visits(world, hours):
    """Visits every ten minutes; what the last one did."""
    for _ in range(hours * 6):
        world.clock.pass_(VISIT)
        done = await world.client.keep_times()
    return done


async def test_a_clock_that_is_years_ahead_for_a_while_harms_nobody(lived):
    """Not for ten minutes, nor for most of a day, with people who sign up meanwhile; set right, all is as it
    was."""
    before = lived.types()
    lived.clock.pass_(YEARS)
    assert (await lived.client.keep_times()).clock_off == YEARS
    assert (await visits(lived, 23)).clock_off > YEARS
    assert lived.types() == before
    await lived.join("dora@kafija.example")  # its leaves are of then
    assert (await lived.client.keep_times()).clock_off > YEARS
    lived.clock.pass_(-YEARS)
    done = await lived.client.keep_times()
    assert (done.clock_off, done.stale, done.purged, done.expired) == (0, 0, 0, 0)
    assert lived.count("subjects") == 4


async def test_each_wrong_while_counts_for_itself(lived):
    """A clock that is ahead for half a day, right, and ahead again is not believed by the sum of both."""
    for _ in range(3):
        lived.clock.pass_(YEARS)
        assert (await visits(lived, 13)).clock_off > 0
        lived.clock.pass_(-YEARS)
        assert (await visits(lived, 1)).clock_off == 0
    assert "stale" not in lived.types()


async def test_nothing_that_denies_waits(lived):
    """What nobody confirmed in time cannot be confirmed, whatever the jobs do; and a stop is a stop."""
    lived.clock.pass_(YEARS)
    assert (await lived.client.keep_times()).clock_off > 0
    carl, anna = [await lived.subject(f"{name}@kafija.example") for name in ("carl", "anna")]
    decided = await lived.client.decide([lived.ask(carl)])
    assert decided[0].reason is not None
    await lived.client.withdraw(lived.unsubscribe_token(anna), "page", True, Visit())
    [decided] = await lived.client.decide([lived.ask(anna)])
    assert decided.reason is Reason.WITHDRAWN


async def test_a_service_that_was_off_for_months_goes_on_by_itself(lived):
    """After a day of visits; and after a weekend at once."""
    lived.clock.pass_(60 * DAY)
    assert (await lived.client.keep_times()).purged == 0
    assert (await visits(lived, 23)).clock_off > 0
    assert "pending.purged" not in lived.types()
    assert (await visits(lived, 1)).clock_off == 0
    assert "pending.purged" in lived.types()
    lived.clock.pass_(NEAR_MS)
    assert (await lived.client.keep_times()).clock_off == 0


async def test_a_night_between_two_visits_is_no_day_of_running(lived):
    """Whoever looks once a day has not stood for a day after two looks."""
    lived.clock.pass_(60 * DAY)
    looks = 0
    while (await lived.client.keep_times()).clock_off:
        lived.clock.pass_(DAY)
        looks += 1
    assert looks == STANDS_MS // 3_600_000


async def test_an_operators_word_lets_it_go_on_at_once(lived):
    """And says how far the clock was off."""
    lived.clock.pass_(60 * DAY)
    assert (await lived.client.keep_times()).clock_off == 60 * DAY
    assert lived.service.write(believe) == 60 * DAY
    assert (await lived.client.keep_times()).purged == 1
    assert lived.service.write(believe) == 0


async def test_a_clock_that_was_believed_and_is_set_back_is_believed_after_a_day_again(lived):
    """Also where it stood ahead for so long that it was taken for right."""
    lived.clock.pass_(60 * DAY)
    await visits(lived, 25)
    lived.clock.pass_(-60 * DAY)
    assert (await lived.client.keep_times()).clock_off < -50 * DAY
    assert (await visits(lived, 24)).clock_off == 0
    assert lived.service.read(believed).last == lived.clock.now
    lived.clock.pass_(60 * DAY)
    assert (await lived.client.keep_times()).clock_off == 60 * DAY


async def test_backups_count_for_nothing_by_a_wrong_clock(lived):
    """Whom they still know is not said to be forgotten by them, and no line of the stops goes."""
    anna = await lived.subject(ANNA)
    await lived.client.erase(anna, "operator")
    await lived.client.forgotten([anna])
    lived.clock.pass_(YEARS)
    assert await lived.client.backups_forgot(7) == 0
    lived.service.write(believe)
    assert await lived.client.backups_forgot(7) == 1


async def test_a_simulations_clock_may_jump(open_world):
    """A store that is not to last believes any."""
    world = open_world()
    await world.sign_up(ANNA)
    world.clock.pass_(YEARS)
    assert (await world.client.keep_times()).purged == 1
