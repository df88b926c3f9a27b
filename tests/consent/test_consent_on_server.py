"""A consent store on a PostgreSQL server: what only a server can do."""

import os
import threading

import pytest
from sqlalchemy.exc import DBAPIError

from consent.contract import Outcome, Settlement, Unavailable, Visit
from consent.errors import AlreadyOpen, NoStore
from consent.ledger.policy import publish
from consent.ledger.transaction import Writing
from consent.service import open_reader
from consent.store.server import Server
from consent.store.stops import read_stops
from consent.store.tables import leaves

pytestmark = pytest.mark.anyio


@pytest.fixture
def served(open_world, server):
    """A service on a server, as durable as it gets."""
    return open_world(server, durable=True)


def cut(postgres):
    """Every connection of the consent service ends; how many there were."""
    return postgres.end_sessions("virta consent")


async def test_a_second_process_is_told_who_has_the_store(open_world, served, server):
    """By name; the first goes on."""
    with pytest.raises(AlreadyOpen) as told:
        open_world(server)
    assert f"(virta consent, process {os.getpid()} at " in str(told.value)
    assert f"in the schema {server.schema} of the PostgreSQL database virta" in str(told.value)
    assert str(told.value).endswith("Only one may; stop that one first.")
    await served.join("anna@kafija.example")


async def test_it_goes_on_where_it_ended(open_world, served, server):
    """Policy, consents, log and checkpoints are there when it is opened again."""
    anna = await served.join("anna@kafija.example")
    size = served.count("leaves")
    served.service.close()
    again = open_world(server, clock=served.clock, durable=True, seed="again")
    assert again.count("leaves") == size
    assert (await again.send(again.ask(anna, key="9" * 32))).permits


async def test_readers_see_commits_and_write_nothing(served, server):
    """As `virta consent export` does beside a running service."""
    anna = await served.join("anna@kafija.example")
    reader = open_reader(server, served.keys, clock=served.clock)
    try:
        before = reader.read(lambda reading: len(reading.conn.execute(leaves.select()).all()))
        await served.client.withdraw(served.unsubscribe_token(anna), "page", False, Visit())
        assert reader.read(lambda reading: len(reading.conn.execute(leaves.select()).all())) == before + 1
        with pytest.raises(NoStore):
            reader.write(lambda tx: None)
        with pytest.raises(DBAPIError, match="read-only transaction"):
            reader.read(lambda reading: reading.conn.execute(leaves.update().values(at=0)))
    finally:
        reader.close()


async def test_a_schema_without_a_store_is_none(served, server):
    """Reading makes nothing."""
    with pytest.raises(NoStore, match="There is no consent store in the schema elsewhere"):
        open_reader(Server(server.url, "elsewhere", server.stops), served.keys, clock=served.clock)


async def test_connections_that_were_cut_between_two_mails_are_made_anew(served, postgres):
    """Nobody notices: neither who asks nor who writes."""
    anna = await served.join("anna@kafija.example")
    for _ in range(3):
        assert cut(postgres)
        ask = served.ask(anna)
        assert [one.allowed for one in await served.client.decide([ask])] == [True]
        assert (await served.send(ask)).permits
        assert cut(postgres)
        assert (await served.client.status([ask.key]))[0].outcome is Outcome.ACCEPTED


async def test_a_claim_whose_server_is_killed_gives_no_permit_and_is_not_lost(served, postgres):
    """Killed between the claim's rows and its commit: the caller hears that nobody answers, nothing was
    claimed, and the same claim is granted once the server is there again."""
    anna = await served.join("anna@kafija.example")
    ask = served.ask(anna)
    size = served.count("leaves")
    finish = Writing.finish

    def kill(tx):
        finish(tx)
        postgres.kill()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Writing, "finish", kill)
        with pytest.raises(Unavailable, match="does not answer"):
            await served.client.claim("engine", [ask], [])
    with pytest.raises(Unavailable, match="does not answer"):
        await served.client.claim("engine", [ask], [])
    postgres.start()
    assert await served.client.unsettled("engine") == []
    assert served.count("leaves") == size
    claimed = await served.client.claim("engine", [ask], [])
    assert [permit.key for permit in claimed.permits] == [ask.key]
    assert await served.client.unsettled("engine") == [(ask.key, 1)]
    await served.client.settle("engine", [Settlement(ask.key, 1, Outcome.ACCEPTED)])


async def test_a_withdrawal_whose_server_is_killed_is_made_up_for(served, server, postgres):
    """It stood in the file of stops before its commit: nothing goes to that person afterwards."""
    anna = await served.join("anna@kafija.example")
    write = served.service._stops.write

    def kill(stops):
        write(stops)
        postgres.kill()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(served.service._stops, "write", kill)
        with pytest.raises(Unavailable):
            await served.client.withdraw(served.unsubscribe_token(anna), "page", False, Visit())
    postgres.start()
    assert [stop.subject for stop in read_stops(server.stops)] == [anna]
    assert (await served.client.claim("engine", [served.ask(anna)], [])).permits == ()
    assert served.types().count("withdrawn") == 1


async def test_who_lost_the_lock_to_another_claims_nothing(open_world, served, server, postgres):
    """Its connection was cut, and another process was faster; it says so, and the other one goes on."""
    anna = await served.join("anna@kafija.example")
    cut(postgres)
    other = open_world(server, clock=served.clock, durable=True, seed="other")
    for _ in range(2):
        with pytest.raises(Unavailable, match="Another process"):
            await served.client.claim("engine", [served.ask(anna)], [])
    assert (await other.client.claim("engine", [other.ask(anna, key="7" * 32)], [])).permits


async def test_a_server_that_lost_leaves_is_not_gone_on_with(served, postgres, server):
    """A copy that took its place and lacks what was committed: nothing is signed over the gap."""
    anna = await served.join("anna@kafija.example")
    await served.client.claim("engine", [served.ask(anna)], [])
    cut(postgres)
    postgres.ask(f"DELETE FROM {server.schema}.leaves WHERE seq = {served.count('leaves') - 1}")
    with pytest.raises(Unavailable, match="before its server went away"):
        await served.client.claim("engine", [served.ask(anna)], [])


async def test_the_log_has_one_writer_at_a_time(served, server, postgres):
    """Who writes beside holds the log's lock from its beginning, so leaves stand in the order of commits."""
    inside, go_on = threading.Event(), threading.Event()

    def slow(tx):
        inside.set()
        assert go_on.wait(60)

    working = threading.Thread(target=lambda: served.service.write(slow))
    working.start()
    assert inside.wait(60)
    waiting = postgres.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
    go_on.set()
    working.join()
    after = postgres.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
    assert waiting[0][0] == after[0][0] + 1
    served.service.write(lambda tx: publish(tx, served.policy))
