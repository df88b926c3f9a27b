"""Between engine and consent service things are lost, late, damaged: nothing claimed is lost or doubled."""

import asyncio
import random
from collections import Counter

import pytest
from doors import House, opened
from faulty import (
    AFTER,
    BEFORE,
    CUT_AFTER,
    CUT_BEFORE,
    DAMAGED,
    GARBAGE,
    HALF,
    LOST_AFTER,
    LOST_BEFORE,
    PAGE,
    SILENT,
    SLOW,
    Proxy,
)

from consent.calls import Scope
from consent.client import InProcess
from consent.client import remote as way
from consent.client.remote import Remote
from consent.contract import Contradiction, LinkRefused, Outcome, Settlement, Unavailable, Visit

pytestmark = pytest.mark.anyio
EVERY = (*BEFORE, *AFTER)
HURRY = 0.3  # seconds of patience, where nothing but its end can tell


async def fails(proxy, client, fault, doing):
    """What is asked is not answered. In the end the fault has come about, however slow this machine is."""
    proxy.fail(fault)
    patience, client._timeout = client._timeout, HURRY if fault in SILENT else client._timeout
    with pytest.raises(Unavailable):
        await doing()
    client._timeout = patience
    async with asyncio.timeout(patience):
        await proxy.done.wait()


@pytest.fixture
async def mailed(house):
    """A mail that may be claimed."""
    return house.world.ask(await house.world.join("anna@kafija.example"))


@pytest.mark.parametrize("fault", EVERY)
async def test_a_claim_that_is_not_answered_is_repeated_and_gives_one_permit(
    house, proxy, remote, mailed, fault
):
    """Whether or not it was carried out: the second gives the permit that there is, and no other leaf."""
    world = house.world
    before = world.count("decisions"), world.types().count("decisions")
    await fails(proxy, remote, fault, lambda: remote.claim("engine", [mailed], []))
    done = 0 if fault in BEFORE else 1
    assert (world.count("decisions"), world.types().count("decisions")) == (
        before[0] + done,
        before[1] + done,
    )
    claimed = await remote.claim("engine", [mailed], [])
    assert [permit.key for permit in claimed.permits] == [mailed.key]
    assert claimed == await InProcess(world.service).claim("engine", [mailed], [])
    assert (world.count("decisions"), world.types().count("decisions")) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize("ahead", [-3_600_000, -6_000, 6_000, 3_600_000])
async def test_a_permit_lives_as_long_by_a_clock_that_is_another(house, mailed, ahead):
    """Five seconds by the clock of whoever asks, counted from when it asked; so too when it asks again."""
    clock = house.world.clock
    client = Remote(house.url, house.key(Scope.ENGINE), 60.0, clock=lambda: clock.now + ahead)
    [permit] = (await client.claim("engine", [mailed], [])).permits
    assert permit.deadline == clock.now + ahead + 5_000
    clock.pass_(3_000)
    [permit] = (await client.claim("engine", [mailed], [])).permits
    assert permit.deadline == clock.now + ahead + 2_000
    await client.close()


@pytest.mark.parametrize("fault", EVERY)
async def test_a_settlement_that_is_not_answered_is_repeated_and_counts_once(
    house, proxy, remote, mailed, fault
):
    """What it says then must be the same; another word is a contradiction, here as in process."""
    [permit] = (await remote.claim("engine", [mailed], [])).permits
    await fails(proxy, remote, fault, lambda: remote.settle("engine", [house.world.settled(permit)]))
    await remote.settle("engine", [house.world.settled(permit)])
    [status] = await remote.status([mailed.key])
    assert status is not None
    assert status.outcome is Outcome.ACCEPTED
    with pytest.raises(Contradiction, match="cannot become refused"):
        await remote.settle("engine", [house.world.settled(permit, Outcome.REFUSED, 550)])


@pytest.mark.parametrize("fault", [CUT_BEFORE, CUT_AFTER, HALF, GARBAGE])
async def test_what_only_looks_is_asked_once_more_where_a_connection_breaks(
    house, proxy, remote, mailed, fault
):
    """One that was kept open may have ended meanwhile. Twice in a row is no answer."""
    proxy.fail(fault)
    [decision] = await remote.decide([mailed])
    assert decision.allowed
    proxy.fail(fault, 2)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await remote.decide([mailed])


@pytest.mark.parametrize("fault", [DAMAGED, PAGE])
async def test_what_is_no_answer_of_the_service_is_believed_by_nobody(proxy, remote, mailed, fault):
    """Not even about a mail that might have gone."""
    proxy.fail(fault, 0)
    with pytest.raises(Unavailable, match=r"damaged|no answer of its own"):
        await remote.decide([mailed])
    with pytest.raises(Unavailable, match=r"damaged|no answer of its own"):
        await remote.addresses([mailed.subject])
    assert remote.shut


async def test_an_answer_to_another_question_is_none(house, mailed):
    """Each permit must be for a mail that was asked for, under the name of who asked."""
    other = house.world.ask(await house.world.join("bob@kafija.example"))

    class Confused(Remote):
        async def _ask(self, call, *given):
            asks = given[1]
            return await super()._ask(
                call, given[0], [other if ask is mailed else ask for ask in asks], given[2]
            )

    confused = Confused(house.url, house.key(Scope.ENGINE, Scope.SHOP))
    with pytest.raises(Unavailable, match="another question"):
        await confused.claim("engine", [mailed], [])
    await confused.close()


async def test_a_service_that_is_not_there_says_so_and_is_found_again(house, proxy, remote, mailed):
    """While it is away nothing is allowed; afterwards the same client goes on."""
    await house.close()
    patience, remote._timeout = remote._timeout, HURRY
    with pytest.raises(Unavailable):
        await remote.claim("engine", [mailed], [])
    assert remote.shut
    remote._timeout = patience
    await house.open()
    assert (await remote.claim("engine", [mailed], [])).permits
    assert not remote.shut


async def test_a_restart_in_the_midst_of_a_claim_loses_and_doubles_nothing(open_world, tmp_path):
    """It was carried out and never answered; the next life of the service knows it."""
    world = open_world(tmp_path / "consent.db", durable=True)
    same = {"clock": world.clock, "keys": world.keys}
    house = House(world, tmp_path)
    async with opened(house), Proxy(house.port) as proxy:
        client = Remote(proxy.url, house.key(Scope.ENGINE), 60.0)
        asks = [world.ask(await world.join(f"person-{number}@kafija.example")) for number in range(5)]
        await fails(proxy, client, LOST_AFTER, lambda: client.claim("engine", asks, []))
        await house.kill()
        world.service.close()
        house.world = open_world(tmp_path / "consent.db", durable=True, **same)
        await house.open()
        assert sorted(await client.unsettled("engine")) == sorted((ask.key, 1) for ask in asks)
        claimed = await client.claim("engine", asks, [])
        assert [permit.key for permit in claimed.permits] == [ask.key for ask in asks]
        settled = [house.world.settled(permit) for permit in claimed.permits]
        await fails(proxy, client, LOST_AFTER, lambda: client.settle("engine", settled))
        assert (await client.claim("engine", [], settled)).permits == ()
        assert await client.unsettled("engine") == []
        assert house.world.count("decisions") == len(asks) * 2  # each has its proof mail too
        await client.close()


@pytest.mark.parametrize("seed", range(3))
async def test_through_any_series_of_faults_each_mail_goes_once(house, proxy, remote, seed):
    """An engine in small: it repeats what was not answered, and settles what it sent."""
    dice = random.Random(seed)
    world, remote._timeout = house.world, HURRY
    wanted = {}
    for number in range(30):
        ask = world.ask(await world.join(f"person-{number}@kafija.example"))
        wanted[ask.key] = ask
    before = world.count("decisions")
    sent: Counter[str] = Counter()
    unsettled: list[Settlement] = []
    faults = 0
    for _ in range(400):
        if not wanted and not unsettled:
            break
        if dice.random() < 0.6:
            faults += 1
            proxy.fail(dice.choice([fault for fault in EVERY if fault not in (SLOW, LOST_BEFORE)]))
        asks = dice.sample(sorted(wanted.values(), key=lambda ask: ask.key), min(len(wanted), 3))
        try:
            claimed = await remote.claim("engine", asks, unsettled)
        except Unavailable:
            continue
        unsettled = []
        assert not claimed.denied
        for permit in claimed.permits:
            del wanted[permit.key]
            sent[permit.key] += 1
            unsettled.append(world.settled(permit))
    assert faults > 5
    assert set(sent.values()) == {1}
    assert len(sent) == 30
    assert await remote.unsettled("engine") == []
    assert world.count("decisions") == before + 30


async def test_faults_of_people_and_operators_arrive_as_what_they_are(house, remote):
    """The same exceptions as in process, with their words."""
    world = house.world
    anna = await world.join("anna@kafija.example")
    with pytest.raises(LinkRefused) as refused:
        await remote.withdraw("no such token", "page", False, Visit())
    assert refused.value.reason == "unknown"
    with pytest.raises(Contradiction, match="never claimed"):
        await remote.settle("engine", [Settlement("0" * 32, 1, Outcome.ACCEPTED)])
    with pytest.raises(ValueError, match="At most 256 mails"):
        await remote.claim("engine", [world.ask(anna) for _ in range(257)], [])


async def test_changes_are_told_while_somebody_waits_for_them(house, remote_direct, monkeypatch):
    """Long before the look that waits would end by itself."""
    monkeypatch.setattr(way, "_WAIT", 29.0)
    world = house.world
    anna = await world.join("anna@kafija.example")
    feed = remote_direct.feed(0)
    [confirmed] = await anext(feed)
    waiting = asyncio.create_task(anext(feed))
    await asyncio.sleep(0)
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    async with asyncio.timeout(15):
        [withdrawn] = await waiting
    assert (confirmed.type, withdrawn.type) == ("confirmed", "withdrawn")
    await feed.aclose()


async def test_a_feed_that_breaks_says_so_and_misses_nothing(house, proxy, remote):
    """Whoever listens begins again behind the last change that it heard."""
    world = house.world
    anna = await world.join("anna@kafija.example")
    feed = remote.feed(0)
    [confirmed] = await anext(feed)
    proxy.fail(CUT_AFTER, 2)
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    with pytest.raises(Unavailable):
        await anext(feed)
    [withdrawn] = await anext(remote.feed(confirmed.seq))
    assert withdrawn.type == "withdrawn"


async def test_a_service_that_ends_sends_those_away_who_wait(house, remote_direct, monkeypatch):
    """Else its end would last as long as they wait."""
    monkeypatch.setattr(way, "_WAIT", 29.0)
    waiting = asyncio.create_task(anext(remote_direct.feed(0)))
    while not house.waiting:  # noqa: ASYNC110 - it is the service that waits
        await asyncio.sleep(0)
    async with asyncio.timeout(15):
        await house.close()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await house.open()
