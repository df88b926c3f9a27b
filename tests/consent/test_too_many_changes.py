"""How often somebody may go to and fro between their choices: what stops is never refused."""

import itertools

import pytest
from sqlalchemy import func, select, update

from consent.contract import Frequency, Visit
from consent.store.tables import decisions, evidence, subjects
from consent.subscriber.choice import MOST_AN_HOUR
from consent.subscriber.mailed import LookedBack

pytestmark = pytest.mark.anyio
DAY, HOUR = 86_400_000, 3_600_000
ANNA = "anna@kafija.example"
FREQUENCIES = (Frequency.AS_IT_COMES, Frequency.WEEKLY, Frequency.MONTHLY)


async def choose(world, anna, topics=("newsletter",), shown=("newsletter", "offers"), **choice):
    """Save the page; the receipt, and the types of the leaves that came of it."""
    before = world.types()
    language = choice.pop("language", "")
    receipt = await world.client.choose(
        world.preferences_token(anna), topics, language, Visit(), shown=shown, **choice
    )
    return receipt, world.types()[len(before) :]


async def tired(world):
    """Anna, who has gone to and fro as often as is taken within an hour, and gets mail as it comes."""
    anna = await world.join(ANNA)
    for which in itertools.islice(itertools.cycle(("weekly", "")), MOST_AN_HOUR):
        receipt, added = await choose(world, anna, frequency=Frequency(which))
        assert (receipt.cut, added) == (False, ["frequency.changed"])
    return anna


def kept(world):
    """How many pieces of evidence there are."""
    return world.service.read(lambda reading: reading.conn.scalar(select(func.count()).select_from(evidence)))


async def test_whoever_goes_to_and_fro_leaves_no_trace_from_some_point_on(world):
    """No leaf, no evidence, nothing about them is another; and the receipt says that it was cut."""
    anna = await tired(world)
    pieces = kept(world)
    for choice in ({"language": "lv"}, {"topics": ("newsletter", "offers")}):
        receipt, added = await choose(world, anna, **choice)
        assert (receipt.cut, receipt.leaf, added) == (True, -1, [])
    assert kept(world) == pieces


async def test_an_hour_later_everything_is_taken_again(world):
    """It is counted from each change on."""
    anna = await tired(world)
    world.clock.pass_(HOUR)
    receipt, added = await choose(world, anna, language="lv")
    assert (receipt.cut, added) == (False, ["language.changed"])


async def test_a_stop_is_never_refused_nor_what_makes_mail_rarer(world):
    """However often they have changed their mind."""
    anna = await tired(world)
    _, added = await choose(world, anna, frequency=Frequency.WEEKLY)
    assert added == ["frequency.changed"]
    _, added = await choose(world, anna, frequency=Frequency.MONTHLY, pause=30)
    assert added == ["frequency.changed", "paused"]
    receipt, added = await choose(world, anna, topics=())
    assert (receipt.cut, receipt.type, added) == (False, "withdrawn", ["withdrawn", "topic.changed"])


@pytest.mark.parametrize("shown", [("newsletter", "offers"), None])
async def test_of_a_press_that_stops_one_and_wants_another_the_stop_counts(world, shown):
    """What is wanted is left as it was, and not taken for left."""
    anna = await tired(world)
    receipt, added = await choose(world, anna, topics=("offers",), shown=shown, language="lv")
    assert (receipt.cut, receipt.topics, added) == (True, ("newsletter",), ["withdrawn", "topic.changed"])


async def test_what_is_never_refused_comes_to_an_end_by_itself(world):
    """Nothing is rarer than once a month, and a break has to be longer by a day."""
    anna = await tired(world)
    before = world.count("leaves")
    every = itertools.product(FREQUENCIES, (None, 0, 30, 90), (("newsletter",), ("newsletter", "offers")))
    for frequency, pause, topics in [*every] * 3:
        world.clock.pass_(1000)
        await choose(world, anna, topics=topics, frequency=frequency, pause=pause)
    assert world.count("leaves") - before == 4  # weekly, monthly, 30 days, 90 days


async def test_another_person_is_not_counted_with_them(world):
    """Each has an hour of their own."""
    await tired(world)
    bert = await world.join("bert@kafija.example")
    receipt, added = await choose(world, bert, language="lv")
    assert (receipt.cut, added) == (False, ["language.changed"])


async def test_whoever_goes_to_and_fro_is_looked_for_once_in_what_was_mailed(world):
    """Afterwards among what has come since alone: what is found there already is not looked at again."""
    anna = await world.join(ANNA)
    await world.send(world.ask(anna))
    looked = LookedBack()

    def look():
        return world.service.read(lambda reading: looked.look(reading, anna, Frequency.WEEKLY)).rows

    first = look()
    hidden = update(decisions).where(decisions.c.id.in_(first)).values({"class": "service"})
    world.service.write(lambda tx: tx.conn.execute(hidden))
    world.clock.pass_(DAY)
    await world.send(world.ask(anna))
    assert (len(first), len(look())) == (1, 2)
    paced = update(subjects).where(subjects.c.id == anna).values(frequency="weekly")
    world.service.write(lambda tx: tx.conn.execute(paced))
    assert look() == ()
