"""An import goes part by part, and is told of to those whom it brought."""

import dataclasses
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from moved_in import (
    ANNA,
    BELA,
    CONFIRMED,
    CORA,
    SAID,
    bring,
    brought,
    order,
    row,
    stay_erased,
)
from msgspec.structs import replace

from consent.address import read_address
from consent.contract import MailClass, Outcome
from consent.contract.imports import Brought, Stood
from consent.ledger.policy import publish
from consent.ledger.subjects import find
from consent.subscriber.imported import begin, end, find_import, take, weigh
from consent.subscriber.origin import Untold, untold, who_is_untold
from consent.times import until

pytestmark = pytest.mark.anyio


# ------------------------------------------------------------------ parts


async def test_a_part_that_comes_twice_changes_nothing(world):
    """As after a crash between the parts of two stores; it is told as it was."""
    what = order()
    world.service.write(lambda tx: begin(tx, what))
    rows = (row(), row(BELA, Stood.UNSUBSCRIBED), row(CORA))
    first = world.service.write(lambda tx: take(tx, what.id, 0, rows))
    before = world.count("leaves"), world.count("imported")
    again = world.service.write(lambda tx: take(tx, what.id, 0, rows))
    assert (world.count("leaves"), world.count("imported")) == before
    assert [one.subject for one in again][::2] == [one.subject for one in first][::2]
    assert [one.made for one in again] == [True, False, True]
    record = world.service.read(lambda reading: find_import(reading, what.id))
    assert record is not None
    assert (record.state, record.position, record.counts) == ("running", 3, {"unproven": 2, "left": 1})


async def test_an_import_goes_on_where_it_was_and_nowhere_else(world):
    """Beginning it again tells the position; a part behind a gap is refused."""
    what = order()
    world.service.write(lambda tx: begin(tx, what))
    world.service.write(lambda tx: take(tx, what.id, 0, [row()]))
    assert world.service.write(lambda tx: begin(tx, what)).position == 1
    with pytest.raises(ValueError, match="does not wait for row 2"):
        world.service.write(lambda tx: take(tx, what.id, 2, [row(BELA)]))
    world.service.write(lambda tx: take(tx, what.id, 1, [row(BELA)]))
    world.service.write(lambda tx: end(tx, what.id, {"repeated": 4}))
    record = world.service.read(lambda reading: find_import(reading, what.id))
    assert record is not None
    assert (record.state, record.counts) == ("done", {"unproven": 2, "repeated": 4})
    with pytest.raises(ValueError, match="does not wait"):
        world.service.write(lambda tx: take(tx, what.id, 2, [row(CORA)]))


async def test_a_look_tells_what_taking_will_do_and_writes_nothing(world):
    """For every way in which somebody may stand."""
    await world.join(BELA)
    await stay_erased(world)
    rows = (row(), row(BELA), row(CORA, confirmed_at=CONFIRMED), row("dora@example.com", Stood.BOUNCED))
    what = order(attested=SAID)
    before = world.count("leaves"), world.count("subjects")
    seen = world.service.read(lambda reading: weigh(reading, what, rows))
    assert (world.count("leaves"), world.count("subjects")) == before
    assert seen == [Brought.ERASED, Brought.KNOWN, Brought.ATTESTED, Brought.LEFT]
    assert seen == brought(world, *rows, what=what)


async def test_the_same_address_twice_in_a_part_is_one_person(world):
    """Spelled differently, too."""
    one, two = bring(world, row("Anna@example.com"), row("anna@EXAMPLE.com"))
    assert one.subject == two.subject
    assert (one.brought, two.brought) == (Brought.UNPROVEN, Brought.KNOWN)
    assert world.count("imported") == 1


async def test_an_erasure_forgets_that_somebody_was_imported(world):
    """No row of theirs stays behind."""
    [taken] = bring(world, row())
    await world.client.erase(taken.subject, "operator")
    assert world.count("imported") == 0
    assert world.count("evidence") == 0
    assert world.service.read(lambda reading: find(reading, read_address(ANNA))) is None


# ------------------------------------------------------------------ telling people


def day(text):
    """The beginning of a day in Riga, in ms UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Riga")).timestamp() * 1000)


@pytest.mark.parametrize(
    ("begun", "over"),
    [
        ("2026-01-31T10:00", "2026-03-01"),
        ("2026-12-15T23:30", "2027-01-16"),
        ("2024-01-30T00:30", "2024-03-01"),
    ],
)
async def test_the_month_ends_with_a_day_of_the_projects_clock(open_world, begun, over):
    """As of every request by right: the same day of the next month, or its last one, to its end."""
    world = open_world()
    parts = world.service.parts
    world.service.parts = dataclasses.replace(parts, times=replace(parts.times, zone="Europe/Riga"))
    world.clock.now = day(begun)
    bring(world, row())
    assert waiting(world).first == day(over)


TEMPLATE = "receipt"
"""Of the mail that tells people where their data is from: a service mail, which needs no consent."""


def names_the_notice(world):
    """The policy says which mail tells people where their data is from."""
    policy = replace(world.policy, origin_notice=TEMPLATE)
    world.service.write(lambda tx: publish(tx, policy))


def waiting(world, after=0):
    """Who is still to be told, so many milliseconds from now."""
    return world.service.read(lambda reading: untold(reading, world.clock.now + after))


async def test_whoever_was_imported_is_to_be_told_within_a_month(world):
    """Those who were stopped are not: nothing was taken from them but that."""
    bring(world, row(), row(BELA), row(CORA, Stood.UNSUBSCRIBED))
    due = until(world.clock.now, 1, "UTC")
    assert waiting(world) == Untold(2, due, 0)
    assert waiting(world, 32 * 86_400_000) == Untold(2, due, 2)
    everybody = world.service.read(lambda reading: who_is_untold(reading, "", 10))
    assert everybody == sorted([(await world.subject(email), due) for email in (ANNA, BELA)])


async def test_the_mail_that_tells_counts_once_it_was_accepted(world):
    """No other mail, and none that did not arrive."""
    names_the_notice(world)
    bring(world, row(), row(BELA))
    anna, bela = await world.subject(ANNA), await world.subject(BELA)

    def notice(to, template=TEMPLATE):
        return world.ask(to, "orders", mail_class=MailClass.SERVICE, template=template, trigger="import")

    await world.send(notice(anna), outcome=Outcome.REFUSED, code=550)
    assert waiting(world).people == 2
    await world.send(notice(anna))
    assert waiting(world).people == 1
    await world.client.erase(bela, "operator")
    assert waiting(world) == Untold(0, 0, 0)


async def test_the_mail_that_tells_counts_once_an_operator_knows_that_it_arrived(world):
    """Of one whose outcome nobody knew; that it did not arrive tells nobody."""
    names_the_notice(world)
    bring(world, row(), row(BELA))
    asks = [
        world.ask(
            await world.subject(email),
            "orders",
            mail_class=MailClass.SERVICE,
            template=TEMPLATE,
            trigger="import",
        )
        for email in (ANNA, BELA)
    ]
    await world.send(*asks, outcome=Outcome.UNKNOWN)
    assert waiting(world).people == 2
    await world.client.give_word(asks[0].key, True, "operator")
    await world.client.give_word(asks[1].key, False, "operator")
    assert waiting(world).people == 1
