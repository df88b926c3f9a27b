"""Somebody is told of a hold on their proof, by a mail of the consent service's own."""

from dataclasses import replace

import pytest
from dice import Dice
from tampered import Export

from consent.contract import Handed, MailClass, Outcome, Reason, Settlement, Visit
from consent.keys import Keys
from consent.proof.verify import Failure
from consent.subscriber import hold, hold_notice
from consent.subscriber.given_out import mail_of
from consent.subscriber.history import history_of

pytestmark = pytest.mark.anyio
ANNA = "anna@kafija.example"
DAY = 86_400_000
KEYS = replace(Keys.random(Dice("keys")), holds=(b"the first hold key of 32 bytes..",))


@pytest.fixture
def keys():
    """Those of a project in which somebody's proof may be held."""
    return KEYS


def place(world, subject, days=30):
    """Hold their proof for some days."""
    until = world.clock.now + days * DAY
    world.service.write(lambda tx: hold.place(tx, subject, until, "a claim", "operator"))
    return until


def told(world):
    """When each was told, and how far the mail has come."""
    ways = world.service.read(hold_notice.ways)
    return [(one.told, ways.get(one.subject, "")) for one in world.service.read(hold.standing_holds)]


async def notices(world):
    """Those that want to go, and nothing else does."""
    found = await world.client.proofs()
    assert all(one.until and one.ask.mail_class is MailClass.NOTICE and not one.wording for one in found)
    return found


async def send(world, outcome=Outcome.ACCEPTED):
    """Have the one that waits go."""
    [notice] = await notices(world)
    return await world.send(notice.ask, outcome=outcome)


async def test_a_mail_tells_them(world):
    """Once: in their language, until when; with nothing that invites them to anything."""
    anna = await world.join(ANNA, language="lv")
    until = place(world, anna)
    [notice] = await notices(world)
    assert (notice.ask.subject, notice.language, notice.until) == (anna, "lv", until)
    world.clock.pass_(1000)
    [permit] = (await world.send(notice.ask)).permits
    assert permit.recipient == ANNA
    assert [name for name, _ in permit.headers] == ["Auto-Submitted", "Consent-Checkpoint"]
    assert told(world) == [(world.clock.now, "sent")]
    assert world.types()[-1] == "hold.told"
    assert await notices(world) == []


async def test_the_mail_that_told_them_is_kept_with_the_reply(world):
    """Under the seal too: there it outlives an erasure, until the hold ends."""
    anna = await world.join(ANNA)
    place(world, anna)
    [notice] = await notices(world)
    [permit] = (await world.client.claim("engine", [notice.ask], [])).permits
    handed = Handed(b"To: anna\r\n\r\nheld\r\n", reply="250 queued")
    await world.client.settle("engine", [Settlement(permit.key, 1, Outcome.ACCEPTED, 250, handed)])
    found = world.service.read(lambda reading: history_of(reading, anna))
    [event] = [one for one in found.events if one.type == "hold.told"]
    assert (event.evidence["reply"], event.evidence["mail"], event.holds) == ("250 queued", permit.key, True)
    assert mail_of(event.evidence) == handed.mail
    await world.client.erase(anna, "operator")
    _, pieces = world.service.write(lambda tx: hold.open_held(tx, anna, "operator"))
    [piece] = [one for one in pieces if one.evidence["schema"] == "hold_told/v1"]
    assert (mail_of(piece.evidence), piece.holds) == (handed.mail, True)


@pytest.mark.parametrize(
    ("outcome", "way"),
    [(Outcome.REFUSED, "bounced"), (Outcome.UNKNOWN, "unknown"), (Outcome.DEFERRED, "queued")],
)
async def test_only_what_the_mail_server_took_has_told_them(world, outcome, way):
    """Of what it put off there is another attempt after a while; of nothing else."""
    anna = await world.join(ANNA)
    place(world, anna)
    await send(world, outcome)
    assert told(world) == [(0, way)]
    assert "hold.told" not in world.types()
    assert await notices(world) == []
    world.clock.pass_(60_000)
    if way == "queued":
        assert (await send(world)).permits
        assert told(world) == [(world.clock.now, "sent")]
    assert await notices(world) == []


async def test_one_that_comes_back_has_not_told_them(world):
    """The server had taken it, and then it found no mailbox."""
    anna = await world.join(ANNA)
    place(world, anna)
    [notice] = await notices(world)
    await world.send(notice.ask)
    await world.client.bounced(notice.ask.key, "hard")
    assert told(world) == [(0, "bounced")]


async def test_one_that_comes_back_after_a_merge_has_not_told_them(world):
    """It went to an address that is theirs no more: that says nothing of the one they have."""
    anna, other = await world.join(ANNA), await world.join("a.liepa@kafija.example")
    place(world, other)
    [notice] = await notices(world)
    await world.send(notice.ask)
    await world.client.merge(anna, other, "operator")
    before = world.types()
    await world.client.bounced(notice.ask.key, "hard")
    assert told(world) == [(0, "bounced")]
    assert world.types() == before


async def test_nothing_that_stops_marketing_stops_it(world):
    """Who left, or called a mail spam, has the same right to know; so has whoever had all use restricted."""
    anna = await world.join(ANNA)
    place(world, anna)
    ask = world.ask(anna)
    await world.send(ask)
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    await world.client.complained(ask.key)
    await world.client.record(anna, "restricted", "operator")
    assert (await send(world)).permits


async def test_who_is_told_in_another_way_gets_no_mail(world):
    """On a day that has been; also where the mail was being written already."""
    anna = await world.join(ANNA)
    place(world, anna)
    [notice] = await notices(world)
    at = world.clock.now - DAY
    with pytest.raises(hold.HoldRefused, match="must not lie ahead"):
        world.service.write(lambda tx: hold.tell(tx, anna, "operator", tx.now + 1))
    world.service.write(lambda tx: hold.tell(tx, anna, "operator", at))
    assert told(world) == [(at, "")]
    assert [one.reason for one in (await world.send(notice.ask)).denied] == [Reason.NOTHING_TO_TELL]
    assert await notices(world) == []


async def test_of_another_end_they_are_told_anew(world):
    """The older mail tells nothing that is so; nor does one of a hold that was lifted."""
    anna = await world.join(ANNA)
    place(world, anna)
    [first] = await notices(world)
    until = place(world, anna, days=60)
    assert [one.reason for one in (await world.send(first.ask)).denied] == [Reason.NOTHING_TO_TELL]
    [second] = await notices(world)
    assert second.until == until
    world.service.write(lambda tx: hold.lift(tx, anna, "operator"))
    assert [one.reason for one in (await world.send(second.ask)).denied] == [Reason.NOTHING_TO_TELL]


async def test_it_tells_whom_it_is_about(world):
    """The key of a mail is no leave to write to somebody else."""
    anna, bob = await world.join(ANNA), await world.join("bob@kafija.example")
    place(world, anna)
    [notice] = await notices(world)
    ask = world.ask(bob, None, mail_class=MailClass.NOTICE, key=notice.ask.key)
    assert [one.reason for one in (await world.send(ask)).denied] == [Reason.NOTHING_TO_TELL]


async def test_after_an_erasure_nobody_is_told_by_mail(world):
    """One that was on its way then may have told them still."""
    anna, bob = await world.join(ANNA), await world.join("bob@kafija.example")
    for one in (anna, bob):
        place(world, one)
    asks = {one.ask.subject: one.ask for one in await notices(world)}
    [permit] = (await world.client.claim("engine", [asks[bob]], [])).permits
    for one in (anna, bob):
        await world.client.erase(one, "operator")
    assert await notices(world) == []
    assert [one.reason for one in (await world.send(asks[anna])).denied] == [Reason.ERASED]
    await world.client.settle("engine", [world.settled(permit)])
    assert sorted(told(world)) == [(0, ""), (world.clock.now, "sent")]


async def test_those_that_ask_and_those_that_tell_come_page_by_page(world):
    """Behind the last of one page stands the first of the next, whatever their kind."""
    people = [await world.join(f"{name}@kafija.example") for name in ("anna", "bob", "carl")]
    for one in people:
        place(world, one)
    for name in ("dora", "egon"):
        await world.sign_up(f"{name}@kafija.example")
    whole = [one.ask.key for one in await world.client.proofs()]
    found: list[str] = []
    while page := await world.client.proofs(2, found[-1] if found else ""):
        found += [one.ask.key for one in page]
    assert found == whole
    assert len(found) == 5


async def test_a_notice_of_no_hold_is_found_out(open_world, tmp_path, keys):
    """By both verifiers: none stands of which it could have told."""
    world = open_world(keys=keys)
    anna = await world.join(ANNA)
    place(world, anna)
    await send(world)
    export = Export(world)
    assert export.failure() is None
    assert export.second(tmp_path) == ""
    lines = export.lines("leaves.jsonl")
    export.put("leaves.jsonl", [line for line in lines if b'"hold.' not in line])
    export.number_anew()
    export.sign_anew()
    assert export.failure() is Failure.STOPPED
    assert export.second(tmp_path) == "notice"


async def test_the_same_hold_again_is_told_once(world):
    """The answer may have been lost: nothing is written, and whoever was told stays told."""
    anna = await world.join(ANNA)
    until = place(world, anna)
    await send(world)
    before = world.types()
    world.clock.pass_(1000)
    world.service.write(lambda tx: hold.place(tx, anna, until, " a claim ", "operator"))
    assert await notices(world) == []
    assert (world.types(), told(world)) == (before, [(world.clock.now - 1000, "sent")])
    world.service.write(lambda tx: hold.place(tx, anna, until, "another claim", "operator"))
    assert world.types() == [*before, "hold.placed"]


async def test_whoever_is_one_with_another_is_told_as_that_one(open_world, tmp_path, keys):
    """At the address of the person who is there, who is erased after that mail only; both verifiers see whose
    hold it tells of, and that there is no second mail of it."""
    world = open_world(keys=keys)
    anna, other = await world.join(ANNA), await world.join("a.liepa@kafija.example")
    until = place(world, other)
    await world.client.merge(anna, other, "operator")
    assert world.service.read(lambda reading: hold_notice.under_way(reading, anna)) == until
    [notice] = await notices(world)
    assert notice.ask.subject == anna
    [permit] = (await world.send(notice.ask)).permits
    assert permit.recipient == ANNA
    assert told(world) == [(world.clock.now, "sent")]
    assert world.service.read(lambda reading: hold_notice.under_way(reading, anna)) == 0
    place(world, other, days=60)
    assert (await send(world)).permits
    history = world.service.read(lambda reading: history_of(reading, anna))
    assert all(event.holds is not False for event in history.events)
    await world.client.erase(anna, "operator")
    _, kept = world.service.write(lambda tx: hold.open_held(tx, other, "operator"))
    assert sum(piece.evidence["schema"] == "hold_told/v1" and piece.holds for piece in kept) == 2
    export = Export(world)
    assert export.failure() is None
    assert export.second(tmp_path) == ""
    lines = export.lines("leaves.jsonl")
    export.put("leaves.jsonl", [line for line in lines if b'"hold.' not in line])
    export.number_anew()
    export.sign_anew()
    assert export.failure() is Failure.STOPPED
    assert export.second(tmp_path) == "notice"


async def test_it_is_known_of_a_person_by_the_id_of_a_part_that_they_are_to_be_told(world):
    """So an erasure by that id waits for the mail, too."""
    anna, other = await world.join(ANNA), await world.join("a.liepa@kafija.example")
    until = place(world, anna)
    await world.client.merge(anna, other, "operator")
    assert world.service.read(lambda reading: hold_notice.under_way(reading, other)) == until
