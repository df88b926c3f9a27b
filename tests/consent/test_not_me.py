"""Whoever is asked whether an address is theirs, because somebody else had entered it, and says no."""

import pytest
from asked_to_move import NEW, OLD, ask, letters
from moved_in import CONFIRMED, SAID, brought, order, reason, row

from consent.address import read_address
from consent.contract import About, Reason, Visit
from consent.contract.imports import Brought
from consent.ledger.subjects import find
from consent.ledger.tokens import Scope
from consent.subscriber.history import history_of

pytestmark = pytest.mark.anyio
DAY = 86_400_000
LISTED = row(NEW, confirmed_at=CONFIRMED)


async def asked(world):
    """Anna asks for the other address; her id, and the links in the mail to it."""
    anna = await world.join(OLD)
    world.clock.pass_(DAY)
    await ask(world, anna)
    _, links = (await letters(world))[About.NEW_ADDRESS]
    return anna, links


async def by_the_day(world, days):
    """Let the jobs run once on each of so many days."""
    for _ in range(days):
        world.clock.pass_(DAY)
        while (await world.client.keep_times()).more:
            pass


@pytest.mark.parametrize("customer", [False, True])
async def test_a_no_stays_whoever_it_was_and_until_they_confirm(world, customer):
    """By a leaf with its evidence. They are asked no sooner than after a sign-up, no list brings them, and by
    time they are forgotten but for a mark, unless the shop knows them."""
    anna, links = await asked(world)
    if customer:
        await world.subject(NEW)
    await world.client.refuse(world.token(links.refuse), Visit("192.0.2.9"))
    stranger = world.service.read(lambda reading: find(reading, read_address(NEW)))
    told = world.service.read(lambda reading: history_of(reading, stranger))
    [refused] = [one for one in told.events if one.type == "address.refused"]
    assert (refused.evidence["schema"], refused.holds) == ("refusal/v1", True)
    await by_the_day(world, 29)
    await ask(world, anna)
    assert About.NEW_ADDRESS not in await letters(world)
    assert brought(world, LISTED, what=order(attested=SAID)) == [Brought.ERASED]
    await by_the_day(world, 70)
    assert world.count("subjects") == 1 + customer
    assert brought(world, LISTED, what=order("b" * 12, attested=SAID)) == [Brought.ERASED]
    assert await reason(world, NEW) is Reason.SUPPRESSED
    await world.join(NEW)
    assert await reason(world, NEW) is None


async def test_whoever_gets_mail_goes_on_getting_it(world):
    """What somebody else asked for changes nothing of theirs."""
    other = await world.join(NEW)
    world.clock.pass_(31 * DAY)
    _, links = await asked(world)
    await world.client.refuse(world.token(links.refuse), Visit())
    assert (await world.send(world.ask(other))).permits


async def test_an_erasure_of_whoever_asked_forgets_who_said_nothing(world):
    """All of them, at once: nobody but the erased had told of them."""
    anna, _ = await asked(world)
    await world.client.erase(anna, "operator")
    assert [world.count(name) for name in ("subjects", "requests", "evidence")] == [0, 0, 0]


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("complained", Reason.COMPLAINED),
        ("restricted", Reason.RESTRICTED),
        ("objected.marketing", Reason.OBJECTED),
    ],
)
async def test_an_erasure_of_whoever_asked_takes_nobody_elses_word_with_it(world, word, why):
    """They had no wish that mail goes there, and said so: no list of another system brings them."""
    anna, links = await asked(world)
    if word == "complained":
        key = world.service.parts.tokens.read_request(world.token(links.refuse), Scope.REFUSE)
        await world.client.complained(key)
    else:
        stranger = world.service.read(lambda reading: find(reading, read_address(NEW)))
        await world.client.record(stranger, word, "operator")
    await world.client.erase(anna, "operator")
    assert brought(world, LISTED, what=order(attested=SAID)) == [Brought.STOPPED]
    assert await reason(world, NEW) is why


async def test_an_erasure_of_whoever_asked_ends_no_pause(world):
    """Whoever said that it was not them is asked by nobody else meanwhile; then time forgets them."""
    anna, links = await asked(world)
    await world.client.refuse(world.token(links.refuse), Visit())
    await world.client.erase(anna, "operator")
    await world.sign_up(NEW)
    assert await world.client.proofs() == []
    await by_the_day(world, 70)
    assert [world.count(name) for name in ("subjects", "requests", "evidence")] == [0, 0, 0]
    assert brought(world, LISTED, what=order(attested=SAID)) == [Brought.ERASED]
