"""How often a topic promises to write at most: by calendar units, and by rolling days."""

import pytest
from msgspec.structs import replace

from consent.caps import is_unit
from consent.contract import Outcome, Reason
from consent.rules import purpose_version

pytestmark = pytest.mark.anyio
HOUR, DAY = 3_600_000, 86_400_000


async def capped(world, count, unit):
    """The newsletter with a cap, published."""
    newsletter, *others = world.policy.purposes
    changed = replace(newsletter, cap_count=count, cap_unit=unit)
    await world.client.publish(replace(world.policy, purposes=(changed, *others)))


async def refused(world, person):
    """Whether the cap refuses one more mail now."""
    [decision] = await world.client.decide([world.ask(person)])
    assert decision.reason in (None, Reason.TOPIC_CAP)
    return decision.reason is Reason.TOPIC_CAP


async def test_a_rolling_cap_looks_back_from_each_moment(world):
    """Two per 7 days, across midnights, weeks and months: each makes room seven days behind itself, less the
    three hours that a change of clocks may take from them."""
    await capped(world, 2, "7 days")
    anna = await world.join("anna@kafija.example")
    await world.send(world.ask(anna))
    first = world.clock()
    world.clock.pass_(3 * DAY)
    await world.send(world.ask(anna))
    world.clock.pass_(first + 7 * DAY - 3 * HOUR - 1 - world.clock())
    assert await refused(world, anna)
    world.clock.pass_(1)
    assert not await refused(world, anna)
    await world.send(world.ask(anna))
    assert await refused(world, anna)


@pytest.mark.parametrize("hours", [0, 1, 3])
async def test_a_weekly_mail_fits_into_a_weekly_cap(world, hours):
    """Though a change of clocks takes hours from the week, and though it goes a little earlier each time."""
    await capped(world, 1, "7 days")
    anna = await world.join("anna@kafija.example")
    for earlier in (2_000 * (hours < 3), 1 * (hours < 3), hours * HOUR, 0):
        assert not await refused(world, anna)
        await world.send(world.ask(anna))
        assert await refused(world, anna)
        world.clock.pass_(7 * DAY - earlier)
    assert not await refused(world, anna)


async def test_a_rolling_cap_counts_what_left_or_may_have_left(world):
    """As calendar caps do: not what was refused or released."""
    await capped(world, 1, "30 days")
    anna = await world.join("anna@kafija.example")
    for outcome, full in ((Outcome.REFUSED, False), (Outcome.RELEASED, False), (Outcome.UNKNOWN, True)):
        await world.send(world.ask(anna), outcome=outcome)
        assert await refused(world, anna) is full


async def test_a_longer_cap_counts_what_went_before_it(world):
    """A month's cap becomes one of 60 days: mails from before either count, as far as it reaches."""
    anna = await world.join("anna@kafija.example")
    await world.send(world.ask(anna))
    world.clock.pass_(40 * DAY)
    await capped(world, 1, "month")
    assert not await refused(world, anna)
    await capped(world, 1, "60 days")
    assert await refused(world, anna)
    world.clock.pass_(20 * DAY)
    assert not await refused(world, anna)


@pytest.mark.parametrize("unit", ["0 days", "1000 days", "7 day", "-7 days", "7 days ", "rolling", ""])
def test_what_is_no_unit_is_none(unit):
    """Whoever publishes it is told."""
    assert not is_unit(unit)


def test_purposes_without_a_rolling_cap_keep_their_versions(world):
    """What people agreed to before such caps were there is what it was."""
    newsletter = world.policy.purposes[0]
    assert purpose_version(newsletter) == "3882a6b0dcb7e1a76443183477d71ba3abc3c84079cbab44ee6b41963ee533ca"


async def test_mails_count_towards_a_cap_though_the_topic_was_left_out_meanwhile(world):
    """A policy without the topic, and the topic back with a cap: what went this month has gone."""
    anna = await world.join("anna@example.com")
    await world.send(world.ask(anna))
    await world.client.publish(replace(world.policy, purposes=world.policy.purposes[1:]))
    await capped(world, 1, "month")
    assert await refused(world, anna)
