"""A legal hold: proof outlives an erasure under a key of its own, until its day."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import second_verifier
from dice import Dice
from sqlalchemy import select
from tampered import Export

from consent import forgetting
from consent.contract import Visit
from consent.errors import WrongKeys
from consent.export.archive import write_archive
from consent.keys import Keys
from consent.proof.verify import Failure, verify
from consent.store.tables import evidence, held, holds, subjects
from consent.subscriber import erasure, hold

pytestmark = pytest.mark.anyio
ANNA = "anna.of.the.hold@kafija.example"
REASON = "a claim before the court of Riga"
DAY = 86_400_000
KEYS = replace(Keys.random(Dice("keys")), holds=(b"the first hold key of 32 bytes..",))


@pytest.fixture
def keys():
    """Those of a project in which somebody's proof may be held."""
    return KEYS


def hold_proof(world, subject, days=30):
    """Hold their proof for some days."""
    until = world.clock.now + days * DAY
    return world.service.write(lambda tx: hold.place(tx, subject, until, REASON, "operator"))


def opened(world, subject):
    """The address and the evidence under the seal."""
    return world.service.write(lambda tx: hold.open_held(tx, subject, "operator"))


def secrets_of(world, subject):
    """All that the store has of a subject as bytes, the salts of their evidence, and their address."""

    def look(reading):
        own = select(subjects.c.wrapped, subjects.c.address, subjects.c.lookup).where(
            subjects.c.id == subject
        )
        row = reading.conn.execute(own).one()
        rows = reading.conn.execute(select(evidence).where(evidence.c.subject == subject)).all()
        vault = reading.parts.vault
        salts = [vault.open_salted(subject, row.wrapped, one.row, one.sealed)[0] for one in rows]
        return [*map(bytes, row), *(bytes(one.sealed) for one in rows), *salts, ANNA.encode()]

    return world.service.read(look)


def under_seal(world, subject):
    """All that a hold keeps of them, as bytes."""
    return world.service.read(
        lambda reading: [
            *map(bytes, reading.conn.scalars(select(holds.c.wrapped).where(holds.c.subject == subject))),
            *map(bytes, reading.conn.scalars(select(held.c.sealed).where(held.c.subject == subject))),
        ]
    )


async def test_an_erasure_leaves_nothing_but_the_sealed_proof(open_world, tmp_path, keys):
    """Which opens by the hold key alone, and gives the commitments in the log."""
    world = open_world(tmp_path / "consent.db", durable=True, keys=keys)
    anna = await world.join(ANNA)
    hold_proof(world, anna)
    await world.sign_up(ANNA, "offers")  # what comes after it is held too
    gone = secrets_of(world, anna)
    await world.client.erase(anna, "operator")
    await world.client.forgotten([anna])
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [one for one in gone if one in files] == []
    assert all(one in files for one in under_seal(world, anna))
    assert [world.count(name) for name in ("subjects", "standings", "evidence")] == [0, 0, 0]
    address, pieces = opened(world, anna)
    assert address == ANNA
    assert all(one.holds for one in pieces)
    committed = {one.commitment for one in pieces}
    export = Export(world)
    in_log = {leaf["evidence"] for leaf in map(json.loads, export.lines("leaves.jsonl")) if leaf["evidence"]}
    assert in_log <= committed
    shown = [one.evidence for one in pieces]
    assert {"192.0.2.7"} <= {one.get("ip") for one in shown}
    assert [one["reason"] for one in shown if one.get("schema") == "hold/v1"] == [REASON]


async def test_after_its_day_it_is_destroyed(open_world, tmp_path, keys):
    """By time, in all files; and only then do backups begin to count."""
    world = open_world(tmp_path / "consent.db", durable=True, keys=keys)
    anna = await world.join(ANNA)
    hold_proof(world, anna)
    await world.client.erase(anna, "operator")
    await world.client.forgotten([anna])
    sealed = under_seal(world, anna)
    assert len(sealed) > 3
    world.pass_rightly(30 * DAY - 1)
    assert (await world.client.keep_times()).holds_ended == 0
    assert await world.client.backups_forgot(7) == 0
    world.clock.pass_(1)
    assert [(await world.client.keep_times()).holds_ended for _ in range(2)] == [1, 0]
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [one for one in sealed if one in files] == []
    world.pass_rightly(7 * DAY - 1)
    assert await world.client.backups_forgot(7) == 0
    world.clock.pass_(1)
    assert [await world.client.backups_forgot(7) for _ in range(2)] == [1, 0]
    ended = [kind for kind in world.types() if kind.startswith(("hold.", "erasure."))]
    assert ended == [
        "hold.placed",
        "erasure.requested",
        "erasure.done.primary",
        "hold.ended",
        "erasure.done.backups",
    ]


async def test_backups_wait_for_a_hold_on_somebody_who_was_part_of_them(world):
    """And their time begins as that is destroyed."""
    anna, other = await world.join(ANNA), await world.join("a.liepa@kafija.example")
    world.service.write(lambda tx: hold.place(tx, other, tx.now + 30 * DAY, "a claim", "operator"))
    await world.client.merge(anna, other, "operator")
    await world.client.erase(anna, "operator")
    await world.client.forgotten([anna])
    world.clock.pass_(20 * DAY)
    assert await world.client.backups_forgot(7) == 0
    assert [one.since for one in world.service.read(erasure.waiting_for_backups)] == [0]
    world.service.write(lambda tx: hold.lift(tx, other, "operator"))
    assert [one.since for one in world.service.read(erasure.waiting_for_backups)] == [world.clock.now]
    await world.client.forgotten([anna])
    assert await world.client.backups_forgot(7) == 0
    world.clock.pass_(8 * DAY)
    assert await world.client.backups_forgot(7) == 1


async def test_a_hold_that_is_lifted_takes_nothing_from_who_is_still_there(world):
    """Their own evidence stays as it was, and their consent too."""
    anna = await world.join(ANNA)
    hold_proof(world, anna)
    before = secrets_of(world, anna)
    world.service.write(lambda tx: hold.lift(tx, anna, "operator"))
    assert secrets_of(world, anna) == before
    assert [world.count(name) for name in ("holds", "held")] == [0, 0]
    assert (await world.send(world.ask(anna))).permits
    with pytest.raises(hold.HoldRefused, match="No hold stands"):
        world.service.write(lambda tx: hold.lift(tx, anna, "operator"))


async def test_nothing_is_forgotten_by_time_meanwhile(world):
    """Proof of somebody who left long ago is kept as long as it is held, and goes afterwards."""
    anna = await world.join(ANNA)
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    hold_proof(world, anna, days=4 * 365)
    world.clock.pass_(3 * 365 * DAY + DAY)
    assert (await world.client.keep_times()).proof_purged == 0
    world.clock.pass_(365 * DAY)
    done = await world.client.keep_times()
    assert done.holds_ended == 1
    assert done.proof_purged + (await world.client.keep_times()).proof_purged == 1


async def test_a_hold_can_have_another_end_also_after_an_erasure(world):
    """And the person is to be told again; nobody is held who was erased before."""
    anna, bob = await world.join(ANNA), await world.join("bob@kafija.example")
    hold_proof(world, anna)
    world.service.write(lambda tx: hold.tell(tx, anna, "operator"))
    for subject in (anna, bob):
        await world.client.erase(subject, "operator")
    hold_proof(world, anna, days=60)
    [one] = world.service.read(hold.standing_holds)
    assert (one.subject, one.reason, one.told, one.until) == (anna, REASON, 0, world.clock.now + 60 * DAY)
    assert one.erasure is not None
    with pytest.raises(hold.HoldRefused, match="Nothing is kept"):
        hold_proof(world, bob)
    with pytest.raises(hold.HoldRefused, match="must lie ahead"):
        hold_proof(world, anna, days=0)


async def test_without_its_key_the_store_is_not_opened(open_world, place, keys):
    """An erasure would destroy what must be kept; a newer key behind the old one changes nothing."""
    world = open_world(place, keys=keys)
    anna = await world.join(ANNA)
    hold_proof(world, anna)
    world.service.close()
    newer = b"the second hold key of 32 bytes."
    for wrong in ((), (newer,)):
        with pytest.raises(WrongKeys, match="held under a hold key"):
            open_world(place, clock=world.clock, keys=replace(keys, holds=wrong))
    both = replace(keys, holds=(*keys.holds, newer))
    world = open_world(place, clock=world.clock, keys=both, seed="again")
    assert opened(world, anna)[0] == ANNA


async def test_the_master_key_does_not_open_it(world):
    """The hold key alone does."""
    anna = await world.join(ANNA)
    found = hold_proof(world, anna)
    assert not world.service.parts.vault.opens(anna, found.wrapped)
    assert world.service.parts.holds.opens(anna, found.wrapped)


async def test_without_a_hold_key_nothing_is_held(open_world):
    """And the message says where one is made."""
    world = open_world()
    anna = await world.join(ANNA)
    with pytest.raises(WrongKeys, match=r"docs/keys\.md"):
        hold_proof(world, anna)


async def held_and_erased(open_world, keys):
    """A world in which somebody was held, told of it, erased, looked at, and let go."""
    world = open_world(keys=keys)
    anna = await world.join(ANNA)
    hold_proof(world, anna)
    world.service.write(lambda tx: hold.tell(tx, anna, "operator"))
    await world.client.erase(anna, "operator")
    await world.client.forgotten([anna])
    opened(world, anna)
    forgetting.lift(world.service, anna, "operator")
    world.service.write(lambda tx: erasure.forgotten_by_backups(tx, 0))
    return world


async def test_both_verifiers_follow_it(open_world, tmp_path, keys):
    """An export in which a hold began and ended holds."""
    world = await held_and_erased(open_world, keys)
    file = io.BytesIO()
    world.service.read(lambda reading: write_archive(reading, file))
    key = world.service.parts.signing.key()
    assert verify(file, key).leaves == world.count("leaves")
    (tmp_path / "proof.zip").write_bytes(file.getvalue())
    second_verifier.check(tmp_path / "proof.zip", key.line())


@pytest.mark.parametrize(
    ("moved", "before"),
    [
        ("hold.placed", "erasure.done.primary"),  # of somebody who was erased
        ("hold.lifted", "hold.told"),  # and then they are told of what does not stand
        ("erasure.done.backups", "hold.lifted"),  # while it stands
    ],
)
async def test_both_verifiers_find_out_what_does_not_follow(open_world, tmp_path, keys, moved, before):
    """Whoever holds the signing key cannot let the log say it in another order."""
    world = await held_and_erased(open_world, keys)
    export = Export(world)
    lines = export.lines("leaves.jsonl")
    types = [json.loads(line)["type"] for line in lines]
    line = lines.pop(types.index(moved))
    types.remove(moved)
    place_ = types.index(before) + (moved == "hold.placed")
    export.put("leaves.jsonl", [*lines[:place_], line, *lines[place_:]])
    export.number_anew()
    export.sign_anew()
    assert export.failure() is Failure.TRANSITION
    assert export.second(tmp_path) == "transition"


async def test_on_a_server_nothing_remains_either(open_world, server, postgres, keys):
    """The tables of holds are written anew with the others."""
    world = open_world(server, keys=keys)
    anna = await world.join(ANNA)
    hold_proof(world, anna, days=1)
    await world.client.erase(anna, "operator")
    assert opened(world, anna)[0] == ANNA
    sealed = under_seal(world, anna)
    world.clock.pass_(DAY)
    assert (await world.client.keep_times()).holds_ended == 1
    postgres.ask("CHECKPOINT")
    [(data,)] = postgres.ask("SHOW data_directory")
    files = [path.read_bytes() for path in (Path(data) / "base").rglob("*") if path.is_file()]
    assert not any(one in file for one in sealed for file in files)
