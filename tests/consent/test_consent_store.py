"""The store: one writer, many readers, and nothing lost or left behind over a restart."""

import os
import re
import subprocess
import sys

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from consent.contract import Outcome, Settlement, Unavailable, Visit
from consent.errors import AlreadyOpen, DamagedLog, NoStore, WrongKeys
from consent.keys import Keys
from consent.proof.leaf import Leaf
from consent.service import open_reader
from consent.store.sqlite import open_file
from consent.store.statement import driver_of
from consent.store.tables import leaves, metadata, nodes

pytestmark = pytest.mark.anyio


def test_a_second_process_is_told_that_the_store_is_open(stored, tmp_path):
    """Plainly, with the id of the process that has it."""
    code = (
        "import sys; from pathlib import Path; from consent.store.sqlite import open_file\n"
        "from consent.errors import AlreadyOpen\n"
        "try: open_file(Path(sys.argv[1]), True)\n"
        "except AlreadyOpen as fault: print(fault)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "consent.db")], capture_output=True, text=True, check=True
    )
    assert "Only one may" in run.stdout
    assert str(os.getpid()) in run.stdout
    with pytest.raises(AlreadyOpen):
        open_file(tmp_path / "consent.db", True)


async def test_the_store_can_be_opened_again_once_it_is_closed(open_world, tmp_path):
    """And goes on where it ended: policy, consents, log and checkpoints."""
    first = open_world(tmp_path / "consent.db", durable=True)
    anna = await first.join("anna@kafija.example")
    ask = first.ask(anna)
    await first.client.claim("engine", [ask], [])
    size = first.count("leaves")
    first.service.close()
    second = open_world(tmp_path / "consent.db", clock=first.clock, durable=True, seed="second")
    assert second.count("leaves") == size
    assert await second.client.unsettled("engine") == [(ask.key, 1)]
    await second.client.settle("engine", [Settlement(ask.key, 1, Outcome.ACCEPTED)])
    assert (await second.send(second.ask(anna, key="9" * 32))).permits
    again = second.service.read(
        lambda reading: reading.conn.exec_driver_sql("PRAGMA integrity_check").scalar()
    )
    assert again == "ok"


async def test_readers_see_commits_while_another_writes(stored, tmp_path):
    """Show, export and keys work beside a running service; writing by them does not."""
    anna = await stored.join("anna@kafija.example")
    reader = open_reader(tmp_path / "consent.db", stored.keys, clock=stored.clock)
    try:
        before = reader.read(
            lambda reading: reading.conn.exec_driver_sql("SELECT count(*) FROM leaves").scalar()
        )
        await stored.client.withdraw(stored.unsubscribe_token(anna), "page", False, Visit())
        after = reader.read(
            lambda reading: reading.conn.exec_driver_sql("SELECT count(*) FROM leaves").scalar()
        )
        assert after == before + 1
        with pytest.raises(NoStore):
            reader.write(lambda tx: None)
        with pytest.raises(DBAPIError, match="readonly"):
            reader.read(lambda reading: reading.conn.execute(update(leaves).values(at=0)))
    finally:
        reader.close()


async def test_a_missing_or_foreign_file_is_no_store(tmp_path):
    """Reading creates nothing."""
    keys = Keys.random(lambda size: bytes(size))
    with pytest.raises(NoStore, match="no consent store"):
        open_reader(tmp_path / "consent.db", keys, clock=lambda: 0)
    assert list(tmp_path.iterdir()) == []


async def test_other_keys_do_not_open_a_store(open_world, tmp_path):
    """Master, pepper and log signing key are compared before anything happens."""
    world = open_world(tmp_path / "consent.db")
    world.service.close()
    good, other = world.keys, Keys.random(lambda size: b"x" * size)
    for keys, word in (
        (Keys(good.log_signing, other.master, good.peppers, good.links), "master"),
        (Keys(good.log_signing, good.master, other.peppers, good.links), "pepper"),
        (Keys(other.log_signing, good.master, good.peppers, good.links), "signing"),
    ):
        with pytest.raises(WrongKeys, match=word):
            open_world(tmp_path / "consent.db", keys=keys)
    open_world(
        tmp_path / "consent.db",
        keys=Keys(good.log_signing, good.master, good.peppers, (b"y" * 32, *good.links)),
    )


async def test_a_log_keeps_its_name(open_world, tmp_path):
    """Moving the shop to another domain does not break the log's checkpoints."""
    from consent.service import open_service

    world = open_world(tmp_path / "consent.db")
    key = world.service.parts.signing.key()
    world.service.close()
    moved = open_service(
        tmp_path / "consent.db",
        world.keys,
        origin="new.example/consent",
        public_url="https://new.example",
        team=(),
        clock=world.clock,
        entropy=bytes,
        durable=False,
    )
    assert moved.parts.signing.key() == key
    moved.close()


async def test_a_failed_transaction_leaves_nothing(world):
    """Neither rows nor leaves, nor a frontier that has run ahead of the store."""

    def fail(tx):
        tx.log.append(Leaf(type="policy.changed"))
        tx.log.write()
        raise RuntimeError("power cut")

    size = world.count("leaves")
    with pytest.raises(RuntimeError, match="power cut"):
        world.service.write(fail)
    assert world.count("leaves") == size
    await world.join("anna@kafija.example")
    assert world.count("leaves") == size + 6


async def test_a_rewritten_tree_is_not_signed(stored):
    """The signer refuses a log that does not begin with what it signed last. Whoever leaves is heard all the
    same, and no mail goes to anybody any more."""
    anna = await stored.join("anna@kafija.example")
    bela = await stored.join("bela@kafija.example")

    def rewrite(tx):
        tx.conn.execute(update(nodes).where(nodes.c.index == 0).values(hash=b"x" * 32))

    stored.service.write(rewrite)
    receipt = await stored.client.withdraw(stored.unsubscribe_token(anna), "page", False, Visit())
    assert receipt.leaf == stored.count("leaves") - 1
    with pytest.raises(DamagedLog, match="signed last"):
        stored.service.sign()
    with pytest.raises(Unavailable, match="signed last"):
        await stored.client.claim("engine", [stored.ask(bela)], [])


async def test_a_rewritten_store_is_not_opened(open_world, tmp_path):
    """Nor one into which an old backup was put while it was closed."""
    world = open_world(tmp_path / "consent.db")
    await world.join("anna@kafija.example")
    world.service.write(lambda tx: tx.conn.execute(leaves.delete().where(leaves.c.seq > 6)))
    world.service.close()
    with pytest.raises(DamagedLog):
        open_world(tmp_path / "consent.db")


async def test_a_store_that_fails_is_unavailable(stored):
    """Callers are told in the contract's own word, and nothing may be sent."""
    await stored.join("anna@kafija.example")
    stored.service.store.writer.exec_driver_sql("ALTER TABLE decisions RENAME TO gone")
    stored.service.store.writer.commit()
    with pytest.raises(Unavailable):
        await stored.client.claim("engine", [stored.ask("a" * 32)], [])


async def test_checkpoints_are_signed_each_minute_or_each_thousand_leaves(world):
    """And on demand for receipts; not for each leaf."""

    def newest():
        return world.service.parts.signing.last

    world.clock.pass_(60_000)
    await world.sign_up("anna@kafija.example")
    first = newest()
    await world.sign_up("bob@kafija.example")
    assert newest() is first
    world.clock.pass_(59_999)
    await world.sign_up("cecilia@kafija.example")
    assert newest() is first
    world.clock.pass_(1)
    await world.sign_up("dace@kafija.example")
    assert newest().size == world.count("leaves") > first.size
    before = newest()

    def many(count):
        for _ in range(count):
            world.service.write(lambda tx: tx.log.append(Leaf(type="policy.changed")))

    many(999)
    assert newest() is before
    many(1)
    assert newest().size == before.size + 1000


async def test_randomness_and_time_come_from_outside(open_world):
    """Two services with the same clock and dice give the same log, to the byte."""
    heads = []
    for _ in range(2):
        world = open_world()
        anna = await world.join("anna@kafija.example")
        await world.send(world.ask(anna))
        await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
        heads.append(await world.client.checkpoint())
    assert heads[0] == heads[1]


async def test_stored_rows_hold_no_address(stored, tmp_path):
    """Neither in the database nor in its log of changes."""
    anna = await stored.join("anna-very-findable@kafija.example")
    await stored.send(stored.ask(anna))
    stored.service.close()
    for path in tmp_path.iterdir():
        assert b"findable" not in path.read_bytes()


async def test_a_subject_is_made_once_per_mailbox(world):
    """Spellings share an id, what is no address gets none, and nobody consents by that."""
    first = await world.client.subjects(
        ["Anna@kafija.example", "nonsense", "anna@KAFIJA.example", "bob@kafija.example"]
    )
    assert first[0] == first[2] != first[3]
    assert first[1] is None
    assert await world.client.subjects(["anna@kafija.example"]) == [first[0]]
    assert world.types().count("requested") == 0
    many = await world.client.subjects([f"person{n}@kafija.example" for n in range(1200)])
    assert len(set(many)) == 1200
    assert await world.client.subjects([f"person{n}@kafija.example" for n in range(1200)]) == many


async def test_whoever_was_known_under_an_older_pepper_is_known_among_many(open_world, tmp_path):
    """Asked for one by one or together, beside those who came under the new one and those who come now."""
    first = open_world(tmp_path / "consent.db")
    old = [f"old{n}@kafija.example" for n in range(120)]
    before = await first.client.subjects(old)
    first.service.close()
    keys, pepper = first.keys, b"another pepper of thirty-two b.."
    more = Keys(keys.log_signing, keys.master, (*keys.peppers, pepper), keys.links)
    second = open_world(tmp_path / "consent.db", clock=first.clock, seed="second", keys=more)
    new = [f"new{n}@kafija.example" for n in range(7)]
    mixed = [name for pair in zip(old[:7], new, strict=True) for name in pair]
    both = await second.client.subjects(mixed)
    assert both[::2] == before[:7]
    assert len({*both, *before}) == 127
    assert await second.client.subjects(old + new + ["OLD3@kafija.example"]) == [
        *before,
        *both[1::2],
        before[3],
    ]
    assert [await second.subject(name) for name in mixed] == both


async def test_no_statement_on_the_way_of_a_mail_walks_a_whole_table(stored):
    """Each finds its rows by an index, so that time does not grow with the number of people and mails."""
    store = stored.service.store
    drivers = [driver_of(conn) for conn in (store.writer, store.reader)]
    seen = set()
    for driver in drivers:
        driver.set_trace_callback(seen.add)
    anna = await stored.join("anna@kafija.example", "newsletter", "offers")
    ask = stored.ask(anna, "offers")
    await stored.client.decide([ask])
    await stored.client.claim("engine", [ask], [])
    await stored.client.unsettled("engine")
    await stored.client.settle("engine", [Settlement(ask.key, 1, Outcome.ACCEPTED)])
    await stored.client.status([ask.key])
    await stored.client.changes(3)
    await stored.client.withdraw(stored.unsubscribe_token(anna), "page", True, Visit())
    await stored.client.bounced(ask.key, "hard")
    await stored.client.complained(ask.key)
    for driver in drivers:
        driver.set_trace_callback(None)
    plans = 0
    for statement in seen:
        if statement.split()[0] not in ("SELECT", "UPDATE", "DELETE"):
            continue
        if "LIMIT 1 " in statement and "WHERE" not in statement and "ORDER" not in statement:
            continue  # whether there is any row at all
        for row in drivers[0].execute(f"EXPLAIN QUERY PLAN {statement}"):
            plans += 1
            assert not (re.match(f"SCAN ({'|'.join(metadata.tables)})", row[3]) and "INDEX" not in row[3]), (
                statement,
                row[3],
            )
    assert plans > 20


async def test_caps_and_unsettled_claims_have_indexes_of_their_own(stored):
    """The statements that need them use them."""
    from consent.client import in_process
    from consent.mails import asks, settlements
    from consent.subscriber import erasure, wishes

    driver = driver_of(stored.service.store.writer)
    for query, index in (
        (asks._SENT, "counted_by_subject"),
        (settlements._UNSETTLED, "one_unsettled_per_subject"),
        (settlements._DENIED_STATUS, "denials_by_key"),
        (in_process._CHANGES, "leaves_told"),
        (wishes._QUEUED, "requests_queued"),
        *((one, "reports_subject") for one in erasure._GONE if one.sql.startswith("DELETE FROM reports")),
    ):
        given = ["x"] * query.sql.count("?")
        plan = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {query.sql}", given)]
        assert any(index in line for line in plan), plan


async def test_all_files_of_a_store_are_for_their_owner_only(open_world, tmp_path):
    """Whatever the umask allows."""
    before = os.umask(0)
    try:
        world = open_world(tmp_path / "consent.db", durable=True)
        anna = await world.join("anna@kafija.example")
        await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    finally:
        os.umask(before)
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    ends = ("", "-wal", "-shm", ".lock", ".stops", ".marks")
    assert modes == {f"consent.db{end}": 0o600 for end in ends}
