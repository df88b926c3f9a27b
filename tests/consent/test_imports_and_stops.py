"""No list of another system weakens a stop, whichever is newer, whatever was undone, whoever was erased."""

import pytest
from moved_in import (
    ANNA,
    BELA,
    CONFIRMED,
    SAID,
    bring,
    brought,
    imports_of_all,
    order,
    reason,
    row,
    take_all_back,
)
from msgspec.structs import replace

from consent.contract import Reason, Visit
from consent.contract.imports import Brought, Stood

pytestmark = pytest.mark.anyio
FIRST, SECOND = "0123456789ab", "ba9876543210"


def attested(id_=FIRST):
    """An import whose people the controller attests."""
    return order(id_, attested=SAID)


async def test_a_newer_list_of_those_who_left_counts_against_what_was_attested(world):
    """What was attested is as old as its list, whenever that was imported: Tuesday's word counts, though the
    list of Monday came on Wednesday."""
    left = world.clock.now
    world.clock.pass_(86_400_000)
    assert brought(world, row(confirmed_at=CONFIRMED), what=attested()) == [Brought.ATTESTED]
    assert await reason(world) is None
    stopped = row(stood=Stood.UNSUBSCRIBED, stopped_at=left)
    assert brought(world, stopped, what=order(SECOND)) == [Brought.LEFT]
    assert await reason(world) is Reason.WITHDRAWN


async def test_an_erased_address_that_came_back_is_not_attested_of(world):
    """An order made somebody new of it; until they confirm themselves no list brings them, and it cannot
    hide behind a confirmation of something else."""
    await world.client.erase(await world.join(ANNA), "operator")
    await world.subject(ANNA)
    both = replace_topics(attested())
    assert brought(world, row(confirmed_at=CONFIRMED), what=both) == [Brought.ERASED]
    await world.join(ANNA)
    assert await reason(world, topic="offers") is Reason.NEVER_ASKED


def replace_topics(what):
    """The same import, into both topics."""
    topics = ("newsletter", "offers")
    return what.__class__(
        what.id, what.product, what.files, topics, what.importer, (), attested_of(topics), what.tells
    )


def attested_of(topics):
    """What the controller says of these topics."""
    return SAID.__class__(SAID.digest, SAID.by, SAID.on, topics, SAID.form, SAID.wording, SAID.key)


async def test_whoever_was_mailed_can_still_leave_by_that_mail_after_the_import_is_undone(world):
    """They are not forgotten, so the same list brings them no second time."""
    bring(world, row(confirmed_at=CONFIRMED), what=attested())
    anna = await world.subject(ANNA)
    await world.send(world.ask(anna))
    link = world.unsubscribe_token(anna)
    found = take_all_back(world)
    assert (found.forgotten, found.put_back) == (0, 1)
    await world.client.withdraw(link, "one_click", False, Visit())
    assert brought(world, row(confirmed_at=CONFIRMED), what=attested()) == [Brought.WITHDRAWN]
    assert await reason(world) is Reason.WITHDRAWN


async def test_an_import_that_was_undone_beside_another_can_come_again(world):
    """Also of people who stayed, since another list had spoken for them meanwhile."""
    bring(world, row())
    bring(world, row(confirmed_at=CONFIRMED), what=attested(SECOND))
    take_all_back(world, SECOND)
    take_all_back(world, FIRST)
    assert brought(world, row()) in ([Brought.UNPROVEN], [Brought.KNOWN])
    assert dict(imports_of_all(world)) == {FIRST: "done", SECOND: "undone"}


async def test_whoever_left_everything_is_attested_of_for_no_topic_that_came_later(world):
    """What they agreed to elsewhere is older than that; whoever gets a topic still may be brought to
    another."""
    anna = await world.join(ANNA)
    await world.join(BELA)
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    club = replace(world.policy.purposes[0], topic="club", wording={"en": "I want the club."})
    await world.client.publish(replace(world.policy, purposes=(*world.policy.purposes, club)))
    what = order(attested=attested_of(("club",)), topics=("club",))
    rows = [row(confirmed_at=CONFIRMED), row(BELA, line=3, confirmed_at=CONFIRMED)]
    assert brought(world, *rows, what=what) == [Brought.WITHDRAWN, Brought.ATTESTED]
    assert await reason(world, ANNA, "club") is Reason.NEVER_ASKED
    assert await reason(world, BELA, "club") is None
